package dev.weft.testkit;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import java.util.HashMap;
import java.util.Map;

/**
 * Listens to a scheduler over {@link HashModelExecutor} and compares every token and every end with
 * the same request run alone. Checked are: each token once, in order, at its place (I51), the same
 * after preemption (I45) and whatever was shared or batched; nothing after the end (I52); each
 * sample ends exactly once (L1), as the answer is complete and not before.
 */
public final class TokenOracle implements SchedulerListener {
  private final HashModel model;
  private final int maxModelLen;
  private final Map<Long, Request> expected = new HashMap<>();
  private final Map<Sample, Ear> live = new HashMap<>();
  private final Map<FinishReason, Integer> numFinished = new HashMap<>();
  private long numTokens;

  /**
   * For a scheduler and an executor of this vocabulary and this limit on the length of a sequence.
   */
  public TokenOracle(int vocabularySize, int maxModelLen) {
    model = new HashModel(vocabularySize);
    this.maxModelLen = maxModelLen;
  }

  /** Shows a request that is about to be added; a refused one may be shown again. */
  public void expect(Request request) {
    expected.put(request.id(), request);
  }

  /** The host is about to end this sample because of what it said. */
  public void expectStop(long requestId, int sampleIndex) {
    Ear ear = live.get(new Sample(requestId, sampleIndex));
    if (ear != null) {
      ear.isStoppedByHost = true;
    }
  }

  // ---- what the scheduler says

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    long requestId = request.id();
    Request shown = expected.remove(requestId);
    if (request != shown) {
      throw new AssertionError("L1 request " + requestId + ": was added, expected " + shown);
    }
    Long asked = request.sampling().seed();
    if (asked != null && asked != seed) {
      throw new AssertionError("I51 request " + requestId + ": got seed " + seed + ", asked "
          + asked);
    }
    for (int sample = 0; sample < request.sampling().numSamples(); sample++) {
      Ear before = live.put(new Sample(requestId, sample),
          new Ear(new SoloRun(model, request, sample, seed, maxModelLen)));
      if (before != null) {
        throw new AssertionError("L1 request " + requestId + ": was added while it lives");
      }
    }
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
      long nowNanos) {
    ear(requestId, sampleIndex, "L1", "was admitted");
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    ear(requestId, sampleIndex, "I48", "was preempted");
    if (numTokensToRecompute < 0 || numBlocksReleased < 0) {
      throw new AssertionError("I48 request " + requestId + " sample " + sampleIndex + ": loses "
          + numTokensToRecompute + " tokens in " + numBlocksReleased + " blocks");
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    Ear ear = ear(requestId, sampleIndex, "I52", "says a token");
    SoloRun solo = ear.solo;
    if (solo.numOutputTokens() != outputIndex || solo.reason() != null) {
      throw new AssertionError("I51 request " + requestId + " sample " + sampleIndex
          + ": says token "
          + outputIndex + ", expected " + (solo.reason() == null ? solo.numOutputTokens()
          : "its end with " + solo.reason()));
    }
    int right = solo.next();
    if (right != token) {
      throw new AssertionError("I51 request " + requestId + " sample " + sampleIndex + ": token "
          + outputIndex + " is " + token + ", alone it is " + right);
    }
    numTokens++;
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    Ear ear = ear(requestId, sampleIndex, "L1", "ends with " + reason);
    live.remove(new Sample(requestId, sampleIndex));
    numFinished.merge(reason, 1, Integer::sum);
    int numSaid = ear.solo.numOutputTokens();
    boolean isHostStop = ear.isStoppedByHost && reason == FinishReason.STOP;
    if (isHostStop ? numOutputTokens > numSaid : numOutputTokens != numSaid) {
      throw new AssertionError("I51 request " + requestId + " sample " + sampleIndex
          + ": ends with " + numOutputTokens + " tokens, said " + numSaid);
    }
    boolean isRight = isHostStop || ear.solo.reason() == (reason.isComplete() ? reason : null);
    if (!isRight) {
      throw new AssertionError("L1 request " + requestId + " sample " + sampleIndex + ": ends with "
          + reason + " after " + numSaid + " tokens, alone it "
          + (ear.solo.reason() == null ? "goes on" : "ends with " + ear.solo.reason()));
    }
  }

  private Ear ear(long requestId, int sampleIndex, String invariant, String what) {
    Ear ear = live.get(new Sample(requestId, sampleIndex));
    if (ear == null) {
      throw new AssertionError(invariant + " request " + requestId + " sample " + sampleIndex + ": "
          + what + " and does not live");
    }
    return ear;
  }

  // ---- afterwards

  /** Checks that everything accepted has ended. */
  public void checkAllEnded() {
    if (!live.isEmpty()) {
      throw new AssertionError("L1: " + live.size() + " sequences never ended: " + live.keySet());
    }
  }

  /** Tokens that this sample has said so far; 0 when it does not live. */
  public int numHeard(long requestId, int sampleIndex) {
    Ear ear = live.get(new Sample(requestId, sampleIndex));
    return ear == null ? 0 : ear.solo.numOutputTokens();
  }

  /** Samples that live. */
  public int numLive() {
    return live.size();
  }

  /** Tokens heard. */
  public long numTokens() {
    return numTokens;
  }

  /** Samples that ended for that reason. */
  public int numFinished(FinishReason reason) {
    return numFinished.getOrDefault(reason, 0);
  }

  /** Names one sequence. */
  private record Sample(long requestId, int index) {}

  /** What one sample must say next. */
  private static final class Ear {
    private final SoloRun solo;
    private boolean isStoppedByHost;

    private Ear(SoloRun solo) {
      this.solo = solo;
    }
  }
}
