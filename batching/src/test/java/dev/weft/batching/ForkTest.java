package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.StepPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples of one request: one sequence until its prompt is computed, then several. */
final class ForkTest {
  private final SchedulerHarness harness = SchedulerHarness.create();
  private final Request request = samples(1, 6, 4, 3);

  @Test void samplesBeginInTheStepThatComputesThePrompt() {
    harness.add(request);
    assertThat(harness.step()).isEqualTo("1/0@0+6");
    assertThat(harness.scheduler.stats().numForks()).isEqualTo(2);
    assertThat(harness.scheduler.stats().numRunning()).isEqualTo(3);

    assertThat(harness.step()).isEqualTo("1/0@6+1 1/1@5+1 1/2@5+1");

    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void samplesDoNotBeginWithAChunk() {
    Request longer = samples(1, 40, 4, 2);
    harness.add(longer);

    assertThat(harness.step()).isEqualTo("1/0@0+32 unsampled");
    assertThat(harness.scheduler.stats().numForks()).isZero();
    assertThat(harness.step()).isEqualTo("1/0@32+8");
    assertThat(harness.scheduler.stats().numForks()).isEqualTo(1);

    harness.run().assertRanAsIfAlone(longer);
  }

  @Test void everySampleDrawsWithItsOwnSeed() {
    Request seeded = asking(7, 6, SamplingParameters.builder().maxNewTokens(2).temperature(1)
        .seed(42).numSamples(3).build()).build();
    harness.add(seeded);
    StepPlan plan = harness.plan();
    assertThat(plan.attachedSeed(0)).isEqualTo(42);
    harness.drain();

    plan = harness.plan();

    assertThat(plan.numAttached()).isEqualTo(2);
    for (int i = 0; i < 2; i++) {
      assertThat(plan.attachedSampleIndex(i)).isEqualTo(i + 1);
      assertThat(plan.attachedSeed(i)).isEqualTo(SequenceSeed.ofSample(42, i + 1));
      assertThat(plan.attachedNumPromptTokens(i)).isEqualTo(6);
    }
    harness.drain().run().assertRanAsIfAlone(seeded);
    assertThat(harness.heard.tokens(7, 0)).isNotEqualTo(harness.heard.tokens(7, 1));
  }

  @Test void samplesOfARequestWithoutASeedDrawWithTheDerivedOne() {
    Request unseeded = asking(7, 6, SamplingParameters.builder().maxNewTokens(9).temperature(1)
        .numSamples(3).build()).build();
    SchedulerHarness seeded = SchedulerHarness.builder().seed(99).build();

    seeded.add(request(1, 5, 1), unseeded).run();

    assertThat(seeded.heard.seed(7)).isEqualTo(SequenceSeed.ofRequest(99, 1));
    seeded.assertRanAsIfAlone(unseeded);
  }

  @Test void samplesShareTheBlocksOfThePrompt() {
    harness.add(samples(1, 8, 4, 3));
    harness.step();
    assertThat(harness.cache.numFreeBlocks()).isEqualTo(64 - 2);

    harness.step();

    // The leader began a block of its own; the others copied the second one of the prompt.
    assertThat(harness.cache.numFreeBlocks()).isEqualTo(64 - 2 - 1 - 2);
    assertThat(harness.scheduler.stats().numBlockCopies()).isEqualTo(2);
  }

  @Test void lastOfThoseWhoShareABlockWritesItInPlace() {
    harness.add(samples(1, 6, 4, 2));
    harness.step();

    harness.step();

    assertThat(harness.scheduler.stats().numBlockCopies()).isEqualTo(1);
    harness.run().assertRanAsIfAlone(samples(1, 6, 4, 2));
  }

  // ---- no room for all

  @Test void sampleThatFindsNoSlotWaitsAndStillSaysItsTokens() {
    Request beside = request(2, 5, 9);
    harness.add(beside, request(3, 5, 9), request);
    harness.step();

    assertThat(harness.scheduler.stats().numForks()).isEqualTo(1);
    assertThat(harness.scheduler.waiting().size()).isEqualTo(1);
    assertThat(harness.scheduler.waiting().get(0).sampleIndex()).isEqualTo(2);
    harness.run().assertRanAsIfAlone(beside, request(3, 5, 9), request).assertAllReturned();
  }

  @Test void sampleThatWaitsFindsThePromptInTheCache() {
    Request longer = samples(1, 9, 4, 4);
    SchedulerHarness narrow = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumSeqs(4).maxNumWaiting(8)).build();
    narrow.add(request(2, 5, 2), longer);
    narrow.step();

    assertThat(narrow.step()).isEqualTo("2/0@5+1 1/0@9+1 1/1@8+1 1/2@8+1");
    assertThat(narrow.step()).isEqualTo("1/0@10+1 1/1@9+1 1/2@9+1 1/3@8+1");
    narrow.run().assertRanAsIfAlone(longer);
  }

