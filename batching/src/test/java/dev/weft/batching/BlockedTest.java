package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sequences that wait for something outside. */
final class BlockedTest {
  private final SchedulerHarness harness = SchedulerHarness.create();

  private static Request blocked(long id, BlockReason reason) {
    return asking(id, 5, SamplingParameters.greedy(3)).blockedBy(reason).build();
  }

  @ParameterizedTest @EnumSource
  void blockedSequenceIsInNoListAndStopsNobody(BlockReason reason) {
    Request free = request(2, 5, 3);
    harness.add(blocked(1, reason), free);

    assertThat(harness.scheduler.stats().numBlocked()).isEqualTo(1);
    assertThat(harness.scheduler.stats().numWaiting()).isEqualTo(1);
    while (harness.heard.reason(2, 0) == null) {
      harness.step();
    }
    harness.step();

    harness.assertRanAsIfAlone(free);
    assertThat(harness.heard.reason(1, 0)).isNull();
    assertThat(harness.scheduler.isIdle()).isFalse();
    assertThat(harness.scheduler.hasWork()).isFalse();
  }

  @Test void unblockedSequenceTakesThePlaceOfItsArrival() {
    Request first = blocked(1, BlockReason.REMOTE_KV);
    harness.add(first, request(2, 5, 3));

    assertThat(harness.scheduler.unblock(1)).isTrue();

    assertThat(harness.scheduler.waiting().get(0).requestId()).isEqualTo(1);
    assertThat(harness.scheduler.stats().numBlocked()).isZero();
    harness.run().assertRanAsIfAlone(first, request(2, 5, 3)).assertAllReturned();
  }

  @Test void onlyWhatIsBlockedCanBeUnblocked() {
    harness.add(blocked(1, BlockReason.HOST), request(2, 5, 3));

    assertThat(harness.scheduler.unblock(1)).isTrue();
    assertThat(harness.scheduler.unblock(1)).isFalse();
    assertThat(harness.scheduler.unblock(2)).isFalse();
    assertThat(harness.scheduler.unblock(99)).isFalse();
    harness.run();
    assertThat(harness.scheduler.unblock(1)).isFalse();
  }

  @Test void blockedSequenceExpires() {
    harness.add(asking(1, 5, SamplingParameters.greedy(3)).blockedBy(BlockReason.ADAPTER)
        .deadlineNanos(2000).build());
    harness.now = 2000;

    harness.plan();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.DEADLINE);
    assertThat(harness.scheduler.stats().numBlocked()).isZero();
    harness.assertAllReturned();
  }

  @Test void blockedSequenceIsAborted() {
    harness.add(blocked(1, BlockReason.MASK));

    assertThat(harness.abort(1)).isTrue();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ABORT);
    harness.assertAllReturned();
  }

  @Test void blockedSequenceEndsAtShutdown() {
    harness.add(blocked(1, BlockReason.MASK));

    harness.scheduler.shutDown(harness.now);

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.SHUTDOWN);
    harness.assertAllReturned();
  }

  @Test void samplesOfABlockedRequestAreBornAfterIt() {
    Request request = asking(1, 5, SamplingParameters.builder().maxNewTokens(3).temperature(1)
        .numSamples(3).build()).blockedBy(BlockReason.HOST).build();
    harness.add(request);
    harness.step();

    harness.scheduler.unblock(1);

    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }
}
