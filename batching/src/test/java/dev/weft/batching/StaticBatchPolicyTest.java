package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.TokenMask;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences, 16 tokens a step. */
final class StaticBatchPolicyTest {
  @Test void nobodyJoinsUntilTheLastMemberHasEnded() {
    TestServer server = TestServer.of(new StaticBatchPolicy(), 100);
    server.add(1, 4, 2).add(2, 4, 3);
    assertThat(server.step()).isEqualTo("1:4 2:4");
    server.add(3, 4, 1);

    assertThat(server.step()).isEqualTo("1:1 2:1");
    assertThat(server.step()).isEqualTo("2:1");
    assertThat(server.step()).isEqualTo("3:4");
  }

  @Test void membersFitWithAllTokensTheyCanComeToHave() {
    TestServer server = TestServer.of(new StaticBatchPolicy(), 5);
    server.add(1, 4, 9).add(2, 4, 9).add(3, 4, 1); // 3 + 3 blocks of 5.

    assertThat(server.step()).isEqualTo("1:4");
  }

  @Test void whatMembersStillNeedIsPromised() {
    TestServer server = TestServer.of(new StaticBatchPolicy(), 6);
    server.add(1, 4, 9).add(2, 4, 9).add(3, 4, 1); // 3 + 3 blocks of 6, of which 2 are taken now.

    assertThat(server.step()).isEqualTo("1:4 2:4");
    assertThat(server.runToEnd(100)).isEqualTo(9);
  }

  @Test void nothingIsPromisedToWhomAMaskHoldsBack() {
    TokenMask never = (tokens, sampleIndex, words) -> false;
    TestServer server = TestServer.of(new StaticBatchPolicy(), 4);
    server.add(TestServer.request(1, 4, 9).tokenMask(never)).add(2, 4, 9); // 3 blocks of 4 each.

    assertThat(server.step()).isEqualTo("2:4");
  }
}
