package dev.weft.simulator;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.List;

/** Tells several listeners, in order. */
record Broadcast(List<SchedulerListener> listeners) implements SchedulerListener {
  @Override public void onAdd(Request request, long seed, long nowNanos) {
    listeners.forEach(listener -> listener.onAdd(request, seed, nowNanos));
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
      long nowNanos) {
    listeners.forEach(listener ->
        listener.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos));
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    listeners.forEach(listener ->
        listener.onToken(requestId, sampleIndex, outputIndex, token, nowNanos));
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    listeners.forEach(listener ->
        listener.onLogprobs(requestId, sampleIndex, outputIndex, result, row, tokenIndex));
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    listeners.forEach(listener -> listener.onPreempt(requestId, sampleIndex, forRequestId, reason,
        numTokensToRecompute, numBlocksReleased, nowNanos));
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    listeners.forEach(listener ->
        listener.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos));
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    listeners.forEach(listener -> listener.onPlan(plan, stats, nowNanos));
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    listeners.forEach(listener -> listener.onResult(result, stats, nowNanos));
  }

  @Override public void onDraftsRefused(long requestId, int sampleIndex, DraftAnswer answer,
      long nowNanos) {
    listeners.forEach(listener ->
        listener.onDraftsRefused(requestId, sampleIndex, answer, nowNanos));
  }

  @Override public void onDraftingFailure(RuntimeException failure, long nowNanos) {
    listeners.forEach(listener -> listener.onDraftingFailure(failure, nowNanos));
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
