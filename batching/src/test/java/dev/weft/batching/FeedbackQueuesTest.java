package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.batching.policies.FeedbackQueues;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import org.junit.jupiter.api.Test;

/**
 * Plans worked out by hand: a step takes as many nanoseconds as it has tokens, at most 16, and so
 * does a prompt; quanta of 4, 8 and 16.
 */
final class FeedbackQueuesTest {
  private final FeedbackQueues queues =
      new FeedbackQueues(new long[] {4, 8, 16}, numTokens -> numTokens, 1_000);
  private final SchedulingPolicy policy = queues.toBuilder().build();

  /** Prompts of 1 to 4 join the first level, 5 to 8 the second, all others the third. */
  @Test void promptDecidesWhereARequestJoins() {
    TestServer server = TestServer.of(policy, 100);
    int[] numPromptTokens = {1, 4, 5, 8, 9, 16, 99};
    int[] levels = {0, 0, 1, 1, 2, 2, 2};
    for (int i = 0; i < levels.length; i++) {
      server.add(i, numPromptTokens[i], 1);
    }

    for (int i = 0; i < levels.length; i++) {
      assertThat(queues.of(server.scheduler().waiting().get(i))).as("request %d", i)
          .isEqualTo(levels[i]);
    }
  }

  /**
   * 1 joins the third level, 2 the first, and goes before it: 4 and 12 tokens, 16 ns for both. 2
   * has used up 4 ns and moves to the second level, 1 has not exceeded 16. 3 joins the first level
   * and finds no slot: it takes that of 1, the lowest.
   */
  @Test void shortPromptGoesFirstAndTakesThePlaceOfALongOne() {
    TestServer server = TestServer.of(policy, 100,
        TestServer.limits().maxNumSeqs(2).build());
    server.add(1, 12, 30).add(2, 4, 30);

    assertThat(server.step()).isEqualTo("2:4 1:12");
    assertThat(level(server, 2)).isEqualTo(1);
    assertThat(level(server, 1)).isEqualTo(2);
    server.add(3, 4, 30);
    assertThat(server.step()).isEqualTo("3:4 2:1 -1");

    TestServer fcfs = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100);
    assertThat(fcfs.add(1, 12, 30).add(2, 4, 30).step()).isEqualTo("1:12 2:4");
  }

  /**
   * 1 computes a prompt of 40 in the third level; of each step it gets what 2 leaves, which falls
   * to the second level after 16 ns and to the third after 13 more. There 1 was admitted first.
   */
  @Test void upperLevelsGetTheirTokensFirst() {
    TestServer server = TestServer.of(policy, 100);
    server.add(1, 40, 5);
    assertThat(server.step()).isEqualTo("1:16");
    server.add(2, 4, 5);

    assertThat(server.step()).isEqualTo("2:4 1:12");
    assertThat(server.step()).isEqualTo("2:1 1:12");
    assertThat(server.step()).isEqualTo("1:1 2:1");
  }

  /**
   * 4 ns for the prompt are the quantum; with 1 more it moves down, then after 9 more, and no more.
   */
  @Test void levelFallsWithService() {
    TestServer server = TestServer.of(policy, 100);
    server.add(1, 4, 60);
    server.step();
    assertThat(level(server, 1)).isZero();
    server.step();
    assertThat(level(server, 1)).isEqualTo(1);
    for (int i = 0; i < 8; i++) {
      server.step();
    }
    assertThat(level(server, 1)).isEqualTo(1);
    server.step();
    assertThat(level(server, 1)).isEqualTo(2);
    for (int i = 0; i < 40; i++) {
      server.step();
    }
    assertThat(level(server, 1)).isEqualTo(2);
  }

  /** One slot; 1 lost it at 0 to requests of the first level that arrive one after the other. */
  @Test void whoGotNothingForLongMovesUp() {
    TestServer server = TestServer.of(policy, 100, TestServer.limits().maxNumSeqs(1).build());
    server.add(1, 16, 30);
    assertThat(server.step()).isEqualTo("1:16");
    server.add(2, 4, 1).add(3, 4, 1).add(4, 4, 1);
    assertThat(server.step()).isEqualTo("2:4 -1");
    server.setTime(999);
    assertThat(server.step()).isEqualTo("3:4");
    server.setTime(1_200);
    assertThat(server.step()).isEqualTo("1:16"); // Came before 4, which is in the first level too.
    assertThat(server.step()).isEqualTo("1:1"); // 16 ns would be more than the quantum there.
  }

  /** Its row was in flight when it lost its blocks: it stays where it was put into the list. */
  @Test void levelOfAWaitingSequenceStays() {
    TestServer server = TestServer.of(policy, 100, TestServer.limits().maxInFlight(2).build());
    server.add(1, 4, 30);
    server.plan();
    SequenceView sequence = server.scheduler().running().get(0);
    server.plan(); // 2 steps of 4 and 1 ns are in flight.
    server.scheduler().resetPrefixCache(true, 0);
    server.complete();
    server.complete();

    assertThat(sequence.status()).isEqualTo(SequenceStatus.WAITING);
    assertThat(queues.of(sequence)).isZero();
  }

  @Test void thereIsALevel() {
    assertThatThrownBy(() -> new FeedbackQueues(new long[0], numTokens -> 0, 1).toBuilder())
        .hasMessageContaining("levels is 0");
  }

  private long level(TestServer server, long requestId) {
    for (int i = 0; i < server.scheduler().running().size(); i++) {
      if (server.scheduler().running().get(i).requestId() == requestId) {
        return queues.of(server.scheduler().running().get(i));
      }
    }
    throw new AssertionError("request " + requestId + " does not run");
  }
}
