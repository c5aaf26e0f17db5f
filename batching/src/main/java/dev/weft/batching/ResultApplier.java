package dev.weft.batching;

import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepResult;
import org.jspecify.annotations.Nullable;

/**
 * Applies the result of the oldest step in flight: delivers tokens, rolls drafts back, ends
 * sequences.
 */
final class ResultApplier {
  private static final FinishReason[] REASONS = FinishReason.values();
  private final Core core;
  private final SequenceTable table;
  private final Lifecycle lifecycle;
  private final Feedback feedback;
  /** By row: ordinal of the reason why its sequence ends with this result, or NONE. */
  private final int[] finish;

  ResultApplier(Core core, Lifecycle lifecycle) {
    this.core = core;
    table = core.table;
    this.lifecycle = lifecycle;
    feedback = new Feedback(core);
    finish = new int[2 * core.limits.maxNumSeqs()];
  }

  /** Throws before anything is changed when a row's tokens cannot be the result of the plan. */
  void check(PlanBuffer plan, StepResult result) {
    if (result.stepId() != plan.stepId || result.numRows() != plan.numRows) {
      throw new IllegalStateException("result of step " + result.stepId() + " with "
          + result.numRows() + " rows, expected step " + plan.stepId + " with " + plan.numRows);
    }
    if (result.outcome() == StepResult.Outcome.FAILED) {
      return;
    }
    for (int row = 0; row < plan.numRows; row++) {
      int numTokens = result.numTokens(row);
      int min = plan.isSampled[row] && !result.isFailedRow(row) ? 1 : 0;
      int max = plan.isSampled[row] ? 1 + plan.numVerifiedDrafts(row) : 0;
      if (numTokens < min || numTokens > max) {
        throw new IllegalStateException("step " + plan.stepId + " request "
            + plan.requestId[row] + ": " + numTokens + " tokens, expected " + min + " to " + max);
      }
      checkTokens(plan, result, row);
    }
  }

  /** Accepted tokens are the drafts, because what is in the KV cache was computed from those. */
  private void checkTokens(PlanBuffer plan, StepResult result, int row) {
    int numTokens = result.numTokens(row);
    for (int i = 0; i < numTokens; i++) {
      int token = result.token(row, i);
      if (token < 0 || token >= core.spec.vocabularySize()) {
        throw new IllegalStateException("step " + plan.stepId + " request " + plan.requestId[row]
            + ": token " + token + ", vocabulary of " + core.spec.vocabularySize());
      }
      if (i < numTokens - 1 && token != plan.draft(row, i)) {
        throw new IllegalStateException("step " + plan.stepId + " request " + plan.requestId[row]
            + ": accepted token " + i + " is " + token + ", its draft is " + plan.draft(row, i));
      }
    }
  }

  void apply(PlanBuffer plan, StepResult result, long nowNanos) {
    feedback.begin(plan, result.deviceNanos());
    boolean anyFinished = false;
    for (int row = 0; row < plan.numRows; row++) {
      FinishReason reason = null;
      feedback.set(row, 0, 0);
      if (isCurrent(plan, row)) {
        reason = result.isFailedRow(row) ? FinishReason.ERROR
            : applyRow(plan, result, row, nowNanos);
      } else {
        core.stats.numDiscardedRows++;
      }
      finish[row] = reason == null ? NONE : reason.ordinal();
      anyFinished |= reason != null;
    }
    core.policy.onStep(feedback);
    if (anyFinished) {
      finishRows(plan, nowNanos);
    }
  }

  private boolean isCurrent(PlanBuffer plan, int row) {
    return plan.resultEpoch[row] == table.resultEpoch[plan.handle[row]];
  }

  private @Nullable FinishReason applyRow(
      PlanBuffer plan, StepResult result, int row, long nowNanos) {
    if (!plan.isSampled[row]) {
      return null;
    }
    int handle = plan.handle[row];
    int numNew = result.numTokens(row);
    int numAccepted = numNew - 1;
    // The plan counted one token as unread; with drafts it may be more.
    table.numUnread[handle]--;
    table.numTokens[handle] += numAccepted;
    if (plan.numDrafts[row] > 0) {
      table.numDraftsInFlight[handle] = 0; // Else the drafts are those of a later row.
    }
    int verifiedEnd = plan.start[row] + plan.numRowTokens[row] - plan.numDrafts[row] + numAccepted;
    table.maxComputed[handle] = Math.max(table.maxComputed[handle], verifiedEnd);
    if (plan.blockEpoch[row] == table.blockEpoch[handle]) {
      rollBack(handle, plan.numDrafts[row] - numAccepted);
    }
    SamplingParameters sampling = table.requestOf(handle).sampling();
    int firstOutput = table.numOutput(handle) - numNew;
    for (int i = 0; i < numNew; i++) {
      int token = result.token(row, i);
      core.tokens.append(handle, token);
      feedback.set(row, i + 1, Math.min(i + 1, numAccepted));
      deliver(handle, firstOutput + i, result, row, i, nowNanos);
      FinishReason reason = reasonToStop(handle, sampling, firstOutput + i + 1, token);
      if (reason != null) {
        table.numTokens[handle] -= numNew - 1 - i; // What was sampled behind the end never was.
        return reason;
      }
    }
    return null;
  }

