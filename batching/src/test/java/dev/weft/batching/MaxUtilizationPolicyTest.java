package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.policies.GuaranteedNoEvictPolicy;
import dev.weft.batching.policies.MaxUtilizationPolicy;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences. */
final class MaxUtilizationPolicyTest {
  private static final SchedulerLimits WIDE =
      TestServer.limits().maxNumBatchedTokens(64).maxNumAdapters(1).build();

  /**
   * Each prompt takes 2 of 5 blocks, so both fit now, though they come to 4 each. In the second
   * step 1 takes the last block and 2, last in the list, pauses itself; 3 is behind it and waits,
   * though 2 blocks are free. 1 has its 8 tokens after step 8; then 2 computes its prompt and its
   * token again.
   */
  @Test void asManyAsFitNowRunAndTheLastPauses() {
    TestServer server = TestServer.of(new MaxUtilizationPolicy(), 5);
    server.add(1, 8, 8).add(2, 8, 8);

    assertThat(server.step()).isEqualTo("1:8 2:8");
    server.add(3, 4, 1);
    assertThat(server.step()).isEqualTo("1:1 -2");
    for (int i = 0; i < 6; i++) {
      assertThat(server.step()).isEqualTo("1:1"); // 2 needs 3 blocks of 2, and ends the list.
    }
    assertThat(server.step()).isEqualTo("2:9 3:4");
  }

  /** Each holds 2 of 4 blocks; 1 needs a third, and gets it from 2, though that needs none yet. */
  @Test void lastOfTheListPaysForAnEarlierOne() {
    TestServer server = TestServer.of(new MaxUtilizationPolicy(), 4);
    server.add(1, 8, 4).add(2, 6, 4);

    assertThat(server.step()).isEqualTo("1:8 2:6");
    assertThat(server.step()).isEqualTo("1:1 -2");
  }

  /** The same requests come to 8 blocks, so that the second waits for the first. */
  @Test void noEvictAdmitsLess() {
    TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), 5);

    assertThat(server.add(1, 8, 8).add(2, 8, 8).step()).isEqualTo("1:8");
  }

  /**
   * One adapter a step: 2 is passed over, 3 runs. When 1 has ended, 2 is ahead of 3 in the list and
   * needs 3 blocks, of which 1 is free: the last one behind it that has started is 3, with 5
   * blocks.
   */
  @Test void earlierOneTakesTheBlocksOfALaterOne() {
    assertThat(secondStep(new MaxUtilizationPolicy())).isEqualTo("2:12 -3");
    assertThat(secondStep(ContinuousBatchingPolicy.fcfs())).isEqualTo("3:1");
  }

  private static String secondStep(SchedulingPolicy policy) {
    TestServer server = TestServer.of(policy, 6, WIDE);
    server.add(TestServer.request(1, 4, 1).adapterId(7))
        .add(TestServer.request(2, 12, 2).adapterId(8)).add(3, 16, 8);
    assertThat(server.step()).isEqualTo("1:4 3:16");
    return server.step();
  }

  /** 2 holds 5 of 7 blocks after its decode; 3 is more urgent, needs 4, and there are 1 + 2. */
  @Test void nobodyPausesWhereThatWouldNotHelp() {
    TestServer server = TestServer.of(new MaxUtilizationPolicy(), 8, WIDE);
    server.add(TestServer.request(1, 4, 8).priority(5)).add(TestServer.request(2, 16, 8));
    assertThat(server.step()).isEqualTo("2:16 1:4");
    server.step(); // 5 and 2 blocks, 1 is free.
    server.add(TestServer.request(3, 16, 8).priority(1));

    assertThat(server.step()).isEqualTo("2:1 1:1");
  }

  /** The prompt of 2 has 10 tokens to go, 1 decodes: of 8 tokens a step it gets 1 first. */
  @Test void decodesGoBeforeChunks() {
    TestServer server = TestServer.of(new MaxUtilizationPolicy(), 50,
        TestServer.limits().maxNumBatchedTokens(8).build());
    server.add(TestServer.request(1, 2, 8).priority(5)).add(TestServer.request(2, 16, 8));
    assertThat(server.step()).isEqualTo("2:8");
    assertThat(server.step()).isEqualTo("2:8");
    assertThat(server.step()).isEqualTo("2:1 1:2");
    server.add(TestServer.request(3, 16, 8).priority(-1));

    assertThat(server.step()).isEqualTo("2:1 1:1 3:6");
  }

  @Test void greatestPrioritiesKeepTheirOrder() {
    TestServer server = TestServer.of(new MaxUtilizationPolicy(), 50,
        TestServer.limits().maxNumSeqs(1).build());
    server.add(TestServer.request(1, 4, 1).priority(Integer.MAX_VALUE)).add(2, 4, 1)
        .add(TestServer.request(3, 4, 1).priority(Integer.MIN_VALUE));

    assertThat(server.step()).isEqualTo("3:4");
    assertThat(server.step()).isEqualTo("2:4");
  }
}
