package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences, 16 tokens a step. */
final class PrefillFirstPolicyTest {
  @Test void promptsGoAloneAndDecodesOtherwise() {
    TestServer server = TestServer.of(new PrefillFirstPolicy(8), 100);
    server.add(1, 4, 8).add(2, 20, 8);

    assertThat(server.step()).isEqualTo("1:4 2:12");
    assertThat(server.step()).isEqualTo("2:8");
    assertThat(server.step()).isEqualTo("1:1 2:1");
    server.add(3, 4, 8);
    assertThat(server.step()).isEqualTo("3:4");
    assertThat(server.step()).isEqualTo("1:1 2:1 3:1");
  }

  @Test void decodesGetTheirTurnAfterSoManyPrefillSteps() {
    TestServer server = TestServer.of(new PrefillFirstPolicy(2), 100,
        TestServer.limits().maxNumSeqs(8).build());
    server.add(1, 4, 8);
    assertThat(server.step()).isEqualTo("1:4"); // Kept no decode waiting.
    server.add(2, 4, 8);
    assertThat(server.step()).isEqualTo("2:4");
    server.add(3, 4, 8);
    assertThat(server.step()).isEqualTo("3:4");
    server.add(4, 4, 8);

    assertThat(server.step()).isEqualTo("1:1 2:1 3:1");
    assertThat(server.step()).isEqualTo("4:4");
  }

  @Test void promptThatFindsNoBlocksLeavesTheStepToDecodes() {
    TestServer server = TestServer.of(new PrefillFirstPolicy(8), 5);
    server.add(1, 8, 3).add(2, 16, 2).add(3, 4, 2);

    assertThat(server.step()).isEqualTo("1:8");
    assertThat(server.step()).isEqualTo("1:1"); // 3 would fit but is behind 2.
    assertThat(server.step()).isEqualTo("1:1");
    assertThat(server.step()).isEqualTo("2:16");
  }

  @Test void servesAnExecutorThatCannotMix() {
    var limits = TestServer.limits().build();
    TestServer server = TestServer.of(new PrefillFirstPolicy(8),
        TestKvCache.withoutPrefixes(100, TestServer.BLOCK_SIZE), limits,
        ExecutorSpec.builder().mixesPrefillAndDecode(false));
    server.add(1, 4, 3);
    assertThat(server.step()).isEqualTo("1:4");
    server.add(2, 4, 3);

    assertThat(server.step()).isEqualTo("2:4");
    assertThat(server.step()).isEqualTo("1:1 2:1");
  }

  @Test void atLeastOnePrefillStepIsAllowed() {
    assertThatThrownBy(() -> new PrefillFirstPolicy(0)).hasMessageContaining("is 0");
  }
}
