package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps that fail, and executors that die. */
final class FailureTest {
  private static SchedulerHarness harness(int maxInFlight) {
    return SchedulerHarness.builder().limits(limits -> limits.maxInFlight(maxInFlight)).build();
  }

  // ---- failed steps

  @Test void rowsOfAFailedStepEndAndTheOthersAreComputedAgain() {
    SchedulerHarness harness = harness(1);
    Request beside = request(2, 9, 5);
    harness.add(request(1, 9, 5), beside);
    harness.step();
    harness.plan(step -> step.schedule(step.running().get(0), 1));
    harness.executor.failStep(2);

    harness.complete();

    assertThat(harness.heard.events("finish")).containsExactly("finish 1/0 ERROR tokens 1 at 1000");
    assertThat(harness.heard.events("preempt")).containsExactly(
        "preempt 2/0 for -1 FAILED_STEP tokens 9 blocks 3");
    assertThat(harness.step()).isEqualTo("2/0@0+10");
    harness.run().assertRanAsIfAlone(beside).assertAllReturned();
  }

  @Test void nothingCachedStaysAfterAFailedStep() {
    SchedulerHarness harness = harness(1);
    Request second = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(5)).build();
    harness.add(request(1, 9, 5)).plan();
    harness.executor.failStep(1);
    harness.complete();
    assertThat(harness.cache.numCachedBlocks()).isZero();

    harness.add(second);

