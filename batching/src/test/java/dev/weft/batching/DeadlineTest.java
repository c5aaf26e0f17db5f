package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import org.junit.jupiter.api.Test;

/** Time comes in with each call and from nowhere else. */
final class DeadlineTest {
  private final SchedulerHarness harness = SchedulerHarness.create();

  private static Request due(long id, int numPromptTokens, int numNewTokens, long deadlineNanos) {
    return asking(id, numPromptTokens, SamplingParameters.greedy(numNewTokens))
        .deadlineNanos(deadlineNanos).build();
  }

  @Test void waitingSequenceExpiresWhenAStepIsPlannedAtItsDeadline() {
    harness.add(due(1, 5, 9, 2000));
    harness.now = 1999;
    harness.plan(step -> {});
    assertThat(harness.heard.reason(1, 0)).isNull();

    harness.now = 2000;
    harness.plan(step -> assertThat(step.waiting().size()).isZero());

    assertThat(harness.heard.events("finish"))
        .containsExactly("finish 1/0 DEADLINE tokens 0 at 2000");
    harness.assertAllReturned();
  }

  @Test void runningSequenceExpiresWithTheTokensItHas() {
    Request request = due(1, 5, 9, 2000);
    harness.add(request);
    harness.step();
    harness.step();
    harness.now = 2000;

    assertThat(harness.step()).isEmpty();

    assertThat(harness.heard.events("finish"))
        .containsExactly("finish 1/0 DEADLINE tokens 2 at 2000");
    harness.assertBeganAsIfAlone(request, 0, 2);
    harness.assertAllReturned();
  }

  @Test void resultThatComesAfterTheDeadlineIsStillDelivered() {
    harness.add(due(1, 5, 1, 2000));
    harness.plan();
    harness.now = 5000;

    harness.complete();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.LENGTH);
  }

  @Test void oneThatExpiresDoesNotTakeOthersAlong() {
    Request stays = request(2, 5, 3);
    harness.add(due(1, 5, 9, 1500), stays, due(3, 5, 9, 1400), due(4, 5, 2, 9000));
    harness.step();
    harness.now = 1500;

    harness.run().assertRanAsIfAlone(stays);

    assertThat(harness.heard.events("finish 3")).containsExactly(
        "finish 3/0 DEADLINE tokens 1 at 1500");
    assertThat(harness.heard.events.indexOf("finish 3/0 DEADLINE tokens 1 at 1500"))
        .isLessThan(harness.heard.events.indexOf("finish 1/0 DEADLINE tokens 1 at 1500"));
    assertThat(harness.heard.reason(4, 0)).isEqualTo(FinishReason.LENGTH);
  }

  @Test void preemptedSequenceKeepsItsDeadline() {
    harness.add(due(1, 5, 9, 2000));
    harness.step();
    harness.step(step -> step.preempt(step.running().get(0)));
    harness.now = 2000;

    harness.step();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.DEADLINE);
  }

  @Test void deadlineOfAnEndedRequestMeansNothingToTheNextOfItsHandle() {
    harness.add(due(1, 5, 1, 2000)).run();
    Request next = request(2, 5, 3);
    harness.add(next);
    harness.now = 3000;

    harness.run().assertRanAsIfAlone(next);
  }

  @Test void expiredRequestIsNotAdded() {
    harness.now = 2001;

    assertThat(harness.tryAdd(due(1, 5, 1, 2000)).refusal()).isEqualTo(Refusal.EXPIRED);
    assertThat(harness.tryAdd(due(1, 5, 1, 2002)).isAccepted()).isTrue();
  }

  @Test void noTimeIsTooLateWithoutADeadline() {
    harness.now = Long.MAX_VALUE;
    Request request = request(1, 5, 3);

    harness.add(request).run().assertRanAsIfAlone(request);
  }

  @Test void timesBeforeZeroAreTimesLikeAnyOther() {
    harness.now = -5000;
    harness.add(due(1, 5, 9, -4000));
    harness.step();
    assertThat(harness.heard.reason(1, 0)).isNull();
    harness.now = -4000;

    harness.step();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.DEADLINE);
  }

  @Test void policySeesTheTimeOfTheStep() {
    harness.now = 4711;

    harness.plan(step -> assertThat(step.nowNanos()).isEqualTo(4711));
  }

  @Test void timeMayStandStill() {
    Request request = request(1, 5, 9);

    harness.add(request).run().assertRanAsIfAlone(request);

    assertThat(harness.heard.events("finish")).containsExactly(
        "finish 1/0 LENGTH tokens 9 at 1000");
  }
}
