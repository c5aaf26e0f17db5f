package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a host can do to a scheduler that runs.
 *
 * <p>Over 400 lines because one seam of the contract is tested in one place.
 */
final class ControlTest {
  private static final LiveCaps CAPS = new LiveCaps(4, 32, 8);

  // ---- pause

  @Test void pausedAdmissionLetsTheRunningGoOn() {
    Request running = request(1, 5, 4);
    Request waiting = request(2, 5, 4);
    SchedulerHarness harness = SchedulerHarness.create().add(running);
    harness.step();
    harness.add(waiting);

    harness.scheduler.pause(PauseMode.NEW);
    assertThat(harness.step()).isEqualTo("1/0@5+1");
    assertThat(harness.step()).isEqualTo("1/0@6+1");
    harness.scheduler.resume();

    assertThat(harness.step()).isEqualTo("1/0@7+1 2/0@0+5");
    harness.run().assertRanAsIfAlone(running, waiting);
  }

  @Test void pausedSchedulerPlansEmptyStepsAndAcceptsRequests() {
    Request first = request(1, 5, 4);
    Request second = request(2, 5, 4);
    SchedulerHarness harness = SchedulerHarness.create().add(first);
    harness.step();

    harness.scheduler.pause(PauseMode.ALL);
    harness.add(second);
    for (int i = 0; i < 3; i++) {
      assertThat(harness.plan().isEmpty()).isTrue();
    }
    harness.scheduler.resume();

    harness.run().assertRanAsIfAlone(first, second).assertAllReturned();
  }

