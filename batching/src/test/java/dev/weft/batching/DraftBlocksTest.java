package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.TestDrafts.right;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SequenceView;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Drafts take no block that somebody else needs. Blocks are of 4 positions. */
final class DraftBlocksTest {
  private static SchedulerHarness harness(TestKvCache cache) {
    return SchedulerHarness.builder().cache(cache)
        .limits(limits -> limits.maxNumDraftTokens(3)).build();
  }

  @Test void draftsOpenABlockThatIsFree() {
    Request request = request(1, 6, 9);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(8, 4)).add(request);
    harness.step();
    harness.propose(1, 0, right(harness, request, 1, 3));

    assertThat(harness.step()).as("positions 6 to 9").isEqualTo("1/0@6+4 drafts 3");
    assertThat(harness.cache.numBlocks(harness.sequence(1).handle())).isEqualTo(3);
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void draftsEvictNobody() {
    Request cached = request(1, 16, 1);
    Request request = request(2, 6, 9);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(6, 4)).add(cached);
    harness.run(); // It leaves four blocks that can be found.
    harness.add(request).step();
    harness.propose(2, 0, right(harness, request, 1, 3));

    assertThat(harness.step()).as("to the end of the block").isEqualTo("2/0@6+2 drafts 1");
    assertThat(harness.cache.numEvictions()).isZero();
    assertThat(harness.cache.numCachedBlocks()).isGreaterThanOrEqualTo(4);
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void draftsGiveWayToAKnownTokenOfTheSameStep() {
    Request drafted = request(1, 6, 9);
    Request plain = request(2, 8, 9);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(5, 4)).add(drafted, plain);
    harness.step();
    harness.propose(1, 0, right(harness, drafted, 1, 3));
    List<Integer> budgets = new ArrayList<>();

    String rows = harness.step(step -> {
      step.schedule(step.running().get(0), 4);
      budgets.add(step.tokenBudget());
      assertThat(step.schedule(step.running().get(1), 1)).isEqualTo(Grant.GRANTED);
      assertThat(step.numScheduledTokens(step.running().get(0))).isEqualTo(2);
      budgets.add(step.tokenBudget());
    });

    assertThat(rows).isEqualTo("1/0@6+2 drafts 1 2/0@8+1");
    assertThat(budgets).as("two drafts given back, one token taken").containsExactly(28, 29);
    harness.run().assertRanAsIfAlone(drafted, plain).assertAllReturned();
  }

  @Test void draftsGiveWayToAnAdmission() {
    Request drafted = request(1, 6, 9);
    Request waiting = request(2, 11, 2);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(5, 4)).add(drafted);
    harness.step();
    harness.propose(1, 0, right(harness, drafted, 1, 3));
    harness.add(waiting);

    assertThat(harness.step()).isEqualTo("1/0@6+2 drafts 1 2/0@0+11");
    assertThat(harness.scheduler.stats().numPreemptions()).isZero();
    harness.run().assertRanAsIfAlone(drafted, waiting).assertAllReturned();
  }

  @Test void blockOfRejectedDraftsIsTakenBack() {
    Request drafted = request(1, 6, 9);
    Request waiting = request(2, 11, 2);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(5, 4)).add(drafted);
    harness.step();
    harness.propose(1, 0, 96, 95, 94).step();
    SequenceView held = harness.sequence(1);
    assertThat(harness.cache.numBlocks(held.handle())).as("kept").isEqualTo(3);
    harness.add(waiting);

    assertThat(harness.step()).isEqualTo("1/0@7+1 2/0@0+11");
    assertThat(harness.scheduler.stats().numPreemptions()).isZero();
    harness.run().assertRanAsIfAlone(drafted, waiting).assertAllReturned();
  }

  @Test void draftsStayWhereTheirBlocksWouldNotBeEnough() {
    Request drafted = request(1, 6, 9);
    Request large = request(2, 16, 2);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(5, 4)).add(drafted);
    harness.step();
    harness.propose(1, 0, right(harness, drafted, 1, 3));
    harness.add(large);

    String rows = harness.step(step -> {
      step.schedule(step.running().get(0), 4);
      assertThat(step.schedule(step.waiting().get(0), 16)).isEqualTo(Grant.NO_BLOCKS);
    });

    assertThat(rows).isEqualTo("1/0@6+4 drafts 3");
    harness.run().assertRanAsIfAlone(drafted, large).assertAllReturned();
  }

  @Test void pinnedBlockIsNotTakenBack() {
    Request drafted = request(1, 6, 9);
    Request waiting = request(2, 11, 2);
    SchedulerHarness harness = harness(TestKvCache.withPrefixes(5, 4)).add(drafted);
    harness.step();
    harness.propose(1, 0, 96, 95, 94).step();
    int block = harness.cache.block(harness.sequence(1).handle(), 2);
    harness.cache.pin(block);
    harness.add(waiting);

    assertThat(harness.step(step ->
        assertThat(step.schedule(step.waiting().get(0), 11)).isEqualTo(Grant.NO_BLOCKS)))
        .isEmpty();
    harness.cache.unpin(block);
    harness.run().assertRanAsIfAlone(drafted, waiting).assertAllReturned();
  }

  @Test void draftsInFlightKeepTheirBlocks() {
    Request drafted = request(1, 6, 9);
    Request waiting = request(2, 11, 2);
    SchedulerHarness harness = SchedulerHarness.builder().cache(TestKvCache.withPrefixes(5, 4))
        .limits(limits -> limits.maxNumDraftTokens(3).maxInFlight(2)).build().add(drafted);
    harness.step();
    harness.propose(1, 0, right(harness, drafted, 1, 3)).plan();
    harness.add(waiting);

    assertThat(harness.plan().isEmpty()).isTrue();
    harness.complete();
    harness.run().assertRanAsIfAlone(drafted, waiting).assertAllReturned();
  }
}
