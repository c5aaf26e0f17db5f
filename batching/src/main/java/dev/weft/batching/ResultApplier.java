package dev.weft.batching;

import static dev.weft.batching.SequenceTable.ASKS_LOGPROBS;
import static dev.weft.batching.SequenceTable.ASKS_STOP_TOKENS;
import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;

import dev.weft.schedulerapi.Drafts;
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
  private final Core core;
  private final SequenceTable table;
  private final Lifecycle lifecycle;
  private final Feedback feedback;
  /** Rows whose sequences end with this result. */
  private final IntColumn ending = new IntColumn();
  /** By row: why its sequence ends, if it does. */
  private final FinishReason[] finish;

  ResultApplier(Core core, Lifecycle lifecycle) {
    this.core = core;
    table = core.table;
    this.lifecycle = lifecycle;
    feedback = new Feedback(core);
    finish = new FinishReason[2 * core.limits.maxNumSeqs()];
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
      if (!canFollow(plan, result, row)) {
        throw new IllegalStateException("step " + plan.stepId + " request " + plan.requestId[row]
            + ": " + whatIsWrong(plan, result, row));
      }
    }
  }

  private boolean canFollow(PlanBuffer plan, StepResult result, int row) {
    int last = result.numTokens(row) - 1;
    if (last < minNumTokens(plan, result, row) - 1 || last >= maxNumTokens(plan, row)) {
      return false;
    }
    int draft = Drafts.ROOT;
    for (int i = 0; i < last; i++) {
      draft = plan.draftBehind(row, draft, result.token(row, i));
      if (draft < 0) {
        return false;
      }
    }
    return last < 0 || isToken(result.token(row, last));
  }

  private static int minNumTokens(PlanBuffer plan, StepResult result, int row) {
    return plan.isSampled[row] && !result.isFailedRow(row) ? 1 : 0;
  }

  private static int maxNumTokens(PlanBuffer plan, int row) {
    return plan.isSampled[row] ? 1 + plan.numVerifiedDrafts(row) : 0;
  }

  private boolean isToken(int token) {
    return token >= 0 && token < core.spec.vocabularySize();
  }

  /** Accepted tokens are the drafts, because what is in the KV cache was computed from those. */
  private String whatIsWrong(PlanBuffer plan, StepResult result, int row) {
    int numTokens = result.numTokens(row);
    int min = minNumTokens(plan, result, row);
    int max = maxNumTokens(plan, row);
    if (numTokens < min || numTokens > max) {
      return numTokens + " tokens, expected " + min + " to " + max;
    }
    int draft = Drafts.ROOT;
    for (int i = 0; i < numTokens - 1; i++) {
      int next = plan.draftBehind(row, draft, result.token(row, i));
      if (next < 0) {
        return "accepted token " + i + " is " + result.token(row, i) + ", "
            + (plan.drafts.isTree(row) ? "of which no draft " + draft + " is followed"
                : "its draft is " + plan.draft(row, i));
      }
      draft = next;
    }
    return "token " + result.token(row, numTokens - 1) + ", vocabulary of "
        + core.spec.vocabularySize();
  }

  void apply(PlanBuffer plan, StepResult result, long nowNanos) {
    feedback.begin(plan, result.deviceNanos());
    ending.shrink(0);
    for (int row = 0; row < plan.numRows; row++) {
      row = applyQuietRows(plan, result, row);
      if (row < plan.numRows) {
        applyRow(plan, result, row);
      }
    }
    deliver(plan, result, nowNanos);
    core.policy.onStep(feedback);
    core.draftCalls.onStep(feedback, nowNanos);
    if (ending.size() > 0) {
      finishRows(plan, nowNanos);
    }
  }

  /**
   * Applies rows whose sequences go on or reach their length, in one loop without a call.
   *
   * @return the first row that is none of them, or whose tokens want a page
   */
  private int applyQuietRows(PlanBuffer plan, StepResult result, int from) {
    SequenceTable t = table;
    int row = from;
    for (; row < plan.numRows; row++) {
      int handle = plan.handle[row];
      int numNew = result.numTokens(row);
      if (numNew == 0 || result.isFailedRow(row) || !isCurrent(plan, row)
          || !core.tokens.hasPlace(handle, numNew) || stopsAny(handle, result, row, numNew)) {
        break;
      }
      t.numUnread[handle]--; // The plan counted one token; with drafts it may be more.
      if (plan.numDrafts[row] > 0) {
        settleDrafts(plan, row, numNew - 1);
      }
      for (int i = 0; i < numNew; i++) {
        core.tokens.put(handle, result.token(row, i));
      }
      feedback.set(row, numNew, numNew - 1);
      if (t.numKnown(handle) == t.maxNumTokens[handle]) {
        end(row, FinishReason.LENGTH);
      }
    }
    return row;
  }

  private boolean stopsAny(int handle, StepResult result, int row, int numTokens) {
    if (!table.asksFor(handle, ASKS_STOP_TOKENS)) {
      return false;
    }
    SamplingParameters sampling = table.sampling[handle];
    for (int i = 0; i < numTokens; i++) {
      if (sampling.isStopToken(result.token(row, i))) {
        return true;
      }
    }
    return false;
  }

  /** Tells the listener all tokens of the step. */
  private void deliver(PlanBuffer plan, StepResult result, long nowNanos) {
    long numDelivered = 0;
    for (int row = 0; row < plan.numRows; row++) {
      int numNew = feedback.numSampledTokens(row);
      if (numNew > 0) {
        deliverRow(plan, result, row, numNew, nowNanos);
        numDelivered += numNew;
      }
    }
    core.stats.numOutputTokens += numDelivered;
  }

  private void deliverRow(
      PlanBuffer plan, StepResult result, int row, int numNew, long nowNanos) {
    int handle = plan.handle[row];
    int firstOutput = table.numOutput(handle) - numNew;
    boolean hasLogprobs = table.asksFor(handle, ASKS_LOGPROBS);
    for (int i = 0; i < numNew; i++) {
      core.listener.onToken(plan.requestId[row], plan.sampleIndex[row], firstOutput + i,
          result.token(row, i), nowNanos);
      if (hasLogprobs) {
        core.listener.onLogprobs(
            plan.requestId[row], plan.sampleIndex[row], firstOutput + i, result, row, i);
      }
    }
  }

  private boolean isCurrent(PlanBuffer plan, int row) {
    return plan.resultEpoch[row] == table.resultEpoch[plan.handle[row]];
  }

  /** The sequence of a row ends when the policy has heard of the step. */
  private void end(int row, FinishReason reason) {
    ending.add(row);
    finish[row] = reason;
  }

  private void applyRow(PlanBuffer plan, StepResult result, int row) {
    feedback.set(row, 0, 0);
    if (!isCurrent(plan, row)) {
      core.stats.numDiscardedRows++;
    } else if (result.isFailedRow(row)) {
      end(row, FinishReason.ERROR);
    } else if (plan.isSampled[row]) {
      applyTokens(plan, result, row);
    }
  }

  private void applyTokens(PlanBuffer plan, StepResult result, int row) {
    int handle = plan.handle[row];
    int numNew = result.numTokens(row);
    // The plan counted one token as unread; with drafts it may be more.
    table.numUnread[handle]--;
    if (plan.numDrafts[row] > 0) {
      settleDrafts(plan, row, numNew - 1);
    }
    int first = table.numKnown(handle) - numNew;
    FinishReason reason = null;
    int numKept = 0;
    while (reason == null && numKept < numNew) {
      int token = result.token(row, numKept++);
      core.tokens.append(handle, token);
      reason = reasonToStop(handle, first + numKept, token);
    }
    table.numTokens[handle] -= numNew - numKept; // What was sampled behind the end never was.
    feedback.set(row, numKept, Math.min(numKept, numNew - 1));
    if (reason != null) {
      end(row, reason);
    }
  }

  private void settleDrafts(PlanBuffer plan, int row, int numAccepted) {
    int handle = plan.handle[row];
    table.numTokens[handle] += numAccepted;
    table.numDraftsInFlight[handle] = 0;
    core.stats.numDraftTokens += plan.numVerifiedDrafts(row);
    core.stats.numAcceptedDraftTokens += numAccepted;
    int verifiedEnd = plan.start[row] + plan.numRowTokens[row] - plan.numDrafts[row] + numAccepted;
    table.maxComputed[handle] = Math.max(table.maxComputed[handle], verifiedEnd);
    if (plan.blockEpoch[row] == table.blockEpoch[handle]) {
      // The blocks of rejected drafts stay: the next row reaches at least as far.
      table.numComputed[handle] -= plan.numDrafts[row] - numAccepted;
    }
  }

  /** The length limit ends a request whatever minimum is asked. */
  private @Nullable FinishReason reasonToStop(int handle, int numKnown, int token) {
    if (table.asksFor(handle, ASKS_STOP_TOKENS)) {
      SamplingParameters sampling = table.sampling[handle];
      if (sampling.isStopToken(token)
          && numKnown - table.numPrompt[handle] >= sampling.minNewTokens()) {
        return FinishReason.STOP;
      }
    }
    return numKnown >= table.maxNumTokens[handle] ? FinishReason.LENGTH : null;
  }

  private void finishRows(PlanBuffer plan, long nowNanos) {
    for (int i = 0; i < ending.size(); i++) {
      int row = ending.get(i);
      int handle = plan.handle[row];
      if (finish[row] == FinishReason.ERROR) {
        withholdFailedBlocks(plan, row);
      }
      lifecycle.finish(handle, finish[row], table.numOutput(handle), nowNanos);
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
