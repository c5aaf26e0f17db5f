package dev.weft.simulator;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.List;

/** Tells several listeners, in order. */
record Broadcast(List<SchedulerListener> listeners) implements SchedulerListener {
  @Override public void onAdd(long requestId, int numSamples, long seed, long nowNanos) {
    listeners.forEach(listener -> listener.onAdd(requestId, numSamples, seed, nowNanos));
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
      long nowNanos) {
    listeners.forEach(listener ->
        listener.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos));
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token) {
    listeners.forEach(listener -> listener.onToken(requestId, sampleIndex, outputIndex, token));
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    listeners.forEach(listener ->
        listener.onLogprobs(requestId, sampleIndex, outputIndex, result, row, tokenIndex));
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased) {
    listeners.forEach(listener -> listener.onPreempt(requestId, sampleIndex, forRequestId, reason,
        numTokensToRecompute, numBlocksReleased));
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    listeners.forEach(listener ->
        listener.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos));
  }

  @Override public void onPlan(StepPlan plan, long nowNanos) {
    listeners.forEach(listener -> listener.onPlan(plan, nowNanos));
  }

  @Override public void onTransferFinished(int transferId, long nowNanos) {
    listeners.forEach(listener -> listener.onTransferFinished(transferId, nowNanos));
  }

  /** A listener of a simulation is a checker: what it throws fails the run. */
  @Override public void onListenerFailure(RuntimeException failure) {
    throw new AssertionError("a checker failed: " + failure, failure);
  }

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    listeners.forEach(listener -> listener.onPolicyFailure(stepId, failure));
  }
}