    assertThat(harness.step()).isEqualTo("2/0@0+9");
    harness.run().assertRanAsIfAlone(second);
  }

  @Test void whoAdoptedBlocksOfAFailedStepComputesThemItself() {
    SchedulerHarness harness = harness(2);
    Request reader = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(5)).build();
    harness.add(request(1, 9, 5)).plan();
    harness.executor.failStep(1);
    harness.add(reader);
    assertThat(PlanText.rows(harness.plan())).contains("2/0@8+1");

    harness.run().assertRanAsIfAlone(reader).assertAllReturned();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
  }

  @Test void tokensOfStepsBehindAFailedOneAreDiscarded() {
    SchedulerHarness harness = harness(3);
    Request beside = request(2, 5, 5);
    harness.add(request(1, 5, 5), beside);
    harness.plan(step -> step.schedule(step.waiting().get(0), 5));
    harness.executor.failStep(1);
    harness.plan(step -> step.schedule(step.waiting().get(0), 5));
    harness.plan(step -> step.schedule(step.running().get(1), 1));
    assertThat(harness.sequence(2).numUnreadTokens()).isEqualTo(2);

    harness.complete();
    assertThat(harness.sequence(2).numUnreadTokens()).isZero();
    assertThat(harness.sequence(2).numTokens()).isEqualTo(5);
    harness.drain();

    assertThat(harness.heard.tokens(2, 0)).isEmpty();
    harness.run().assertRanAsIfAlone(beside).assertAllReturned();
  }

  @Test void preemptedSequenceLosesWhatStepsBehindAFailedOneSampled() {
    SchedulerHarness harness = harness(4);
    Request beside = request(2, 5, 5);
    harness.add(request(1, 5, 5), beside);
    harness.plan(step -> step.schedule(step.waiting().get(0), 5));
    harness.executor.failStep(1);
    harness.plan(step -> step.schedule(step.waiting().get(0), 5));
    harness.plan(step -> step.preempt(step.running().get(1)));

    harness.run().assertRanAsIfAlone(beside).assertAllReturned();
  }

  static Stream<Arguments> failingSteps() {
    return IntStream.of(1, 2, 4).boxed().flatMap(maxInFlight ->
        IntStream.rangeClosed(1, 9).boxed().map(step -> Arguments.of(maxInFlight, step)));
  }

  @ParameterizedTest @MethodSource("failingSteps")
  void whoSurvivesAFailedStepSaysTheRightTokens(int maxInFlight, int failingStep) {
    SchedulerHarness harness = SchedulerHarness.builder()
        .cache(TestKvCache.withPrefixes(12, SchedulerHarness.BLOCK_SIZE)).limits(limits ->
            limits.maxInFlight(maxInFlight).maxNumBatchedTokens(7).maxNumSeqs(3)).build();
    Request[] requests = {request(1, 12, 5), samples(2, 6, 5, 2), request(3, 9, 4),
        request(4, 3, 9)};
    harness.add(requests);
    harness.executor.failStep(failingStep);

    harness.run().assertAllReturned();

    for (Request request : requests) {
      for (int sample = 0; sample < request.sampling().numSamples(); sample++) {
        if (harness.heard.reason(request.id(), sample) == FinishReason.ERROR) {
          harness.assertBeganAsIfAlone(
              request, sample, harness.heard.tokens(request.id(), sample).size());
        } else {
          harness.assertRanAsIfAlone(request, sample);
        }
      }
    }
    assertThat(harness.heard.events("finish").stream().filter(end -> end.contains("ERROR")))
        .isNotEmpty();
  }

  @Test void failedPromptEndsTheLeaderAndTheOthersComputeItThemselves() {
    SchedulerHarness harness = harness(1);
    Request request = samples(1, 6, 4, 3);
    harness.add(request);
    harness.executor.failStep(1);

    harness.run().assertAllReturned();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
    harness.assertRanAsIfAlone(request, 1);
    harness.assertRanAsIfAlone(request, 2);
  }

  @Test void policyIsNotToldOfAFailedStep() {
    SchedulerHarness harness = SchedulerHarness.builder().policy(policy ->
        policy.onStep = feedback -> {
          throw new IllegalStateException("told");
        }).build();
    harness.add(request(1, 5, 5)).plan();
    harness.executor.failStep(1);

    harness.complete();

    assertThat(harness.heard.policyFailures).isEmpty();
  }

  @Test void failedStepWithoutRowsFreesItsSlots() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumSeqs(1)).spec(spec -> spec.numSlots(1)).build()
        .add(request(1, 5, 5), request(2, 5, 5));
    harness.step();
    harness.abort(1);
    harness.executor.failStep(2);

    harness.run().assertRanAsIfAlone(request(2, 5, 5)).assertAllReturned();
  }

  @Test void draftsOfTheStepBeforeAFailedOneAreNotOffered() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2).maxNumDraftTokens(2)).build()
        .add(request(1, 5, 9), request(2, 5, 9));
    harness.plan(step -> step.schedule(step.waiting().get(0), 5));
    harness.plan(step -> step.schedule(step.waiting().get(0), 5));
    harness.executor.failStep(2);
    harness.complete();
    assertThat(harness.numToDraft()).isEqualTo(1);

    harness.complete();

    assertThat(harness.numToDraft()).isZero();
  }

  // ---- dead executors

  @ParameterizedTest @ValueSource(ints = {0, 1, 2, 3, 4})
  void runningSequencesOfADeadExecutorEnd(int numInFlight) {
    SchedulerHarness harness = inFlight(numInFlight);
    Request next = request(5, 9, 4);

    harness.loseExecutor(DeadExecutorMode.END);

    assertThat(harness.scheduler.stats().numRunning()).isZero();
    assertThat(harness.scheduler.stats().numInFlight()).isZero();
    for (String end : harness.heard.events("finish")) {
      assertThat(end).contains("ERROR");
    }
    harness.add(next).run().assertRanAsIfAlone(next).assertAllReturned();
  }

  @ParameterizedTest @ValueSource(ints = {0, 1, 2, 3, 4})
  void sequencesOfADeadExecutorGoOnAtAnother(int numInFlight) {
    SchedulerHarness harness = inFlight(numInFlight);

    harness.loseExecutor(DeadExecutorMode.REQUEUE);

    assertThat(harness.scheduler.stats().numRunning()).isZero();
    assertThat(harness.heard.events("finish")).isEmpty();
    harness.run().assertRanAsIfAlone(CROWD).assertAllReturned();
  }

  private static final Request[] CROWD = {request(1, 9, 9), samples(2, 6, 9, 2), request(3, 30, 4)};

  /** One step is applied and so many are in flight. */
  private static SchedulerHarness inFlight(int numInFlight) {
    SchedulerHarness harness = harness(4).add(CROWD);
    harness.step();
    for (int i = 0; i < numInFlight; i++) {
      harness.plan();
    }
    return harness;
  }

  @ParameterizedTest @EnumSource
  void waitingSequencesOutliveTheExecutor(DeadExecutorMode mode) {
    SchedulerHarness harness = harness(4).add(request(1, 9, 9));
    harness.plan();
    harness.plan(step -> step.preempt(step.running().get(0)));
    assertThat(harness.sequence(1).numUnreadTokens()).isEqualTo(1);

    harness.loseExecutor(mode);

    assertThat(harness.sequence(1).numUnreadTokens()).isZero();
    harness.run().assertRanAsIfAlone(request(1, 9, 9)).assertAllReturned();
  }

  @ParameterizedTest @EnumSource
  void nothingCachedOutlivesTheExecutor(DeadExecutorMode mode) {
    SchedulerHarness harness = harness(1).add(request(1, 9, 9));
    harness.step();

    harness.loseExecutor(mode);

    assertThat(harness.cache.numCachedBlocks()).isZero();
  }

  @ParameterizedTest @EnumSource
  void slotsOfADeadExecutorAreFreeAtOnce(DeadExecutorMode mode) {
    SchedulerHarness harness = SchedulerHarness.builder().limits(
        limits -> limits.maxNumSeqs(2).maxInFlight(3)).spec(spec -> spec.numSlots(2)).build()
        .add(request(1, 5, 9), request(2, 5, 9), request(3, 5, 2), request(4, 5, 2));
    harness.plan();
    harness.abort(1);
    harness.plan();
    harness.abort(2);

    harness.loseExecutor(mode);

    assertThat(harness.step()).isEqualTo("3/0@0+5 4/0@0+5");
    harness.run().assertRanAsIfAlone(request(3, 5, 2), request(4, 5, 2)).assertAllReturned();
  }

  @Test void executorThatDiesInTheMiddleLosesNoTokenItReported() {
    SchedulerHarness harness = harness(4).add(CROWD);
    harness.executor.dieAt(4);
    while (harness.scheduler.canPlan()) {
      harness.plan();
    }
    while (harness.executor.completeNext()) {
      harness.update();
    }
    int numHeard = harness.heard.tokens(1, 0).size();
    assertThat(numHeard).isEqualTo(3);

    harness.loseExecutor(DeadExecutorMode.REQUEUE);

    harness.run().assertRanAsIfAlone(CROWD).assertAllReturned();
  }

  @Test void deadExecutorLosesDrafts() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumDraftTokens(2)).build().add(request(1, 5, 9));
    harness.step();
    harness.propose(1, 0, 3, 4);

    harness.loseExecutor(DeadExecutorMode.REQUEUE);

    assertThat(harness.numToDraft()).isZero();
    assertThat(harness.step()).isEqualTo("1/0@0+6");
    harness.run().assertRanAsIfAlone(request(1, 5, 9));
  }

  @Test void requeuedRequestForksAtTheNextExecutor() {
    Request request = samples(1, 40, 4, 3);
    SchedulerHarness harness = harness(1).add(request);
    harness.step();

    harness.loseExecutor(DeadExecutorMode.REQUEUE);

    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void chunkedLeaderOfADeadExecutorEndsAllSamples() {
    SchedulerHarness harness = harness(1).add(samples(1, 40, 4, 3));
    harness.step();

    harness.loseExecutor(DeadExecutorMode.END);

    assertThat(harness.heard.events("finish")).hasSize(3).allMatch(end -> end.contains("ERROR"));
    harness.assertAllReturned();
  }

  @Test void penaltiesAtTheNextExecutorCountAllTokensSoFar() {
    Request request = asking(1, 5, SamplingParameters.builder().maxNewTokens(9)
        .frequencyPenalty(1).build()).build();
    SchedulerHarness harness = harness(1).add(request);
    assertThat(harness.plan().attachedNumTokens(0)).isEqualTo(5);
    harness.drain();
    harness.step();

    harness.loseExecutor(DeadExecutorMode.REQUEUE);

    StepPlan plan = harness.plan();
    assertThat(plan.attachedNumTokens(0)).isEqualTo(7);
    for (int position = 0; position < 7; position++) {
      assertThat(plan.attachedToken(0, position)).isEqualTo(position < 5
          ? request.promptToken(position) : harness.heard.tokens(1, 0).get(position - 5));
    }
  }
}
