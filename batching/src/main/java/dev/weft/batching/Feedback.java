package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;

/** What one applied step did, row by row; reused for every step. */
final class Feedback implements StepFeedback {
  private final SequenceTable table;
  private final int[] numSampled;
  private final int[] numAccepted;
  private PlanBuffer plan;
  private long deviceNanos;

  Feedback(Core core) {
    table = core.table;
    plan = core.plans.inFlight(0);
    numSampled = new int[2 * core.limits.maxNumSeqs()];
    numAccepted = new int[2 * core.limits.maxNumSeqs()];
  }

  void begin(PlanBuffer applied, long nanos) {
    plan = applied;
    deviceNanos = nanos;
  }

  void set(int row, int sampled, int accepted) {
    numSampled[row] = sampled;
    numAccepted[row] = accepted;
  }

  @Override public long stepId() {
    return plan.stepId;
  }

  @Override public long deviceNanos() {
    return deviceNanos;
  }

  @Override public int numRows() {
    return plan.numRows;
  }

  @Override public boolean isLive(int row) {
    return plan.resultEpoch[row] == table.resultEpoch[plan.handle[row]];
  }

  @Override public SequenceView sequence(int row) {
    if (!isLive(row)) {
      throw new IllegalArgumentException(
          "step " + plan.stepId + " row " + row + ": its sequence ended");
    }
    return table.view[plan.handle[row]];
  }

  @Override public int numComputedTokens(int row) {
    return plan.numRowTokens[row];
  }

  @Override public int numSampledTokens(int row) {
    return numSampled[row];
  }

  @Override public int numDraftTokens(int row) {
    return plan.numVerifiedDrafts(row);
  }

  @Override public int numAcceptedTokens(int row) {
    return numAccepted[row];
  }
}
