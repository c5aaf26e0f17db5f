package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepResult;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Brings what the scheduler says to the generations. Everything of a round is written first and
 * shown at its end: one release store per sample, one fence per round, then the wake-ups.
 */
final class Delivery implements SchedulerListener {
  private static final double WEIGHT_OF_THE_PAST = 0.9;
  private static final long MIN_RETRY_NANOS = 1_000_000;
  private static final long MAX_RETRY_NANOS = 60_000_000_000L;

  private final TenantBound tenants;
  private final Courier courier;
  private final Long2ObjectHashMap<Generation> live = new Long2ObjectHashMap<>();
  private Generation[] dirty = new Generation[64];
  private int numDirty;
  private int numEnded;
  private volatile @Nullable Drain drain;
  private long lastEndNanos = GenerationTimes.NEVER;
  private double nanosPerEnd;

  Delivery(TenantBound tenants, Courier courier) {
    this.courier = courier;
    this.tenants = tenants;
  }

  /** A request is about to be added to the scheduler. */
  void open(Generation generation) {
    live.put(generation.request().id(), generation);
  }

  /** The scheduler has no room for it now: as if it had not been opened. */
  void takeBack(Generation generation) {
    live.remove(generation.request().id());
  }

  /** True while the scheduler has it. */
  boolean isOpen(Generation generation) {
    return live.get(generation.request().id()) == generation;
  }

  /** The scheduler did not take a request, or was not asked. */
  void refuse(Generation generation, FinishReason reason, String message, long nowNanos) {
    generation.message = message;
    endRest(generation, reason, nowNanos);
  }

  /**
   * Ends what the scheduler can no longer end, because it broke. Without effect on samples that
   * have ended.
   */
  void endAll(FinishReason reason, long nowNanos) {
    for (Generation generation : live.values().toArray(new Generation[0])) {
      endRest(generation, reason, nowNanos);
    }
  }

  private void endRest(Generation generation, FinishReason reason, long nowNanos) {
    for (int i = 0; i < generation.numSamples(); i++) {
      SampleBuffer sample = generation.sample(i);
      if (sample.endReason() == null) {
        end(generation, i, reason, sample.numWritten(), nowNanos);
      }
    }
  }

  /** Says in words why everything that lives is about to be cut off. */
  void explainAll(String message) {
    live.values().forEach(generation -> generation.message = message);
  }

  /** Which drain is told of requests that end from now on; any thread. */
  void setDrain(Drain value) {
    drain = value;
  }

  // ---- what the scheduler says

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    Generation generation = live.get(requestId);
    if (generation.times().admittedNanos == GenerationTimes.NEVER) {
      generation.times().admittedNanos = nowNanos;
      generation.numCachedTokens = numCachedTokens;
      tenants.leave(generation.request().tenant());
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    Generation generation = live.get(requestId);
    generation.sample(sampleIndex).append(token);
    if (generation.times().firstTokenNanos == GenerationTimes.NEVER) {
      generation.times().firstTokenNanos = nowNanos;
    }
    markDirty(generation);
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    live.get(requestId).sample(sampleIndex).appendLogprobs(result, row, tokenIndex);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    end(live.get(requestId), sampleIndex, reason, numOutputTokens, nowNanos);
  }

  private void end(Generation generation, int sampleIndex, FinishReason reason, int numTokens,
      long nowNanos) {
    generation.sample(sampleIndex).end(reason, numTokens);
    markDirty(generation);
    if (--generation.numLiveSamples == 0) {
      generation.times().endNanos = nowNanos;
      if (generation.times().admittedNanos == GenerationTimes.NEVER) {
        tenants.leave(generation.request().tenant());
      }
      live.remove(generation.request().id());
      numEnded++;
      Drain told = drain;
      if (told != null) {
        told.onEnd(generation);
      }
    }
  }

  private void markDirty(Generation generation) {
    if (!generation.isDirty) {
      generation.isDirty = true;
      if (numDirty == dirty.length) {
        dirty = Arrays.copyOf(dirty, 2 * numDirty);
      }
      dirty[numDirty++] = generation;
    }
  }

  // ---- the end of a round

  /** Shows consumers what happened since the last call, and wakes them. */
  void flush(Intake intake, long nowNanos) {
    if (numDirty == 0) {
      return;
    }
    for (int i = 0; i < numDirty; i++) {
      publish(dirty[i], intake);
    }
    estimateRetry(intake, nowNanos);
    VarHandle.fullFence(); // Who went to sleep and did not see it is seen below.
    courier.wakeConsumers(dirty, numDirty);
    for (int i = 0; i < numDirty; i++) {
      dirty[i].isDirty = false;
      dirty[i] = null;
    }
    numDirty = 0;
  }

  private static void publish(Generation generation, Intake intake) {
    boolean ends = generation.numLiveSamples == 0 && generation.result() == null;
    GenerationResult end = ends ? new GenerationResult(generation) : null;
    if (end != null) {
      intake.leave(generation); // Before it is seen to have ended: then its id is free.
    }
    generation.publish(end);
  }

  /** A place becomes free about as often as a request ends. */
  private void estimateRetry(Intake intake, long nowNanos) {
    if (numEnded == 0) {
      return;
    }
    if (lastEndNanos != GenerationTimes.NEVER) {
      double sample = (double) (nowNanos - lastEndNanos) / numEnded;
      nanosPerEnd = nanosPerEnd == 0 ? sample
          : WEIGHT_OF_THE_PAST * nanosPerEnd + (1 - WEIGHT_OF_THE_PAST) * sample;
      intake.publishRetryAfter(
          Math.max(MIN_RETRY_NANOS, Math.min(MAX_RETRY_NANOS, (long) nanosPerEnd)));
    }
    lastEndNanos = nowNanos;
    numEnded = 0;
  }
}