  private void rollBack(int handle, int numRejected) {
    if (numRejected > 0) {
      table.numComputed[handle] -= numRejected;
    }
    if (numRejected > 0 && core.draftBooks == DraftBooks.EXACT) {
      int numPositions = table.numComputed[handle] + core.limits.numLookaheadTokens();
      core.kvCache.truncate(handle, Math.min(numPositions, core.limits.maxModelLen()));
    }
  }

  private void deliver(
      int handle, int outputIndex, StepResult result, int row, int index, long nowNanos) {
    core.stats.numOutputTokens++;
    core.listener.onToken(table.requestId[handle], table.sampleIndex[handle], outputIndex,
        result.token(row, index), nowNanos);
    if (table.requestOf(handle).sampling().numLogprobs() != SamplingParameters.NO_LOGPROBS) {
      core.listener.onLogprobs(table.requestId[handle], table.sampleIndex[handle], outputIndex,
          result, row, index);
    }
  }

  /** The length limit ends a request whatever minimum is asked. */
  private @Nullable FinishReason reasonToStop(
      int handle, SamplingParameters sampling, int numOutput, int token) {
    if (numOutput >= sampling.minNewTokens() && sampling.isStopToken(token)) {
      return FinishReason.STOP;
    }
    return table.numPrompt[handle] + numOutput >= table.maxNumTokens[handle]
        ? FinishReason.LENGTH : null;
  }

  private void finishRows(PlanBuffer plan, long nowNanos) {
    for (int row = 0; row < plan.numRows; row++) {
      if (finish[row] != NONE) {
        int handle = plan.handle[row];
        if (finish[row] == FinishReason.ERROR.ordinal()) {
          withholdFailedBlocks(plan, row);
        }
        lifecycle.finish(handle, REASONS[finish[row]], table.numOutput(handle), nowNanos);
      }
    }
    core.running.retain();
  }

  /**
   * What a row without numbers wrote shall be found by nobody from now on. Where another sequence
   * has adopted one of the blocks already, they stay findable.
   */
  private void withholdFailedBlocks(PlanBuffer plan, int row) {
    int handle = plan.handle[row];
    if (plan.blockEpoch[row] == table.blockEpoch[handle]) {
      core.kvCache.uncommit(handle, plan.start[row]);
    }
  }

  /**
   * A step failed: its sequences end, and all others lose their blocks, because what they hold may
   * have been written by it or read from it. Nothing cached stays findable.
   */
  void fail(PlanBuffer plan, long nowNanos) {
    for (int row = 0; row < plan.numRows; row++) {
      if (isCurrent(plan, row)) {
        int handle = plan.handle[row];
        lifecycle.finish(handle, FinishReason.ERROR, table.numOutput(handle), nowNanos);
      }
    }
    core.running.retain();
    requeueAll(nowNanos);
  }

  /**
   * Lets all running sequences wait again, without the tokens that steps in flight sample for
   * anybody.
   */
  void requeueAll(long nowNanos) {
    for (int i = 0; i < core.plans.numInFlight(); i++) {
      PlanBuffer later = core.plans.inFlight(i);
      for (int row = 0; row < later.numRows; row++) {
        if (isCurrent(later, row)) {
          lifecycle.discardUnread(later.handle[row]);
        }
      }
    }
    for (int i = core.running.size() - 1; i >= 0; i--) {
      int handle = core.running.handleAt(i);
      lifecycle.loseBlocks(handle, PreemptReason.FAILED_STEP, NONE, nowNanos);
      core.waiting.add(handle);
    }
    core.running.retain();
    core.mustClearPrefixes = !core.kvCache.clearPrefixes();
  }

  /** Ends all running sequences: the device is gone and nobody shall compute them again. */
  void endRunning(long nowNanos) {
    for (int i = core.running.size() - 1; i >= 0; i--) {
      int handle = core.running.handleAt(i);
      if (table.status[handle] == RUNNING) {
        lifecycle.finish(handle, FinishReason.ERROR, table.numOutput(handle), nowNanos);
      }
    }
    core.running.retain();
  }
}
