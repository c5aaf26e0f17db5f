package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.SamplingParameters;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences, 16 tokens a step. */
final class DecodeFirstPolicyTest {
  @Test void promptsAreChunkedToWhatDecodesLeave() {
    TestServer server = TestServer.of(new DecodeFirstPolicy(8), 100);
    server.add(1, 4, 8).add(2, 20, 8).add(3, 4, 8);

    assertThat(server.step()).isEqualTo("1:4 2:4");
    assertThat(server.step()).isEqualTo("1:1 2:7");
    assertThat(server.step()).isEqualTo("1:1 2:7");
    assertThat(server.step()).isEqualTo("1:1 2:2 3:4"); // 1 of 8 is left, and nobody waits.
    assertThat(server.step()).isEqualTo("1:1 2:1 3:1");
  }

  @Test void everySampleIsADecodeThatPromptsYieldTo() {
    TestServer server = TestServer.of(new DecodeFirstPolicy(4), 100);
    server.add(TestServer.request(1, 4, 8).sampling(twoSamples())).add(2, 12, 8);

    assertThat(server.step()).isEqualTo("1:4");
    assertThat(server.step()).isEqualTo("1:1 1:1 2:2"); // The second sample computes one token.
    assertThat(server.step()).isEqualTo("1:1 1:1 2:2");
  }

  @Test void halfComputedPromptTakesBlocksFromTheNewest() {
    TestServer server = TestServer.of(new DecodeFirstPolicy(16), 6);
    server.add(1, 20, 2).add(2, 4, 8);

    assertThat(server.step()).isEqualTo("1:16");
    assertThat(server.step()).isEqualTo("1:4 2:4");
    assertThat(server.step()).isEqualTo("1:1 -2"); // 1 reaches a sixth block, 2 a second one.
  }

  @Test void atLeastOneTokenIsAskedFor() {
    assertThatThrownBy(() -> new DecodeFirstPolicy(0)).hasMessageContaining("is 0");
  }

  private static SamplingParameters twoSamples() {
    return SamplingParameters.builder().maxNewTokens(8).numSamples(2).seed(1L).build();
  }
}
