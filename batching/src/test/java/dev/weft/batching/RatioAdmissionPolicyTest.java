package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.batching.policies.RatioAdmissionPolicy;
import dev.weft.batching.policies.RatioGate;
import dev.weft.batching.policies.ShortestOutputFirst;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 16 tokens a step. */
final class RatioAdmissionPolicyTest {
  /**
   * 20 blocks are 80 tokens. 1 wants 8 + 40 + a block = 52 and is admitted; 72 are free then, 44 of
   * them reserved, and 2 wants 8 + 20 + 4 = 32. In the second step 1 has 39 tokens to come, of
   * which 0.7, 27.3, are reserved: 32 is below 72 - 27.3, and the prompt runs alone. The decodes
   * follow.
   */
  @Test void shareOfWhatIsToComeIsReserved() {
    TestServer server = TestServer.of(new RatioAdmissionPolicy(1, 16), 20);
    server.add(1, 8, 40).add(2, 8, 20);

    assertThat(server.step()).isEqualTo("1:8");
    assertThat(server.step()).isEqualTo("2:8");
    assertThat(server.step()).isEqualTo("1:1 2:1");

    TestServer fcfs = TestServer.of(ContinuousBatchingPolicy.fcfs(), 20);
    assertThat(fcfs.add(1, 8, 40).add(2, 8, 20).step()).isEqualTo("1:8 2:8");
  }

  /** With conservativeness 10 the ratio is 1: of 72 tokens 39 are reserved, 32 fit below 33. */
  @Test void conservativenessAdmitsLess() {
    for (int numNewTokens : new int[] {20, 21}) {
      TestServer server = TestServer.of(new RatioAdmissionPolicy(10, 16), 20);
      server.add(1, 8, 40).add(2, 8, numNewTokens);

      assertThat(server.step()).isEqualTo("1:8");
      assertThat(server.step()).isEqualTo(numNewTokens == 20 ? "2:8" : "1:1");
    }
  }

  @Test void promptsAreCutAndAdmittedBeforeDecodes() {
    TestServer server = TestServer.of(new RatioAdmissionPolicy(1, 5), 100);
    server.add(1, 8, 4).add(2, 4, 4);

    assertThat(server.step()).isEqualTo("1:5");
    assertThat(server.step()).isEqualTo("1:3 2:2");
    assertThat(server.step()).isEqualTo("2:2");
    assertThat(server.step()).isEqualTo("1:1 2:1");
  }

  /**
   * 8 blocks, a ratio of 0.07. One adapter a step: 1 ends at once, 3 is admitted with it, then 2,
   * alone. Each decode step adds a token to both, so 3 has 4 + k and 2 has 8 + k positions: k = 8
   * needs 3 + 4 blocks, k = 9 needs 4 + 5. Both have 9 tokens of output then, and 2 has the longer
   * prompt: it loses, though 3 is the newest. The ratio is then min(1, (9 + 20) / (14 + 1)) = 1: in
   * the next step 3 has 4 tokens to come and 4 blocks are free, so that 4, which wants 8 + 2 + 4
   * tokens, finds 16 - 4; at a ratio of 0.07 it would be admitted.
   */
  @Test void shortestOutputLosesItsBlocksAndTheRatioIsWorkedOutAnew() {
    TestServer server = TestServer.of(new RatioAdmissionPolicy(0.1, 16), 8,
        TestServer.limits().maxNumAdapters(1).build());
    server.add(TestServer.request(1, 4, 1).adapterId(7))
        .add(TestServer.request(2, 8, 13).adapterId(8)).add(3, 4, 14);

    assertThat(server.step()).isEqualTo("1:4 3:4");
    assertThat(server.step()).isEqualTo("2:8");
    for (int i = 1; i <= 8; i++) {
      assertThat(server.step()).isEqualTo("3:1 2:1");
    }
    assertThat(server.step()).isEqualTo("3:1 -2");
    server.scheduler().abort(2, 0);
    server.add(4, 8, 2);
    assertThat(server.step()).isEqualTo("3:1");
  }

  @Test void ratioOfTheGateDecidesAlone() {
    RatioGate gate = new RatioGate(0.5);
    assertThat(gate.ratio()).isEqualTo(0.5, within(0.0));
    gate.setRatio(0.25);
    assertThat(gate.ratio()).isEqualTo(0.25, within(0.0));
  }

  @Test void shortestOutputThenLongestPromptThenNewestLoses() {
    TestSequence needy = TestSequence.running(0, 0, 9);
    TestSequence newer = TestSequence.running(1, 0, 1);

    assertThat(new ShortestOutputFirst().select(TestFacts.running(needy, newer), needy))
        .isEqualTo(newer);
  }

  @Test void aChunkHasATokenAtLeast() {
    assertThatThrownBy(() -> new RatioAdmissionPolicy(1, 0)).hasMessageContaining("is 0");
  }
}
