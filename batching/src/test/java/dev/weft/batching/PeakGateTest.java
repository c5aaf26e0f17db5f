package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.policies.PeakGate;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 64 tokens a step. */
final class PeakGateTest {
  private static final SchedulerLimits WIDE = TestServer.limits().maxNumBatchedTokens(64).build();

  private static SchedulingPolicy peak() {
    return ContinuousBatchingPolicy.builder().gate(new PeakGate()).build();
  }

  private static Request.Builder expecting(int numExpected, Request.Builder request) {
    return request.hints(new RequestHints(numExpected, 0, 0, 0, new long[0]));
  }

  /**
   * 20 blocks are 80 tokens. A candidate holds prompt + 1 and has new - 1 tokens left:
   * <pre>
   *   1: 9 held, 39 left   peak 9 + 39 = 48                                        admitted
   *   2: 9 held, 19 left   peak max(48, 18 + 2 * 19 = 56) = 56                     admitted
   *   3: 9 held, 59 left   peak max(68, 18 + 2 * 39 = 96, 27 + 3 * 19 = 84) = 96   stays out
   * </pre>
   */
  @Test void peakThatIsToComeMustFit() {
    TestServer server = TestServer.of(peak(), 20, WIDE);
    server.add(1, 8, 40).add(2, 8, 20).add(3, 8, 60);
    assertThat(server.step()).isEqualTo("1:8 2:8");

    TestServer fcfs = TestServer.of(ContinuousBatchingPolicy.fcfs(), 20, WIDE);
    assertThat(fcfs.add(1, 8, 40).add(2, 8, 20).add(3, 8, 60).step()).isEqualTo("1:8 2:8 3:8");
  }

  /** As above, but 3 is expected to end after 10 tokens: 9 left, max(48, 56, 27 + 3 * 9 = 54). */
  @Test void expectedLengthCounts() {
    TestServer server = TestServer.of(peak(), 20, WIDE);
    server.add(1, 8, 40).add(2, 8, 20).add(expecting(10, TestServer.request(3, 8, 60)));

    assertThat(server.step()).isEqualTo("1:8 2:8 3:8");
  }

  /** 9 + 39 and 24 + 24 + 2 * 24 = 81 stay out of 80; of 81 tokens, which are 84, not. */
  @Test void peakMustStayBelowTheCache() {
    // 1: 9 held and 31 left. 2: 9 held and 31 left: 18 + 62 = 80 tokens.
    assertThat(TestServer.of(peak(), 20, WIDE).add(1, 8, 32).add(2, 8, 32).step())
        .isEqualTo("1:8");
    assertThat(TestServer.of(peak(), 21, WIDE).add(1, 8, 32).add(2, 8, 32).step())
        .isEqualTo("1:8 2:8");
  }

  /**
   * 1 has 9 tokens and 39 - 1 left after its first step, and 20 tokens with 27 left after its
   * twelfth. 2 with 9 held and 39 left: max(9 + 39, 18 + 2 * 38 = 94) at first; with 1 at t tokens
   * and 47 - t left the peak is 9 + t + 2 * (47 - t) = 103 - t, below 80 from 24 tokens on.
   */
  @Test void runningSequencesCountAsFarAsTheyHaveCome() {
    TestServer server = TestServer.of(peak(), 20, WIDE);
    server.add(1, 8, 40);
    server.step();
    server.add(2, 8, 40);
    for (int numTokens = 9; numTokens < 24; numTokens++) {
      assertThat(server.step()).as("%d tokens", numTokens).isEqualTo("1:1");
    }
    assertThat(server.step()).isEqualTo("1:1 2:8");
  }

  @Test void whoIsAloneIsAdmittedThoughItFillsTheCache() {
    TestServer server = TestServer.of(peak(), 12, WIDE); // 48 tokens; the peak is 9 + 40 = 49.
    server.add(1, 8, 41);

    assertThat(server.step()).isEqualTo("1:8");
    assertThat(server.runToEnd(50)).isEqualTo(40);
  }
}
