package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How sequences end, by themselves and from outside, with any number of steps in flight. */
final class EndingTest {
  // ---- from outside

  private static final int NUM_PHASES = 9;

  static Stream<Arguments> phases() {
    return Stream.of(FinishReason.ABORT, FinishReason.DEADLINE, FinishReason.SHUTDOWN)
        .flatMap(reason -> IntStream.of(1, 2, 3, 4).boxed()
            .flatMap(maxInFlight -> IntStream.rangeClosed(0, NUM_PHASES).boxed()
                .map(phase -> Arguments.of(reason, maxInFlight, phase))));
  }

  /** The phases of the victim: waiting, two chunks, the rest of its prompt, then decoding. */
  @ParameterizedTest @MethodSource("phases")
  void endFromOutsideIsCleanInEveryPhase(FinishReason reason, int maxInFlight, int phase) {
    SchedulerHarness harness = SchedulerHarness.builder().limits(
        limits -> limits.maxInFlight(maxInFlight).maxNumBatchedTokens(8)).build();
    Request victim = asking(1, 20, SamplingParameters.builder().maxNewTokens(9).temperature(1)
        .seed(1).numSamples(2).build()).deadlineNanos(2000).build();
    Request beside = request(2, 3, 12);
    harness.add(victim, beside);
    for (int i = 0; i < phase; i++) {
      if (!harness.scheduler.canPlan()) {
        harness.complete();
      }
      harness.plan();
    }

    end(harness, reason);
    harness.run().assertAllReturned();

    for (int sample = 0; sample < 2; sample++) {
      assertThat(harness.heard.reason(1, sample)).isEqualTo(reason);
      harness.assertBeganAsIfAlone(victim, sample, harness.heard.tokens(1, sample).size());
    }
    if (reason == FinishReason.SHUTDOWN) {
      assertThat(harness.heard.reason(2, 0)).isEqualTo(reason);
    } else {
      harness.assertRanAsIfAlone(beside);
    }
  }

  private static void end(SchedulerHarness harness, FinishReason reason) {
    switch (reason) {
      case ABORT -> harness.abort(1);
      case DEADLINE -> harness.now = 2000;
      default -> harness.scheduler.shutDown(harness.now);
    }
    harness.scheduler.checkIntegrity();
  }

