package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.HandRun.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerLimits;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Why a step admitted nobody else, from what it refused and how full it was. */
class WaitCauseTest {
  private static final SchedulerLimits LIMITS =
      SchedulerLimits.builder().maxNumSeqs(2).maxNumBatchedTokens(8).build();
  private final Recorder recorder = new Recorder(100, LIMITS);
  private final HandRun run = new HandRun(recorder);

  private List<WaitCause> causes() {
    Tables tables = recorder.snapshot();
    return TableText.of(tables.steps, StepColumn.WAIT_CAUSE).stream()
        .map(ordinal -> WaitCause.values()[Integer.parseInt(ordinal)]).toList();
  }

  private HandRun oneRuns(int numTokens) {
    run.stats.numRunning = 1;
    run.stats.numWaiting = 1;
    return run.add(request(1, 20, 9).build()).admit(1, 0).row(1, 0, numTokens);
  }

  @Test
  void whereNobodyWaitsNothingIsTheCause() {
    oneRuns(8);
    run.stats.numWaiting = 0;
    run.stats.refuse(Grant.NO_BLOCKS);
    run.plan();

    assertThat(causes()).containsExactly(WaitCause.NOBODY_WAITS);
  }

  @Test
  void aRefusalForBlocksWins() {
    oneRuns(8);
    run.stats.refuse(Grant.NO_BLOCKS);
    run.stats.refuse(Grant.NO_SLOTS);
    run.plan();

    assertThat(causes()).containsExactly(WaitCause.KV_BLOCKS);
  }

  @Test
  void whereSomebodyIsPreemptedBlocksAreShort() {
    oneRuns(1);
    run.preempt(1, 5, 1, 1).plan();

    assertThat(causes()).containsExactly(WaitCause.KV_BLOCKS);
  }

  @Test
  void aFullBatchIsSeenWithoutARefusal() {
    oneRuns(1);
    run.stats.numRunning = 2;
    run.plan();

    assertThat(causes()).containsExactly(WaitCause.BATCH_FULL);
  }

  @Test
  void aSpentBudgetIsSeenWithoutARefusal() {
    oneRuns(8).plan();

    assertThat(causes()).containsExactly(WaitCause.TOKEN_BUDGET);
  }

  @Test
  void withoutLimitsOnlyRefusalsTell() {
    Recorder blind = new Recorder(100, null);
    HandRun other = new HandRun(blind);
    other.stats.numRunning = 2;
    other.stats.numWaiting = 1;
    other.add(request(1, 20, 9).build()).admit(1, 0).row(1, 0, 8).plan();
    other.stats.refuse(Grant.NO_SLOTS);
    other.row(1, 8, 1).plan();
    other.stats.refuse(Grant.NO_TOKENS);
    other.row(1, 9, 1).plan();

    assertThat(TableText.of(blind.snapshot().steps, StepColumn.WAIT_CAUSE)).containsExactly(
        String.valueOf(WaitCause.POLICY.ordinal()), String.valueOf(WaitCause.BATCH_FULL.ordinal()),
        String.valueOf(WaitCause.TOKEN_BUDGET.ordinal()));
  }

  @Test
  void aRefusalCountsForItsOwnPlanAlone() {
    oneRuns(1);
    run.stats.refuse(Grant.BLOCKED);
    run.plan().row(1, 1, 1).plan();
    run.stats.refuse(Grant.NO_BLOCKS);
    run.emptyPlan().row(1, 2, 1).plan();

    assertThat(causes()).containsExactly(WaitCause.OTHER_REFUSAL, WaitCause.POLICY,
        WaitCause.POLICY);
  }
}
