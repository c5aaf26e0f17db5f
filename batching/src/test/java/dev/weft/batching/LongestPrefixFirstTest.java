package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.policies.LongestPrefixFirst;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 8 tokens a step. */
final class LongestPrefixFirstTest {
  private static Request.Builder beginningLike1(long id, int numShared, int numPromptTokens) {
    return beginningLike1(id, numShared, numPromptTokens, 1);
  }

  private static Request.Builder beginningLike1(
      long id, int numShared, int numPromptTokens, int numNewTokens) {
    int[] prompt = new int[numPromptTokens];
    Arrays.setAll(prompt, i -> i < numShared ? 1_000 + i : (int) (id * 1_000 + i));
    return Request.builder(id, prompt)
        .sampling(SamplingParameters.builder().maxNewTokens(numNewTokens).seed(1L).build());
  }

  /** A server that has computed the first 8 tokens of request 1, which are 2 blocks. */
  private static TestServer server(WaitingOrder order) {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.builder().order(order).build(),
        TestKvCache.withPrefixes(100, 4), TestServer.limits().maxNumBatchedTokens(8).build());
    server.add(beginningLike1(1, 8, 8));
    assertThat(server.step()).isEqualTo("1:8");
    return server;
  }

  /**
   * 2 has no cached block, 3 has one, 4 has two: 4 needs 12 - 8 tokens, 3 then 8 - 4, which is all
   * 8 of the step. First come, first served would give all 8 to 2.
   */
  @Test void longestCachedPrefixGoesFirst() {
    TestServer server = server(new LongestPrefixFirst());
    server.add(beginningLike1(2, 0, 8)).add(beginningLike1(3, 4, 8))
        .add(beginningLike1(4, 8, 12));

    assertThat(server.step()).isEqualTo("4:4 3:4");
    assertThat(server.step()).isEqualTo("2:8");

    TestServer fcfs = server(WaitingOrder.ARRIVAL);
    fcfs.add(beginningLike1(2, 0, 8)).add(beginningLike1(3, 4, 8)).add(beginningLike1(4, 8, 12));
    assertThat(fcfs.step()).isEqualTo("2:8");
  }

  @Test void prefixThatIsComputedMeanwhileCounts() {
    TestServer server = server(new LongestPrefixFirst());
    server.add(beginningLike1(2, 8, 16)); // 8 tokens to go, of which the first 4 fill a block.
    assertThat(server.step()).isEqualTo("2:8");
    server.add(beginningLike1(3, 8, 12));
    int[] like2 = new int[16];
    Arrays.setAll(like2, i -> i < 8 ? 1_000 + i : 2_000 + i);
    server.add(Request.builder(4, like2).sampling(SamplingParameters.greedy(1)));

    assertThat(server.step()).isEqualTo("4:4 3:4"); // 12 cached against 8.
  }

  @Test void whoHasWaitedTooLongGoesFirst() {
    TestServer server = server(new LongestPrefixFirst(128, 100));
    server.add(beginningLike1(2, 0, 8));
    server.setTime(99);
    server.add(beginningLike1(3, 8, 16));
    assertThat(server.step()).isEqualTo("3:8"); // 2 has waited for 99.
    server.add(beginningLike1(4, 8, 16));
    server.setTime(100);

    assertThat(server.step()).isEqualTo("2:8");
  }

  @Test void longListIsServedByArrival() {
    TestServer server = server(new LongestPrefixFirst(2, 1_000));
    server.add(beginningLike1(2, 0, 8)).add(beginningLike1(3, 0, 8)).add(beginningLike1(4, 8, 16));

    assertThat(server.step()).isEqualTo("2:8"); // 3 wait, one more than are sorted.
    assertThat(server.step()).isEqualTo("4:8");
    assertThat(server.step()).isEqualTo("3:8");
  }

  /**
   * 2 had two cached blocks when it was admitted, and runs while the list becomes a long one. 3 and
   * 2 end in the third step, and 9 and 10 get their handles: what was looked up for 2 is not for
   * 10.
   */
  @Test void prefixOfAnEarlierRequestIsForgottenWithIt() {
    TestServer server = server(new LongestPrefixFirst(2, 1_000));
    server.add(beginningLike1(2, 8, 16, 3));
    assertThat(server.step()).isEqualTo("2:8");
    for (int id = 3; id <= 8; id++) {
      server.add(beginningLike1(id, 0, 8));
    }
    assertThat(server.step()).isEqualTo("2:1 3:7");
    assertThat(server.step()).isEqualTo("2:1 3:1 4:6");
    server.add(beginningLike1(9, 0, 8)).add(beginningLike1(10, 0, 8));

    assertThat(server.step()).isEqualTo("4:2 5:6");
  }
}