  @Test void pauseAppliesWhatIsInFlight() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 4));
    harness.plan();

    harness.scheduler.pause(PauseMode.ALL);
    harness.complete();

    harness.assertBeganAsIfAlone(request(1, 5, 4), 0, 1);
  }

  @ParameterizedTest @EnumSource(value = PauseMode.class, names = {"NEW", "ALL"})
  void pausingTwiceIsPausingOnce(PauseMode mode) {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 4));

    harness.scheduler.pause(mode);
    harness.scheduler.pause(mode);
    assertThat(harness.step()).isEmpty();
    harness.scheduler.resume();
    harness.scheduler.resume();

    assertThat(harness.step()).isEqualTo("1/0@0+5");
  }

  static Stream<Arguments> policies() {
    Supplier<SchedulingPolicy> test = TestPolicy::new;
    Supplier<SchedulingPolicy> fcfs = ContinuousBatchingPolicy::fcfs;
    Supplier<SchedulingPolicy> urgent = ContinuousBatchingPolicy::withPriorities;
    return Stream.of(test, fcfs, urgent).flatMap(policy -> Stream.of(1, 2, 5, 9)
        .map(pausedAfter -> Arguments.of(policy, pausedAfter)));
  }

  @ParameterizedTest @MethodSource("policies")
  void resumedScheduleIsThatWithoutAPause(Supplier<SchedulingPolicy> policy, int pausedAfter) {
    assertThat(steps(policy, pausedAfter)).isEqualTo(steps(policy, Integer.MAX_VALUE));
  }

  @Test void scheduleThatAPauseChangesIsSeen() {
    int[] numPlans = new int[1];
    Supplier<SchedulingPolicy> countsPlans = () -> step -> {
      if (numPlans[0]++ % 2 == 0 || step.running().size() == 0) {
        TestPolicy.everybody(step);
      } else {
        TestPolicy.running(step);
      }
    };
    List<String> without = steps(countsPlans, Integer.MAX_VALUE);
    numPlans[0] = 0;

    assertThat(steps(countsPlans, 1)).isNotEqualTo(without);
  }

  /** The steps of a crowded run; paused for a while after so many of them. */
  private static List<String> steps(Supplier<SchedulingPolicy> policy, int pausedAfter) {
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(14)
        .wrapPolicy(ignored -> policy.get()).build();
    for (int id = 1; id <= 8; id++) {
      harness.add(asking(id, 3 + 2 * id, SamplingParameters.greedy(5 + id))
          .priority(id % 3).build());
    }
    List<String> steps = new ArrayList<>();
    while (!harness.scheduler.isIdle()) {
      steps.add(harness.step());
      if (steps.size() == pausedAfter) {
        harness.scheduler.pause(PauseMode.ALL);
        for (int paused = 0; paused < 5; paused++) {
          assertThat(harness.step()).isEmpty();
        }
        harness.scheduler.resume();
      }
    }
    return steps;
  }

  @Test void pausedAdmissionTakesNobodysPlace() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumSeqs(2))
        .wrapPolicy(ignored -> ContinuousBatchingPolicy.withPriorities()).build()
        .add(request(1, 5, 9), request(2, 5, 9));
    harness.step();
    harness.add(asking(3, 5, SamplingParameters.greedy(2)).priority(-1).build());

    harness.scheduler.pause(PauseMode.NEW);

    assertThat(harness.step()).isEqualTo("1/0@5+1 2/0@5+1");
    assertThat(harness.heard.events("preempt")).isEmpty();
  }

  // ---- caps

  @Test void capsBelowWhatRunsDropNothing() {
    Request[] requests = {request(1, 5, 6), request(2, 5, 6), request(3, 5, 4), request(4, 5, 3)};
    SchedulerHarness harness = SchedulerHarness.create().add(requests);
    harness.step();

    harness.scheduler.setCaps(new LiveCaps(1, 32, 8));

    assertThat(harness.step()).isEqualTo("1/0@5+1 2/0@5+1 3/0@5+1 4/0@5+1");
    assertThat(harness.scheduler.stats().numRunning()).isEqualTo(4);
    harness.run().assertRanAsIfAlone(requests);
    assertThat(harness.heard.events("preempt")).isEmpty();
  }

  @Test void nobodyIsAdmittedUntilTheRunningAreFewerThanTheCap() {
    SchedulerHarness harness = SchedulerHarness.create()
        .add(request(1, 5, 3), request(2, 5, 4), request(3, 5, 9));
    harness.step(step -> {
      TestPolicy.scheduleAll(step, step.waiting().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(1));
    });

    harness.scheduler.setCaps(new LiveCaps(1, 32, 8));

    assertThat(harness.step()).isEqualTo("1/0@5+1 2/0@5+1");
    assertThat(harness.step()).isEqualTo("1/0@6+1 2/0@6+1");
    assertThat(harness.step()).isEqualTo("2/0@7+1");
    assertThat(harness.step()).isEqualTo("3/0@0+5");
  }

  @Test void capOnTokensCutsTheNextStep() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 20, 3));

    harness.scheduler.setCaps(new LiveCaps(4, 7, 8));
    assertThat(harness.step()).isEqualTo("1/0@0+7 unsampled");
    harness.scheduler.setCaps(CAPS);

    assertThat(harness.step()).isEqualTo("1/0@7+13");
  }

  @Test void capOnTheWaitingDropsNobody() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3), request(2, 5, 3));

    harness.scheduler.setCaps(new LiveCaps(4, 32, 1));

    assertThat(harness.tryAdd(request(3, 5, 3)).message())
        .isEqualTo("request 3: 2 sequences wait and it brings 1, at most 1 may wait");
    harness.run().assertRanAsIfAlone(request(1, 5, 3), request(2, 5, 3));
  }

  @Test void preemptedSequenceReturnsAlthoughTheWaitingAreFull() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumWaiting(1)).build().add(request(1, 5, 3));
    harness.step();
    harness.add(request(2, 5, 3));

    harness.step(step -> step.preempt(step.running().get(0)));

    assertThat(harness.scheduler.stats().numWaiting()).isEqualTo(2);
    harness.run().assertRanAsIfAlone(request(1, 5, 3), request(2, 5, 3));
  }

  @Test void capsOutOfRangeChangeNothing() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 20, 3));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.scheduler.setCaps(new LiveCaps(1, 33, 8)))
        .withMessage("maxNumBatchedTokens is 33, must be 1 to 32");

    harness.plan(step -> assertThat(step.numFreeSlots()).isEqualTo(4));
  }

  // ---- reset of the prefix cache

  @Test void resetForgetsPrefixesWhenNothingRuns() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 9, 2)).run();
    assertThat(harness.cache.numCachedBlocks()).isPositive();

    assertThat(harness.scheduler.resetPrefixCache(false, 0)).isTrue();

    assertThat(harness.cache.numCachedBlocks()).isZero();
  }

  @Test void resetIsRefusedWhileSomebodyHoldsBlocks() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 9, 4));
    harness.step();
    int numCached = harness.cache.numCachedBlocks();

    assertThat(harness.scheduler.resetPrefixCache(false, 0)).isFalse();

    assertThat(harness.cache.numCachedBlocks()).isEqualTo(numCached);
    assertThat(harness.scheduler.stats().numRunning()).isEqualTo(1);
  }

  @Test void resetThatPreemptsComputesEverythingAgain() {
    Request[] requests = {request(1, 9, 4), request(2, 6, 4)};
    SchedulerHarness harness = SchedulerHarness.create().add(requests);
    harness.step();

    assertThat(harness.scheduler.resetPrefixCache(true, 0)).isTrue();
    harness.scheduler.checkIntegrity();

    assertThat(harness.heard.events("preempt")).containsExactly(
        "preempt 2/0 for -1 RESET tokens 6 blocks 2", "preempt 1/0 for -1 RESET tokens 9 blocks 3");
    assertThat(harness.step()).isEqualTo("1/0@0+10 2/0@0+7");
    harness.run().assertRanAsIfAlone(requests).assertAllReturned();
  }

  @Test void resetDeliversWhatIsInFlight() {
    Request request = request(1, 9, 4);
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(3)).build().add(request);
    harness.plan();
    harness.plan();

    assertThat(harness.scheduler.resetPrefixCache(true, 0)).isTrue();

    assertThat(harness.plan().numRows()).isZero(); // It awaits both tokens.
    harness.drain();
    harness.assertBeganAsIfAlone(request, 0, 2);
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void resetIsRefusedUntilTransfersAreComplete() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 9, 4));
    harness.step();
    int block = harness.cache.block(harness.sequence(1).handle(), 0);
    harness.cache.pin(block);

    assertThat(harness.scheduler.resetPrefixCache(true, 0)).isFalse();
    assertThat(harness.scheduler.resetPrefixCache(true, 0)).isFalse();
    assertThat(harness.heard.events("preempt")).hasSize(1);
    harness.cache.unpin(block);

    assertThat(harness.scheduler.resetPrefixCache(true, 0)).isTrue();
    harness.run().assertRanAsIfAlone(request(1, 9, 4)).assertAllReturned();
  }

  @Test void nobodysPlaceIsTakenWhileAFailedStepsPrefixesArePinned() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 9, 4), request(2, 9, 4));
    harness.plan(step -> step.schedule(step.waiting().get(0), 9));
    int block = harness.cache.block(harness.sequence(1).handle(), 0);
    harness.cache.pin(block);
    harness.executor.failStep(1);
    harness.drain();

    harness.step(step -> assertThat(TestPolicy.scheduleAll(step, step.waiting().get(0)))
        .isEqualTo(Grant.BLOCKED));

    harness.cache.unpin(block);
    harness.run().assertRanAsIfAlone(request(2, 9, 4)).assertAllReturned();
  }

  @Test void resetInOverlapGivesTheSameTokens() {
    Request[] requests = {request(1, 9, 9), request(2, 6, 9), samples(3, 7, 5, 2)};
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4)).build().add(requests);
    for (int i = 0; !harness.scheduler.isIdle(); i++) {
      if (harness.scheduler.canPlan()) {
        harness.plan();
      } else {
        harness.complete();
      }
      if (i % 7 == 3) {
        harness.scheduler.resetPrefixCache(true, 0);
      }
      if (harness.scheduler.canPlan() && harness.executor.numInFlight() > 0 && i % 2 == 0) {
        harness.complete();
      }
    }

    harness.assertRanAsIfAlone(requests).assertAllReturned();
  }

  @Test void requestThatSkipsTheCacheComputesItsWholePrompt() {
    int[] prompt = SchedulerHarness.prompt(1, 9);
    SchedulerHarness harness = SchedulerHarness.create()
        .add(Request.builder(1, prompt).sampling(SamplingParameters.greedy(2)).build()).run();
    Request reader = Request.builder(2, prompt).sampling(SamplingParameters.greedy(2)).build();
    Request skipper =
        Request.builder(3, prompt).sampling(SamplingParameters.greedy(2)).skipCacheRead().build();

    harness.add(reader, skipper);

    assertThat(harness.step()).isEqualTo("2/0@8+1 3/0@0+9");
    harness.run().assertRanAsIfAlone(reader, skipper);
  }

  // ---- stop

  @Test void stoppedSampleEndsWithTheTokensKept() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 9));
    harness.step();
    harness.step();
    harness.step();

    assertThat(harness.scheduler.stop(1, 0, 2, harness.now)).isTrue();

    assertThat(harness.heard.events("finish"))
        .containsExactly("finish 1/0 STOP tokens 2 at 1000");
    harness.assertAllReturned();
  }

  @Test void stopKeepsNoMoreThanWasDelivered() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 9));
    harness.step();
    for (int numKept : new int[] {-1, 2}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> harness.scheduler.stop(1, 0, numKept, harness.now))
          .withMessage("request 1 sample 0: numTokensKept is " + numKept + ", must be 0 to 1");
    }
    harness.run().assertRanAsIfAlone(request(1, 5, 9));
  }

  @Test void stopEndsOneSampleAndLeavesTheOthers() {
    Request request = samples(1, 5, 4, 3);
    SchedulerHarness harness = SchedulerHarness.create().add(request);
    harness.step();
    harness.step();

    assertThat(harness.scheduler.stop(1, 1, 1, harness.now)).isTrue();
    assertThat(harness.scheduler.stop(1, 1, 1, harness.now)).isFalse();

    harness.run().assertAllReturned();
    assertThat(harness.heard.reason(1, 1)).isEqualTo(FinishReason.STOP);
    harness.assertRanAsIfAlone(request, 0);
    harness.assertRanAsIfAlone(request, 2);
  }

  @Test void onlyWhatLivesCanBeStopped() {
    SchedulerHarness harness = SchedulerHarness.create().add(samples(1, 5, 4, 3));

    assertThat(harness.scheduler.stop(2, 0, 0, harness.now)).isFalse();
    assertThat(harness.scheduler.stop(1, 3, 0, harness.now)).isFalse();
    assertThat(harness.scheduler.stop(1, -1, 0, harness.now)).isFalse();
    assertThat(harness.scheduler.stop(1, 1, 0, harness.now)).isFalse(); // Not forked yet.
    assertThat(harness.heard.events("finish")).isEmpty();
  }

  @Test void stoppedSequenceHearsNothingOfWhatIsInFlight() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(4)).build().add(request(1, 5, 9));
    harness.plan();
    harness.complete();
    harness.plan();
    harness.plan();

    harness.scheduler.stop(1, 0, 1, harness.now);
    harness.drain();

    harness.assertBeganAsIfAlone(request(1, 5, 9), 0, 1);
    assertThat(harness.scheduler.stats().numDiscardedRows()).isEqualTo(2);
    harness.assertAllReturned();
  }

  // ---- transfers

  @Test void resultOfTransfersAloneReachesTheListenerAndNoStep() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 4));
    harness.plan();
    harness.result.reset(StepResult.TRANSFERS_ONLY, 0);
    harness.result.addFinishedTransfer(7);
    harness.result.addFinishedTransfer(9);

    harness.scheduler.update(harness.result, 1500);

    assertThat(harness.heard.events("transfer"))
        .containsExactly("transfer 7 at 1500", "transfer 9 at 1500");
    assertThat(harness.scheduler.stats().numInFlight()).isEqualTo(1);
    harness.drain().run().assertRanAsIfAlone(request(1, 5, 4));
  }

  @Test void transfersThatCompleteWithAStepReachTheListenerAfterItsTokens() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 1));
    harness.plan();
    harness.executor.completeNext();
    harness.executor.poll(harness.result);
    harness.result.addFinishedTransfer(7);

    harness.scheduler.update(harness.result, harness.now);

    assertThat(harness.heard.events).containsSubsequence("finish 1/0 LENGTH tokens 1 at 1000",
        "transfer 7 at 1000");
  }
}