  @Test void samplesThatSkipTheCacheStillShareThePrompt() {
    Request skipping = Request.builder(1, SchedulerHarness.prompt(1, 9)).skipCacheRead()
        .sampling(SamplingParameters.builder().temperature(1).seed(5).maxNewTokens(3)
            .numSamples(2).build()).build();
    harness.add(skipping);
    harness.step();

    assertThat(harness.step()).isEqualTo("1/0@9+1 1/1@8+1");

    harness.run().assertRanAsIfAlone(skipping);
  }

  @ParameterizedTest @ValueSource(ints = {4, 5, 6, 8, 13})
  void fewBlocksGiveTheSameTokens(int numBlocks) {
    SchedulerHarness scarce = SchedulerHarness.builder().plainBlocks(numBlocks).build();
    Request[] requests = {samples(1, 6, 6, 4), samples(2, 9, 5, 2)};

    scarce.add(requests).run().assertRanAsIfAlone(requests).assertAllReturned();
  }

  @ParameterizedTest @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 33})
  void promptOfAnyLengthIsShared(int numPromptTokens) {
    Request any = samples(1, numPromptTokens, 9, 4);

    harness.add(any).run().assertRanAsIfAlone(any).assertAllReturned();

    assertThat(harness.scheduler.stats().numForks()).isEqualTo(3);
  }

  @ParameterizedTest @CsvSource({"1, 4", "2, 4", "3, 5", "4, 9"})
  void overlapGivesTheSameTokens(int maxInFlight, int numBlocks) {
    SchedulerHarness overlapping = SchedulerHarness.builder()
        .cache(TestKvCache.withPrefixes(numBlocks, SchedulerHarness.BLOCK_SIZE))
        .limits(limits -> limits.maxInFlight(maxInFlight)).build();
    Request[] requests = {samples(1, 6, 6, 4), samples(2, 9, 5, 2)};

    overlapping.add(requests).run().assertRanAsIfAlone(requests).assertAllReturned();
  }

  // ---- preemption

  @Test void preemptedLeaderForksOnce() {
    harness.add(request);
    harness.step();
    harness.step(step -> step.preempt(step.running().get(0)));

    harness.run().assertRanAsIfAlone(request).assertAllReturned();

    assertThat(harness.scheduler.stats().numForks()).isEqualTo(2);
  }

  @Test void leaderWhosePromptRowIsWithdrawnForksLater() {
    harness.add(request);

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 6);
      step.preempt(step.waiting().get(0));
    });

    assertThat(harness.scheduler.stats().numForks()).isZero();
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void sampleWithoutARowYetMayBePreempted() {
    harness.add(request);
    harness.step();

    harness.step(step -> {
      step.preempt(step.running().get(2));
      TestPolicy.running(step);
    });

    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  // ---- ends before and after the fork

  @Test void abortBeforeTheForkEndsEverySampleOnce() {
    harness.add(request);

    assertThat(harness.abort(1)).isTrue();

    assertThat(harness.heard.events("finish")).containsExactly("finish 1/0 ABORT tokens 0 at 1000",
        "finish 1/1 ABORT tokens 0 at 1000", "finish 1/2 ABORT tokens 0 at 1000");
    harness.assertAllReturned();
  }

  @Test void abortAfterTheForkEndsEverySampleOnce() {
    harness.add(request);
    harness.step();
    harness.step();

    assertThat(harness.abort(1)).isTrue();
    assertThat(harness.abort(1)).isFalse();

    assertThat(harness.heard.events("finish")).containsExactly("finish 1/0 ABORT tokens 2 at 1000",
        "finish 1/1 ABORT tokens 1 at 1000", "finish 1/2 ABORT tokens 1 at 1000");
    harness.assertAllReturned();
  }

  @Test void abortWhileThePromptIsInFlightEndsThoseJustBorn() {
    harness.add(request);
    harness.plan();

    harness.abort(1);
    harness.drain();

    assertThat(harness.heard.events("finish")).hasSize(3);
    assertThat(harness.heard.tokens(1, 0)).isEmpty();
    harness.assertAllReturned();
  }

  @ParameterizedTest @ValueSource(ints = {0, 1, 2, 3})
  void deadlineEndsEverySampleOnce(int numSteps) {
    Request due = asking(1, 6, SamplingParameters.builder().temperature(1).seed(1).maxNewTokens(9)
        .numSamples(3).build()).deadlineNanos(2000).build();
    harness.add(request(2, 5, 1), due);
    for (int i = 0; i < numSteps; i++) {
      harness.step();
    }
    harness.now = 2000;

    harness.run().assertAllReturned();

    assertThat(harness.heard.events("finish 1/")).hasSize(3)
        .allMatch(end -> end.contains("DEADLINE"));
    for (int sample = 0; sample < 3; sample++) {
      harness.assertBeganAsIfAlone(due, sample, harness.heard.tokens(1, sample).size());
    }
  }

  @Test void deadlineWithReusedHandlesEndsEverySampleOnce() {
    harness.add(request(5, 3, 1), request(6, 3, 2), request(7, 3, 3)).run();
    Request due = asking(1, 6, SamplingParameters.builder().temperature(1).seed(1).maxNewTokens(9)
        .numSamples(3).build()).deadlineNanos(2000).build();
    harness.add(due);
    harness.now = 2000;

    harness.step();

    assertThat(harness.heard.events("finish 1/")).hasSize(3);
    harness.assertAllReturned();
  }

  @Test void sampleWithoutATokenCannotBeStopped() {
    harness.add(request);
    assertThat(harness.scheduler.stop(1, 0, 0, harness.now)).isFalse();
    harness.step();

    assertThat(harness.scheduler.stop(1, 1, 0, harness.now)).isFalse(); // Forked, and silent yet.

    harness.run().assertRanAsIfAlone(request);
  }

  @Test void stopOfTheLeaderAfterTheForkLeavesTheOthers() {
    harness.add(request);
    harness.step();
    harness.step();

    harness.scheduler.stop(1, 0, 1, harness.now);

    harness.run().assertAllReturned();
    harness.assertRanAsIfAlone(request, 1);
    harness.assertRanAsIfAlone(request, 2);
  }

  @Test void leaderThatEndsWithItsFirstTokenLeavesTheOthers() {
    harness.add(request);
    harness.step();
    harness.scheduler.stop(1, 0, 1, harness.now);

    harness.run().assertAllReturned();

    harness.assertRanAsIfAlone(request, 1);
    harness.assertRanAsIfAlone(request, 2);
  }

  @Test void failedPromptRowEndsTheLeaderAndLeavesTheOthers() {
    harness.add(request);
    harness.executor.failRow(1, 0);

    harness.run().assertAllReturned();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
    harness.assertRanAsIfAlone(request, 1);
    harness.assertRanAsIfAlone(request, 2);
  }

  @Test void failedChunkEndsAllSamples() {
    harness.add(samples(1, 40, 3, 3));
    harness.executor.failRow(1, 0);

    harness.run().assertAllReturned();

    assertThat(harness.heard.events("finish")).hasSize(3).allMatch(end -> end.contains("ERROR"));
  }

  @Test void samplesThatEndInAnyOrderGiveTheirHandlesBack() {
    for (int round = 0; round < 10; round++) {
      Request next = samples(1 + round, 6, 4, 3);
      harness.add(next);
      harness.step();
      harness.step();
      harness.scheduler.stop(1 + round, round % 3, 1, harness.now);
      harness.run();
    }
    harness.assertAllReturned();
    assertThat(harness.scheduler.core.table.numFreeHandles()).isEqualTo(12);
  }
}
