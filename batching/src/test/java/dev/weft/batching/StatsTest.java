package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerStats;
import org.junit.jupiter.api.Test;

/** What a scheduler counts and reports beside tokens. */
final class StatsTest {
  private final SchedulerHarness harness = SchedulerHarness.builder()
      .limits(limits -> limits.maxNumDraftTokens(2)).build();
  private final SchedulerStats stats = harness.scheduler.stats();

  @Test void stepsAreCountedAndEmptyOnesApart() {
    harness.step();
    harness.add(request(1, 5, 3)).run();

    assertThat(stats.numSteps()).isEqualTo(4);
    assertThat(stats.numEmptySteps()).isEqualTo(1);
  }

  @Test void scheduledTokensAndChunksAreCounted() {
    harness.add(request(1, 40, 2)).run();

    assertThat(stats.numScheduledTokens()).isEqualTo(41);
    assertThat(stats.numChunkedRows()).isEqualTo(1);
    assertThat(stats.numOutputTokens()).isEqualTo(2);
    assertThat(stats.numRecomputedTokens()).isZero();
  }

  @Test void draftsCountAsScheduledAndRejectedOnesNotAsRecomputed() {
    harness.add(request(1, 5, 9)).step();
    harness.propose(1, 0, 0, 0).step();
    harness.step();

    assertThat(stats.numScheduledTokens()).isEqualTo(5 + 3 + 1);
    assertThat(stats.numRecomputedTokens()).isZero();
  }

  @Test void recomputedTokensAreThoseThatPreemptionLost() {
    SchedulerHarness plain = SchedulerHarness.builder().plainBlocks(64).build()
        .add(request(1, 9, 9));
    plain.step();
    plain.step();
    plain.step(step -> step.preempt(step.running().get(0)));

    plain.step();

    assertThat(plain.scheduler.stats().numPreemptions()).isEqualTo(1);
    assertThat(plain.scheduler.stats().numRecomputedTokens()).isEqualTo(10);
    assertThat(plain.scheduler.stats().numWithdrawnRows()).isZero();
  }

  @Test void withdrawnRowsAreCountedApart() {
    harness.add(request(1, 9, 9)).step(step -> {
      TestPolicy.everybody(step);
      step.preempt(step.waiting().get(0));
    });

    assertThat(stats.numPreemptions()).isEqualTo(1);
    assertThat(stats.numWithdrawnRows()).isEqualTo(1);
    assertThat(stats.numScheduledTokens()).isZero();
  }

  @Test void prefixesAreCountedOncePerRequest() {
    harness.add(request(1, 9, 2)).run();
    Request same = Request.builder(2, SchedulerHarness.prompt(1, 9))
        .sampling(SamplingParameters.greedy(4)).build();
    harness.add(same).step();
    harness.step(step -> step.preempt(step.running().get(0)));
    harness.step();

    assertThat(stats.numPrefixQueryTokens()).isEqualTo(18);
    assertThat(stats.numPrefixHitTokens()).isEqualTo(8);
  }

  @Test void presentLoadIsShown() {
    harness.add(request(1, 5, 9), request(2, 8, 9), request(3, 5, 9));
    harness.plan(step -> {
      TestPolicy.scheduleAll(step, step.waiting().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(1));
    });

    assertThat(stats.numRunning()).isEqualTo(2);
    assertThat(stats.numWaiting()).isEqualTo(1);
    assertThat(stats.numInFlight()).isEqualTo(1);
    assertThat(stats.kvUsage()).isEqualTo(4 / 64.0);
    assertThat(harness.scheduler.hasWork()).isTrue();
    assertThat(harness.scheduler.isIdle()).isFalse();
    assertThat(harness.scheduler.canPlan()).isFalse();
  }

  @Test void slotThatMustBeDetachedIsWork() {
    harness.add(request(1, 5, 1)).step();

    assertThat(harness.scheduler.isIdle()).isTrue();
    assertThat(harness.scheduler.hasWork()).isTrue();
    harness.step();
    assertThat(harness.scheduler.hasWork()).isFalse();
  }

  // ---- what listeners hear

  @Test void logprobsComeWithEachTokenOfWhoAskedForThem() {
    harness.add(request(2, 5, 3), asking(1, 5, SamplingParameters.builder().maxNewTokens(3)
        .numLogprobs(2).build()).build()).run();

    assertThat(harness.heard.events("logprob")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      assertThat(harness.heard.events("logprob").get(i)).startsWith(
          "logprob 1/0 #" + i + " token " + harness.heard.tokens(1, 0).get(i) + " -");
    }
  }

  @Test void logprobsComeWithEachAcceptedDraft() {
    Request request = asking(1, 5, SamplingParameters.builder().maxNewTokens(9)
        .numLogprobs(0).build()).build();
    harness.add(request).step();
    int[] drafts = harness.alone(request, 0).subList(1, 3).stream().mapToInt(t -> t).toArray();

    harness.propose(1, 0, drafts).step();

    assertThat(harness.heard.events("logprob")).hasSize(4);
    assertThat(harness.heard.events("logprob").get(3)).startsWith(
        "logprob 1/0 #3 token " + harness.heard.tokens(1, 0).get(3) + " -");
  }

  @Test void everyAdmissionIsToldWithWhatWasFound() {
    harness.add(request(1, 9, 9)).step();
    harness.now = 2000;
    harness.step(step -> step.preempt(step.running().get(0)));
    harness.step();

    assertThat(harness.heard.events("admit")).containsExactly(
        "admit 1/0 cached 0 at 1000", "admit 1/0 cached 8 at 2000");
  }

  @Test void preemptionNamesWhoDidNotFit() {
    SchedulerHarness scarce = SchedulerHarness.builder().plainBlocks(5).build()
        .add(request(1, 8, 9), request(2, 8, 9));
    scarce.step();

    scarce.run();

    assertThat(scarce.heard.events("preempt").get(0))
        .isEqualTo("preempt 2/0 for 2 POLICY tokens 8 blocks 2");
  }

  @Test void addIsToldWithTheNumberOfSamplesAndTheSeed() {
    harness.add(samples(7, 5, 1, 3));

    assertThat(harness.heard.events("add")).containsExactly("add 7 x3 at 1000");
    assertThat(harness.heard.seed(7)).isEqualTo(7);
  }
}
