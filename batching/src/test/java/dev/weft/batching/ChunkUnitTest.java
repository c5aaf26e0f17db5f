package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.SchedulerLimits;
import org.junit.jupiter.api.Test;

/** Limits under which no row of a whole chunk unit fits would hold long prompts back for ever. */
final class ChunkUnitTest {
  @Test void limitsLeaveRoomForAChunk() {
    assertThatThrownBy(() -> serverWithChunksOf8(
        TestServer.limits().maxNumBatchedTokens(8).numExtraRowTokens(1)))
        .hasMessageContaining("chunkUnit of the executor is 8");
  }

  @Test void capsLeaveRoomForAChunk() {
    TestServer server = serverWithChunksOf8(TestServer.limits());

    assertThatThrownBy(() -> server.scheduler().setCaps(new LiveCaps(1, 7, 1)))
        .hasMessageContaining("rows of 7 tokens");
  }

  private static TestServer serverWithChunksOf8(SchedulerLimits.Builder limits) {
    return TestServer.of(ContinuousBatchingPolicy.fcfs(), TestKvCache.withoutPrefixes(9, 4),
        limits.build(), ExecutorSpec.builder().chunkUnit(8));
  }
}