  @Test void resultsOfAnEndedSequenceAreDiscarded() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4)).build().add(request(1, 5, 9));
    harness.plan();
    harness.plan();
    harness.plan();
    harness.complete();

    harness.abort(1);
    harness.drain();

    assertThat(harness.heard.tokens(1, 0)).hasSize(1);
    assertThat(harness.heard.events("finish")).containsExactly(
        "finish 1/0 ABORT tokens 1 at 1000");
    assertThat(harness.scheduler.stats().numDiscardedRows()).isEqualTo(2);
  }

  @Test void sequenceThatEndsItselfHearsNothingOfLaterSteps() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4)).build();
    int stop = harness.add(request(9, 5, 2)).alone(request(9, 5, 2), 0).get(1);
    Request stopping = asking(1, 5, SamplingParameters.builder().maxNewTokens(9)
        .stopTokenIds(stop).build()).build();
    Request same = Request.builder(1, SchedulerHarness.prompt(9, 5))
        .sampling(stopping.sampling()).build();

    harness.add(same).run().assertRanAsIfAlone(same).assertAllReturned();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.STOP);
    assertThat(harness.scheduler.stats().numDiscardedRows()).isPositive();
  }

  @Test void abortingTwiceIsAbortingOnce() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 9));
    harness.step();

    assertThat(harness.abort(1)).isTrue();
    assertThat(harness.abort(1)).isFalse();
    assertThat(harness.abort(99)).isFalse();

    assertThat(harness.heard.events("finish")).hasSize(1);
  }

  @Test void shuttingDownTwiceIsShuttingDownOnce() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 9), samples(2, 5, 9, 3));
    harness.step();

    harness.scheduler.shutDown(harness.now);
    harness.scheduler.shutDown(harness.now);

    assertThat(harness.heard.events("finish")).hasSize(4)
        .allMatch(end -> end.contains("SHUTDOWN"));
    harness.assertAllReturned();
  }

  @Test void preemptedSequenceCanBeAborted() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2)).build().add(request(1, 5, 9));
    harness.plan();
    harness.plan(step -> step.preempt(step.running().get(0)));

    harness.abort(1);

    harness.drain().assertAllReturned();
    assertThat(harness.heard.tokens(1, 0)).isEmpty();
  }

  // ---- slots, ids and handles afterwards

  @Test void slotRestsUntilTheStepThatDetachesItIsComplete() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4).maxNumSeqs(1)).spec(spec -> spec.numSlots(1))
        .build().add(request(1, 5, 9), request(2, 5, 1));
    harness.plan();
    harness.abort(1);

    StepPlan detaching = harness.plan();
    assertThat(detaching.numDetached()).isEqualTo(1);
    assertThat(detaching.numRows()).isZero();
    assertThat(harness.plan().isEmpty()).isTrue(); // The slot rests.
    harness.complete();
    assertThat(harness.plan().isEmpty()).isTrue();
    harness.complete();
    StepPlan attaching = harness.plan();

    assertThat(attaching.numAttached()).isEqualTo(1);
    assertThat(attaching.attachedSlot(0)).isEqualTo(detaching.detachedSlot(0));
    harness.drain().assertRanAsIfAlone(request(2, 5, 1));
  }

  @Test void slotOfWhichTheDeviceNeverHeardIsFreeAtOnce() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumSeqs(1)).spec(spec -> spec.numSlots(1)).build()
        .add(request(1, 5, 9), request(2, 5, 9));

    StepPlan plan = harness.plan(step -> {
      TestPolicy.scheduleAll(step, step.waiting().get(0));
      step.preempt(step.waiting().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(1));
    });

    assertThat(plan.numDetached()).isZero();
    assertThat(plan.numAttached()).isEqualTo(1);
    assertThat(plan.attachedRequestId(0)).isEqualTo(2);
  }

  @Test void endOfASequenceIsReportedInTheNextPlan() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 9), request(2, 5, 9));
    harness.step();
    harness.abort(1);

    StepPlan plan = harness.plan(step -> step.preempt(step.running().get(0)));

    assertThat(plan.numReleased()).isEqualTo(1);
    assertThat(plan.releasedRequestId(0)).isEqualTo(1);
    assertThat(plan.numPreempted()).isEqualTo(1);
    assertThat(plan.preemptedRequestId(0)).isEqualTo(2);
    harness.drain();
    plan = harness.plan();
    assertThat(plan.numReleased()).isZero();
    assertThat(plan.numPreempted()).isZero();
  }

  @Test void idAndHandleServeAnotherWhileOldResultsAreInFlight() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4)).build();
    harness.add(request(1, 5, 9));
    int handle = harness.sequence(1).handle();
    harness.plan();
    harness.plan();
    harness.abort(1);
    Request next = Request.builder(1, SchedulerHarness.prompt(7, 9))
        .sampling(SamplingParameters.greedy(5)).build();

    harness.add(next);

    assertThat(harness.sequence(1).handle()).isEqualTo(handle);
    harness.run().assertRanAsIfAlone(next).assertAllReturned();
  }

  // ---- by itself

  @Test void stopTokenEndsTheOutputAndIsItsLastToken() {
    SchedulerHarness harness = SchedulerHarness.create();
    List<Integer> output = harness.add(request(1, 5, 9)).alone(request(1, 5, 9), 0);
    harness.abort(1);
    Request stopping = asking(1, 5, SamplingParameters.builder().maxNewTokens(9)
        .stopTokenIds(96, output.get(2)).build()).build();

    harness.add(stopping).run();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.STOP);
    assertThat(harness.heard.tokens(1, 0)).isEqualTo(output.subList(0, 3));
  }

  @Test void stopTokenBeforeTheMinimumDoesNotEndTheOutput() {
    SchedulerHarness harness = SchedulerHarness.create();
    Request reluctant = asking(1, 5, SamplingParameters.builder().maxNewTokens(6).minNewTokens(3)
        .stopTokenIds(IntStream.range(0, 64).toArray()).build()).build();

    harness.add(reluctant).run().assertRanAsIfAlone(reluctant);

    assertThat(harness.heard.tokens(1, 0)).hasSizeGreaterThanOrEqualTo(3);
  }

  @Test void stopTokenThatTheExecutorShouldHaveWithheldDoesNotEndTheOutput() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(asking(1, 5, SamplingParameters.builder().maxNewTokens(4).minNewTokens(3)
        .stopTokenIds(7).build()).build());
    for (int i = 0; i < 2; i++) {
      sampleOnly(harness, 7);
    }
    assertThat(harness.heard.reason(1, 0)).isNull();

    sampleOnly(harness, 7);

    assertThat(harness.heard.events("finish")).containsExactly("finish 1/0 STOP tokens 3 at 1000");
  }

  @Test void minimumCannotKeepASequenceFromItsLimit() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(asking(1, 60, SamplingParameters.builder().maxNewTokens(50).minNewTokens(50)
        .stopTokenIds(IntStream.range(0, 64).toArray()).build()).build());

    harness.run();

    assertThat(harness.heard.events("finish")).containsExactly(
        "finish 1/0 LENGTH tokens 4 at 1000");
  }

  @ParameterizedTest @ValueSource(ints = {1, 2, 5})
  void lengthLimitEndsTheOutput(int numNewTokens) {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, numNewTokens)).run();

    assertThat(harness.heard.events("finish")).containsExactly(
        "finish 1/0 LENGTH tokens " + numNewTokens + " at 1000");
    harness.assertRanAsIfAlone(request(1, 5, numNewTokens));
  }

  @ParameterizedTest @ValueSource(ints = {1, 4})
  void modelLengthEndsTheOutput(int maxInFlight) {
    Request endless = request(1, 50, Integer.MAX_VALUE);
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(maxInFlight)).build();

    harness.add(endless).run().assertRanAsIfAlone(endless).assertAllReturned();

    assertThat(harness.heard.tokens(1, 0)).hasSize(14);
  }

  @Test void lastTokenIsNeverComputed() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4)).build().add(request(1, 60, 9)).run();

    assertThat(harness.heard.plans).noneMatch(plan -> plan.contains("@63"));
    assertThat(harness.heard.plans).anyMatch(plan -> plan.contains("@62+1"));
  }

  @Test void rowThatFailsEndsItsSequenceAlone() {
    SchedulerHarness harness = SchedulerHarness.create();
    Request beside = request(2, 5, 5);
    harness.add(request(1, 5, 5), beside);
    harness.executor.failRow(2, 0);

    harness.run().assertRanAsIfAlone(beside).assertAllReturned();

    assertThat(harness.heard.events("finish 1")).containsExactly(
        "finish 1/0 ERROR tokens 1 at 1000");
  }

  @Test void finishesAreCountedByReason() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.add(request(1, 5, 2), request(2, 5, 2), samples(3, 5, 9, 2));
    harness.step();
    harness.abort(3);
    harness.run();

    assertThat(harness.scheduler.stats().numFinished(FinishReason.LENGTH)).isEqualTo(2);
    assertThat(harness.scheduler.stats().numFinished(FinishReason.ABORT)).isEqualTo(2);
    assertThat(harness.scheduler.stats().numOutputTokens()).isEqualTo(5);
  }

  /** Plans a step and lets its one row sample this token, whatever the model says. */
  private static void sampleOnly(SchedulerHarness harness, int token) {
    StepPlan plan = harness.scheduler.plan(harness.now);
    harness.result.reset(plan.stepId(), 1);
    harness.result.addToken(0, token);
    harness.scheduler.update(harness.result, harness.now);
    harness.scheduler.checkIntegrity();
  }
}
