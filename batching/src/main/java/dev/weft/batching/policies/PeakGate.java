package dev.weft.batching.policies;

import dev.weft.batching.SortedLongs;
import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/**
 * Admits a sequence when the memory holds the peak that is still to come: each running sequence
 * grows by a token a step until it ends, so that, with those that last longest first, the peak is
 * the greatest of (tokens held by the first k now) + k times (tokens left to the k-th). It must
 * stay below all positions of the cache. That is the test of LightLLM (Gong et al., Past-Future
 * Scheduler for LLM Serving under SLA Guarantees, ASPLOS 2025).
 *
 * <p>Tokens left are those to the expected length ({@link
 * dev.weft.schedulerapi.RequestHints#expectedNewTokens}), or else to the greatest one; then hardly
 * anybody loses blocks, and only since half-filled blocks and further samples are not counted in.
 *
 * <p>A gate, for {@code ContinuousBatchingPolicy.builder().gate(...)}, which waives it where nobody
 * would get anything done; live with that, and first come, first served. Cost of a step that looks
 * at candidates O(running^1.5), and O(running) each; allocates nothing.
 */
public final class PeakGate implements AdmissionGate {
  private final SortedLongs byTokensLeft = new SortedLongs();

  /** For one policy. */
  public PeakGate() {}

  @Override public void begin(StepFacts step) {
    byTokensLeft.clear();
    for (int i = 0; i < step.running().size(); i++) {
      SequenceView sequence = step.running().get(i);
      if (sequence.status() == SequenceStatus.RUNNING) {
        byTokensLeft.add(entry(sequence, sequence.numTokens()));
      }
    }
  }

  @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
    long entry = entry(candidate, candidate.numTokens() + 1);
    byTokensLeft.add(entry);
    long numHeld = 0;
    long peak = 0;
    for (int k = 1; k <= byTokensLeft.size(); k++) {
      long longest = byTokensLeft.get(byTokensLeft.size() - k);
      numHeld += (int) longest;
      peak = Math.max(peak, numHeld + k * (longest >>> 32));
    }
    byTokensLeft.remove(entry);
    return peak < (long) step.numTotalBlocks() * step.blockSize() ? Verdict.ADMIT : Verdict.STOP;
  }

  @Override public void onAdmit(StepFacts step, SequenceView admitted) {
    byTokensLeft.add(entry(admitted, admitted.numTokens() + 1));
  }

  @Override public boolean isWaivedWhenIdle() {
    return true;
  }

  /** Tokens left in the upper half, so that they sort, and tokens held in the lower. */
  private static long entry(SequenceView sequence, int numHeld) {
    int numExpected = sequence.hints().expectedNewTokens();
    long expected = (long) sequence.numPromptTokens() + numExpected;
    long end = numExpected == 0
        ? sequence.maxNumTokens() : Math.min(expected, sequence.maxNumTokens());
    return Math.max(0, end - sequence.numTokens() - 1) << 32 | numHeld;
  }
}
