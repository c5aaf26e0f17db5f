package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SchedulingPolicy;
import org.junit.jupiter.api.Test;

/** When the oldest sequence is ended because nothing gets on: after 3 empty steps here. */
final class StallWatchTest {
  private static final SchedulerLimits LIMITS = TestServer.limits().maxNumEmptySteps(3).build();
  /** Admits whoever is first, once, and gives no other row. */
  private static final SchedulingPolicy ONE_ROW_EACH = step -> {
    if (step.waiting().size() > 0) {
      step.schedule(step.waiting().get(0), 4);
    }
  };

  @Test void oldestEndsWhenNothingGetsOn() {
    TestServer server = TestServer.of(ONE_ROW_EACH, 4, LIMITS);
    server.add(1, 8, 1);
    server.step();

    server.step();
    server.step();
    assertThat(numStalled(server)).isZero();
    server.step();
    assertThat(numStalled(server)).isEqualTo(1);
  }

  @Test void promptsThatWaitForEachOthersBlocksDoNotWaitForEver() {
    SchedulingPolicy neverPreempts = step -> {
      for (int i = 0; i < step.running().size(); i++) {
        step.schedule(step.running().get(i), Math.min(4,
            step.numPendingTokens(step.running().get(i))));
      }
      for (int i = 0; i < step.waiting().size(); i++) {
        step.schedule(step.waiting().get(i), 4);
      }
    };
    TestServer server = TestServer.of(neverPreempts, 4, LIMITS);
    server.add(1, 12, 1).add(2, 12, 1);
    for (int i = 0; i < 9; i++) {
      server.step();
    }

    assertThat(numStalled(server)).isEqualTo(1);
    assertThat(server.scheduler().stats().numFinished(FinishReason.LENGTH)).isEqualTo(1);
  }

  @Test void transferUnderWayIsNoStall() {
    TestKvCache cache = TestKvCache.withoutPrefixes(4, 4);
    TestServer server = TestServer.of(ONE_ROW_EACH, cache, LIMITS);
    server.add(1, 8, 1).add(2, 8, 1);
    server.step();
    server.step();
    cache.pin(cache.block(server.scheduler().running().get(1).handle(), 0));
    server.scheduler().abort(2, 0); // Its block comes back by itself, some day.
    for (int i = 0; i < 10; i++) {
      server.step();
    }

    assertThat(numStalled(server)).isZero();
  }

  private static long numStalled(TestServer server) {
    SchedulerStats stats = server.scheduler().stats();
    return stats.numFinished(FinishReason.NO_PROGRESS);
  }
}
