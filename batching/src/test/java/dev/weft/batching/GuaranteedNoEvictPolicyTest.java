package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.policies.GuaranteedNoEvictPolicy;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences, 16 tokens a step. */
final class GuaranteedNoEvictPolicyTest {
  /**
   * The last token of a sequence is never computed, so 17 tokens come to 4 blocks, 21 to 5 and 9 to
   * 3. Of 10 blocks 1 and 2 are promised 9 from the beginning, though they hold 4: 3 waits until 1
   * ends with the ninth of its steps, then 5 + 3 blocks are promised.
   */
  @Test void blocksToTheEndOfAllAreKeptFree() {
    TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), 10);
    server.add(1, 8, 9).add(2, 8, 13);

    assertThat(server.step()).isEqualTo("1:8 2:8");
    server.add(3, 4, 6);
    for (int i = 0; i < 8; i++) {
      assertThat(server.step()).isEqualTo("1:1 2:1");
    }
    assertThat(server.step()).isEqualTo("2:1 3:4");
    server.runToEnd(20);
    assertThat(server.scheduler().stats().numPreemptions()).isZero();
  }

  /** The same requests: first come, first served admits 3 at once, to 4 free blocks. */
  @Test void firstComeFirstServedAdmitsMore() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 10);
    server.add(1, 8, 9).add(2, 8, 13);

    server.step();
    server.add(3, 4, 6);
    assertThat(server.step()).isEqualTo("1:1 2:1 3:4");
  }

  /**
   * Prompt 6 and 7 new tokens are 12 positions, 3 blocks. The two further samples share the first
   * block and need 2 each: 7 of 8 blocks are promised while the prompt is computed alone, so that
   * the 2 blocks of request 2 are not free until the samples have ended.
   */
  @Test void furtherSamplesArePromisedTheirBlocks() {
    TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), 8);
    server.add(samples(1, 6, 7, 3)).add(2, 4, 5);

    assertThat(server.step()).isEqualTo("1:6");
    assertThat(server.step()).isEqualTo("1:1 1:1 1:1");
    server.runToEnd(30);
    assertThat(server.scheduler().stats().numPreemptions()).isZero();
  }

  /** 4 + 2 + 2 blocks for three samples of up to 16 positions never fit into 7: some must lose. */
  @Test void samplesThatNeverFitTogetherGetOnAllTheSame() {
    TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), 7);
    server.add(samples(1, 9, 8, 3));

    server.runToEnd(60);
    assertThat(server.scheduler().stats().numPreemptions()).isPositive();
  }

  @Test void headThatDoesNotFitLetsNobodyByButAdaptersDo() {
    TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), 10,
        TestServer.limits().maxNumAdapters(1).build());
    server.add(TestServer.request(1, 4, 13).adapterId(7))
        .add(TestServer.request(2, 4, 1).adapterId(8)).add(3, 8, 21).add(4, 4, 1);

    // 1 is promised 4 blocks. 2 lacks an adapter alone. 3 comes to 7 of 6 blocks, 4 needs 1.
    assertThat(server.step()).isEqualTo("1:4");
  }

  @Test void moreUrgentComesFirstAndTakesNobodysPlace() {
    TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), 5);
    server.add(TestServer.request(1, 4, 9).priority(5));
    server.add(TestServer.request(2, 4, 9).priority(1));

    assertThat(server.step()).isEqualTo("2:4"); // Each comes to 3 blocks.
    server.add(TestServer.request(3, 4, 9).priority(0));
    assertThat(server.step()).isEqualTo("2:1");
  }

  /** Every request fits alone with its samples; whatever comes, nobody loses blocks. */
  @Test void nobodyEverLosesItsBlocks() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int numBlocks = 12 + random.nextInt(8);
      TestKvCache cache = random.nextBoolean() ? TestKvCache.withPrefixes(numBlocks, 4)
          : TestKvCache.withoutPrefixes(numBlocks, 4);
      TestServer server = TestServer.of(new GuaranteedNoEvictPolicy(), cache, TestServer.limits()
          .maxNumSeqs(2 + random.nextInt(4)).maxNumBatchedTokens(3 + random.nextInt(20))
          .numLookaheadTokens(random.nextInt(3)).build());
      for (int id = 1; id <= 30; id++) {
        int[] prompt = random.ints(1 + random.nextInt(9), 0, 2).toArray();
        server.add(Request.builder(id, prompt).priority(random.nextInt(3))
            .sampling(SamplingParameters.builder().maxNewTokens(1 + random.nextInt(9)).seed(1L)
                .numSamples(1 + random.nextInt(2)).build()));
        server.step();
      }
      server.runToEnd(2_000);
      assertThat(server.scheduler().stats().numPreemptions()).as("seed %d", seed).isZero();
    }
  }

  private static Request.Builder samples(long id, int numPrompt, int numNew, int numSamples) {
    return TestServer.request(id, numPrompt, numNew).sampling(SamplingParameters.builder()
        .maxNewTokens(numNew).seed(1L).numSamples(numSamples).build());
  }
}
