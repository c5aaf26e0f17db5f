package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.policies.DeadlineOrder;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulingPolicy;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand; every request has 4 prompt tokens. */
final class DeadlineOrderTest {
  private static Request.Builder wanting(long targetNanos, long id, int numNewTokens) {
    return TestServer.request(id, 4, numNewTokens)
        .hints(new RequestHints(0, targetNanos, 0, 0, new long[0]));
  }

  private static TestServer server(SchedulingPolicy policy, int maxNumSeqs) {
    return TestServer.of(policy, 100,
        TestServer.limits().maxNumSeqs(maxNumSeqs).maxNumBatchedTokens(64).build());
  }

  private static SchedulingPolicy policy() {
    return new DeadlineOrder(0, 0).toBuilder().build();
  }

  /**
   * One at a time. Deadlines: 1 at 100, 2 at 50, 3 at 10 + 100. At 0 the earliest is 2. At 90
   * request 1 has waited for 90, which is 0.9 of 100 and can still make it; at 91 it is late, and
   * 3, which has waited for 81, goes first.
   */
  @Test void earliestDeadlineFirstAndTheLateLast() {
    for (long now : new long[] {90, 91}) {
      TestServer server = server(policy(), 1);
      server.add(wanting(100, 1, 1)).add(wanting(50, 2, 1));
      assertThat(server.step()).isEqualTo("2:4");
      server.setTime(10);
      server.add(wanting(100, 3, 1));

      server.setTime(now);
      assertThat(server.step()).isEqualTo(now == 90 ? "1:4" : "3:4");
      assertThat(server.step()).isEqualTo(now == 90 ? "3:4" : "1:4");
    }
  }

  @Test void firstComeFirstServedKnowsNoDeadlines() {
    TestServer server = server(ContinuousBatchingPolicy.fcfs(), 1);

    assertThat(server.add(wanting(100, 1, 1)).add(wanting(50, 2, 1)).step()).isEqualTo("1:4");
  }

  /**
   * At 46 all six are late, and go by arrival, four at once; 7 can make it and needs no such place.
   */
  @Test void fewLateOnesRunAtOnce() {
    TestServer server = server(policy(), 8);
    for (int id = 1; id <= 6; id++) {
      server.add(wanting(50 - id % 2, id, id == 1 ? 1 : 3));
    }
    server.setTime(46);
    server.add(wanting(50, 7, 3));

    assertThat(server.step()).isEqualTo("7:4 1:4 2:4 3:4 4:4");
    assertThat(server.step()).isEqualTo("7:1 2:1 3:1 4:1 5:4"); // 1 has ended.
    assertThat(server.step()).isEqualTo("7:1 2:1 3:1 4:1 5:1");
    assertThat(server.step()).isEqualTo("5:1 6:4");
  }

  @Test void whoHasNoTargetComesAfterAllThatHave() {
    TestServer server = server(policy(), 1);
    server.add(wanting(0, 1, 1)).add(wanting(0, 2, 1)).add(wanting(1_000_000, 3, 1));

    assertThat(server.step()).isEqualTo("3:4");
    server.setTime(1L << 40); // However long they wait, they are not late.
    server.add(wanting(10, 4, 1));
    assertThat(server.step()).isEqualTo("4:4");
    assertThat(server.step()).isEqualTo("1:4");
  }

  @Test void targetOfThePolicyIsForThoseWithoutAHint() {
    TestServer server = server(new DeadlineOrder(40, 0).toBuilder().build(), 1);
    server.add(wanting(50, 1, 1)).add(wanting(0, 2, 1));

    assertThat(server.step()).isEqualTo("2:4");
  }

  /** Who is late is noticed with the interval, not before. */
  @Test void latenessIsNoticedOnceInAnInterval() {
    TestServer server = server(new DeadlineOrder(0, 1_000).toBuilder().build(), 1);
    server.step();
    server.add(wanting(100, 1, 1)).add(wanting(2_000, 2, 1));
    server.setTime(999);
    server.add(wanting(5_000, 3, 1));

    assertThat(server.step()).isEqualTo("1:4");
    server.add(TestServer.request(4, 4, 1).arrivalNanos(0)
        .hints(new RequestHints(0, 100, 0, 0, new long[0])));
    server.setTime(1_000);
    assertThat(server.step()).isEqualTo("2:4");
  }
}
