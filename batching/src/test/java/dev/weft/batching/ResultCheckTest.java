package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Results that cannot be those of their plan are refused, and nothing is changed by them. */
final class ResultCheckTest {
  private final Request first = request(1, 5, 9);
  private final Request longer = request(2, 40, 9);
  private final StepResult wrong = new StepResult(8, 4, 0);

  /** In flight: step 1 with a sampled row of request 1 and an unsampled one of request 2. */
  private SchedulerHarness inFlight() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2).maxNumDraftTokens(2)).build();
    harness.add(first, longer).plan();
    return harness;
  }

  static Stream<Arguments> wrongResults() {
    return Stream.of(
        wrong("result of step 2 with 2 rows, expected step 1 with 2", r -> r.reset(2, 2)),
        wrong("result of step 0 with 2 rows, expected step 1 with 2", r -> r.reset(0, 2)),
        wrong("result of step 1 with 3 rows, expected step 1 with 2", r -> r.reset(1, 3)),
        wrong("result of step 1 with 1 rows, expected step 1 with 2", r -> r.reset(1, 1)),
        wrong("result of step 2 with 2 rows, expected step 1 with 2", r -> {
          r.reset(2, 2);
          r.failStep("on purpose");
        }),
        wrong("step 1 request 1: 0 tokens, expected 1 to 1", r -> r.reset(1, 2)),
        wrong("step 1 request 1: 2 tokens, expected 1 to 1", r -> {
          r.reset(1, 2);
          r.addToken(0, 3);
          r.addToken(0, 4);
        }),
        wrong("step 1 request 2: 1 tokens, expected 0 to 0", r -> {
          r.reset(1, 2);
          r.addToken(0, 3);
          r.addToken(1, 4);
        }),
        wrong("step 1 request 1: token 97, vocabulary of 97", r -> {
          r.reset(1, 2);
          r.addToken(0, 97);
        }),
        wrong("step 1 request 1: token -1, vocabulary of 97", r -> {
          r.reset(1, 2);
          r.addToken(0, -1);
        }));
  }

  private static Arguments wrong(String message, Consumer<StepResult> fill) {
    return Arguments.of(message, fill);
  }

  @ParameterizedTest @MethodSource("wrongResults")
  void wrongResultIsRefusedAndTheRightOneStillFits(String message, Consumer<StepResult> fill) {
    SchedulerHarness harness = inFlight();
    fill.accept(wrong);
    wrong.addFinishedTransfer(7);

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(wrong, harness.now)).withMessage(message);

    assertThat(harness.heard.events("transfer")).isEmpty();
    assertThat(harness.heard.tokens(1, 0)).isEmpty();
    assertThat(harness.scheduler.stats().numInFlight()).isEqualTo(1);
    harness.scheduler.checkIntegrity();
    harness.run().assertRanAsIfAlone(first, longer).assertAllReturned();
  }

  @Test void secondCopyOfAResultIsRefused() {
    SchedulerHarness harness = inFlight();
    harness.complete();

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(harness.result, harness.now))
        .withMessage("result of step 1, none is in flight");

    harness.plan();
    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(harness.result, harness.now))
        .withMessage("result of step 1 with 2 rows, expected step 2 with 2");
    harness.run().assertRanAsIfAlone(first, longer);
  }

  @Test void resultOutOfOrderIsRefused() {
    SchedulerHarness harness = inFlight();
    harness.plan();
    wrong.reset(2, 2);

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(wrong, harness.now))
        .withMessage("result of step 2 with 2 rows, expected step 1 with 2");

    harness.run().assertRanAsIfAlone(first, longer);
  }

  @Test void resultOfADeadExecutorIsRefused() {
    SchedulerHarness harness = inFlight();
    harness.executor.completeNext();
    harness.executor.poll(harness.result);

    harness.loseExecutor(DeadExecutorMode.REQUEUE);

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(harness.result, harness.now))
        .withMessage("result of step 1, none is in flight");
    harness.plan();
    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(harness.result, harness.now));
    harness.run().assertRanAsIfAlone(first, longer);
  }

  @Test void failedRowMayHaveNoToken() {
    SchedulerHarness harness = inFlight();
    wrong.reset(1, 2);
    wrong.failRow(0);

    harness.scheduler.update(wrong, harness.now);

    assertThat(harness.heard.events("finish")).containsExactly("finish 1/0 ERROR tokens 0 at 1000");
  }

  @Test void wrongTokenCountOfAnEndedSequenceIsRefusedToo() {
    SchedulerHarness harness = inFlight();
    harness.abort(1);
    wrong.reset(1, 2);

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(wrong, harness.now))
        .withMessage("step 1 request 1: 0 tokens, expected 1 to 1");
  }

  @Test void acceptedTokenThatIsNotTheDraftIsRefused() {
    SchedulerHarness harness = inFlight();
    harness.drain();
    harness.propose(1, 0, 10, 11);
    harness.plan(step -> step.schedule(step.running().get(0), 3));
    wrong.reset(2, 1);
    wrong.addToken(0, 10);
    wrong.addToken(0, 12);
    wrong.addToken(0, 13);

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(wrong, harness.now))
        .withMessage("step 2 request 1: accepted token 1 is 12, its draft is 11");

    harness.run().assertRanAsIfAlone(first, longer);
  }

  @Test void acceptedPlaceholderIsRefused() {
    SchedulerHarness harness = inFlight();
    harness.drain();
    harness.plan(step -> step.schedule(step.running().get(0), 1, 2));
    wrong.reset(2, 1);
    wrong.addToken(0, 0);
    wrong.addToken(0, 13);

    assertThatIllegalStateException()
        .isThrownBy(() -> harness.scheduler.update(wrong, harness.now))
        .withMessage("step 2 request 1: 2 tokens, expected 1 to 1");

    harness.run().assertRanAsIfAlone(first, longer);
  }

  @Test void executorMaySampleWhatNoRequestMayContain() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.vocabularySize(90).maxNumDraftTokens(2)).build();
    harness.add(Request.builder(1, 80, 81).build());
    StepPlan plan = harness.scheduler.plan(harness.now);
    wrong.reset(plan.stepId(), 1);
    wrong.addToken(0, 96);

    harness.scheduler.update(wrong, harness.now);
    harness.propose(1, 0, 96);

    assertThat(harness.heard.tokens(1, 0)).containsExactly(96);
    assertThat(harness.sequence(1).numDraftTokens()).isEqualTo(1);
  }
}
