package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;

/** Passes everything on to the host's listener and logs what goes wrong in callbacks. */
record LoggedListener(SchedulerListener listener, FailureLog log) implements SchedulerListener {
  @Override public void onAdd(Request request, long seed, long nowNanos) {
    listener.onAdd(request, seed, nowNanos);
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    listener.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos);
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    listener.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    listener.onLogprobs(requestId, sampleIndex, outputIndex, result, row, tokenIndex);
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    listener.onPreempt(requestId, sampleIndex, forRequestId, reason, numTokensToRecompute,
        numBlocksReleased, nowNanos);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    listener.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos);
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    listener.onPlan(plan, stats, nowNanos);
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    listener.onResult(result, stats, nowNanos);
  }

  @Override public void onTransferFinished(int transferId, long nowNanos) {
    listener.onTransferFinished(transferId, nowNanos);
  }

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    log.policyFailed(stepId, failure);
    listener.onPolicyFailure(stepId, failure);
  }

  @Override public void onListenerFailure(RuntimeException failure) {
    log.listenerFailed(failure);
    listener.onListenerFailure(failure);
  }
}
