package dev.weft.engine;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;

/** Two listeners as one: the first is told first, and the second also when the first throws. */
public record Both(SchedulerListener first, SchedulerListener second) implements SchedulerListener {
  @Override public void onAdd(Request request, long seed, long nowNanos) {
    try {
      first.onAdd(request, seed, nowNanos);
    } finally {
      second.onAdd(request, seed, nowNanos);
    }
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    try {
      first.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos);
    } finally {
      second.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos);
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    try {
      first.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
    } finally {
      second.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
    }
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    try {
      first.onLogprobs(requestId, sampleIndex, outputIndex, result, row, tokenIndex);
    } finally {
      second.onLogprobs(requestId, sampleIndex, outputIndex, result, row, tokenIndex);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    try {
      first.onPreempt(requestId, sampleIndex, forRequestId, reason, numTokensToRecompute,
          numBlocksReleased, nowNanos);
    } finally {
      second.onPreempt(requestId, sampleIndex, forRequestId, reason, numTokensToRecompute,
          numBlocksReleased, nowNanos);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    try {
      first.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos);
    } finally {
      second.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos);
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    try {
      first.onPlan(plan, stats, nowNanos);
    } finally {
      second.onPlan(plan, stats, nowNanos);
    }
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    try {
      first.onResult(result, stats, nowNanos);
    } finally {
      second.onResult(result, stats, nowNanos);
    }
  }

  @Override public void onDraftsRefused(
      long requestId, int sampleIndex, DraftAnswer answer, long nowNanos) {
    try {
      first.onDraftsRefused(requestId, sampleIndex, answer, nowNanos);
    } finally {
      second.onDraftsRefused(requestId, sampleIndex, answer, nowNanos);
    }
  }

  @Override public void onDraftingFailure(RuntimeException failure, long nowNanos) {
    try {
      first.onDraftingFailure(failure, nowNanos);
    } finally {
      second.onDraftingFailure(failure, nowNanos);
    }
  }

  @Override public void onTransferFinished(int transferId, long nowNanos) {
    try {
      first.onTransferFinished(transferId, nowNanos);
    } finally {
      second.onTransferFinished(transferId, nowNanos);
    }
  }

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    try {
      first.onPolicyFailure(stepId, failure);
    } finally {
      second.onPolicyFailure(stepId, failure);
    }
  }

  @Override public void onListenerFailure(RuntimeException failure) {
    try {
      first.onListenerFailure(failure);
    } finally {
      second.onListenerFailure(failure);
    }
  }
}
