package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each rule of the account is broken once on purpose; request 1 has a prompt of three tokens. */
final class WorkLedgerTest {
  private final WorkLedger ledger = new WorkLedger();
  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(4, 2, 0);

  @BeforeEach void admit() {
    Request request =
        Request.builder(1, 5, 6, 7).sampling(SamplingParameters.greedy(9)).build();
    ledger.onAdd(request, 0, 0);
    ledger.onAdmit(1, 0, 0, 0);
    writer.attach(0, request, 0).blocks(0, 1, 2);
  }

  @Test void rightWorkPasses() {
    assertThatCode(() -> {
      ledger.onSubmit(prompt());
      complete(1, 8);
      ledger.onSubmit(writer.sampledRow(0, 3, 8).drafts(9, 9).write());
      complete(2, 4, 2);
      ledger.onSubmit(writer.sampledRow(0, 5, 2).write());
    }).doesNotThrowAnyException();
  }

  @Test void beginningBehindTheAdoptedPrefixIsSeen() {
    StepPlan late = writer.sampledRow(0, 1, 6, 7).write();

    fails("I31: request 1 sample 0 begins at 1, expected 0", () -> ledger.onSubmit(late));
  }

  @Test void aGapIsSeen() {
    ledger.onSubmit(writer.row(0, 0, 5).write());

    fails("I31: request 1 sample 0 goes on at 2", () ->
        ledger.onSubmit(writer.sampledRow(0, 2, 7).write()));
  }

  @Test void samplingBeforeTheLastTokenIsSeen() {
    fails("I57: request 1", () -> ledger.onSubmit(writer.sampledRow(0, 0, 5, 6).write()));
  }

  @Test void workThatWasNotRolledBackIsSeen() {
    ledger.onSubmit(prompt());
    complete(1, 8);
    ledger.onSubmit(writer.sampledRow(0, 3, 8).drafts(9).write());
    complete(2, 4);

    fails("I31: request 1 sample 0 goes on at 5, computed are 4", () ->
        ledger.onSubmit(writer.sampledRow(0, 5, 4).write()));
  }

  @Test void aTokenWithoutTheWorkForItIsSeen() {
    ledger.onSubmit(prompt());
    ledger.onToken(1, 0, 0, 8, 0);

    fails("I59: request 1", () -> complete(1, 8));
  }

  @Test void admittingTwiceIsSeen() {
    ledger.onSubmit(prompt());

    fails("I40: request 1 sample 0 was admitted and runs", () -> ledger.onAdmit(1, 0, 0, 0));
  }

  @Test void aPreemptionThatNamesAnotherLossIsSeen() {
    ledger.onSubmit(prompt());

    fails("I48: request 1 sample 0 loses 2 tokens, computed are 3", () ->
        ledger.onPreempt(1, 0, -1, PreemptReason.POLICY, 2, 1, 0));
  }

  @Test void aRowOfNobodyIsSeen() {
    fails("L1: request 2 sample 0 does not live", () -> ledger.onToken(2, 0, 0, 8, 0));
  }

  @Test void wrongCountsAreSeen() {
    Scenario scenario = Scenario.serving(1);
    SchedulerStats statsOfAnother =
        Scheduler.builder(scenario.limits, scenario.spec, scenario.newKvCache()).build().stats();
    ledger.onSubmit(prompt());

    fails("I27: 3 scheduled tokens, the scheduler counted 0", () ->
        ledger.checkStats(statsOfAnother));
  }

  private StepPlan prompt() {
    return writer.sampledRow(0, 0, 5, 6, 7).write();
  }

  private void complete(long stepId, int... tokens) {
    result.reset(stepId, 1);
    for (int token : tokens) {
      result.addToken(0, token);
    }
    ledger.onResult(result);
    for (int token : tokens) {
      ledger.onToken(1, 0, 0, token, 0);
    }
  }

  private static void fails(String beginning, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(AssertionError.class).hasMessageStartingWith(beginning);
  }
}
