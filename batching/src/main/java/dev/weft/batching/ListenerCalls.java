package dev.weft.batching;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;

/**
 * Calls the listener so that an exception of its own cannot leave a step half done: it is counted
 * and reported to the listener itself, and work goes on.
 */
final class ListenerCalls implements SchedulerListener {
  private final SchedulerListener listener;
  private long numFailures;
  private long numPolicyFailures;
  private long numDraftRefusals;
  private long numDraftingFailures;

  ListenerCalls(SchedulerListener listener) {
    this.listener = listener;
  }

  long numFailures() {
    return numFailures;
  }

  /** Every failure of the policy is told to the listener, so they are counted here. */
  long numPolicyFailures() {
    return numPolicyFailures;
  }

  /** Every refusal of drafts is told to the listener, so they are counted here. */
  long numDraftRefusals() {
    return numDraftRefusals;
  }

  /** Likewise. */
  long numDraftingFailures() {
    return numDraftingFailures;
  }

  private void failed(RuntimeException failure) {
    numFailures++;
    try {
      listener.onListenerFailure(failure);
    } catch (RuntimeException e) {
      numFailures++; // It cannot even hear of its own failure, so the count is all that is left.
    }
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    try {
      listener.onAdd(request, seed, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    try {
      listener.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    try {
      listener.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    try {
      listener.onLogprobs(requestId, sampleIndex, outputIndex, result, row, tokenIndex);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    try {
      listener.onPreempt(requestId, sampleIndex, forRequestId, reason, numTokensToRecompute,
          numBlocksReleased, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    try {
      listener.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    try {
      listener.onPlan(plan, stats, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    try {
      listener.onResult(result, stats, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onDraftsRefused(
      long requestId, int sampleIndex, DraftAnswer answer, long nowNanos) {
    numDraftRefusals++;
    try {
      listener.onDraftsRefused(requestId, sampleIndex, answer, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onDraftingFailure(RuntimeException failure, long nowNanos) {
    numDraftingFailures++;
    try {
      listener.onDraftingFailure(failure, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onTransferFinished(int transferId, long nowNanos) {
    try {
      listener.onTransferFinished(transferId, nowNanos);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    numPolicyFailures++;
    try {
      listener.onPolicyFailure(stepId, failure);
    } catch (RuntimeException e) {
      failed(e);
    }
  }
}
