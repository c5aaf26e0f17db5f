package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.batching.policies.VirtualTokenCounter;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulingPolicy;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: one sequence runs at a time; prices 1 and 2. */
final class VirtualTokenCounterTest {
  private static final Offset<Double> EXACTLY = within(0.0);

  private static Request.Builder of(String tenant, long id, int numPromptTokens, int numNew) {
    return TestServer.request(id, numPromptTokens, numNew).tenant(tenant);
  }

  private static TestServer server(SchedulingPolicy policy) {
    return TestServer.of(policy, 100, TestServer.limits().maxNumSeqs(1).build());
  }

  /**
   * <pre>
   *   step 1: a and b are at 0, a came first: 1. a = 4 for the prompt + 2 for a token = 6
   *   step 2: 1 goes on. a = 8
   *   step 3: b is at 0: 4 goes before 2 and 3. b = 8 + 2 = 10
   *   step 4: a: 2. a = 8 + 4 + 2 = 14      b adds 5, and is not lifted: a waits at 14, b would be,
   *   step 5: so b = 14, and a, at 14 as well, came first: 3. a = 20
   *   step 6: b: 5.
   * </pre>
   */
  @Test void tenantThatWasGivenLeastComesNext() {
    VirtualTokenCounter counters = new VirtualTokenCounter();
    TestServer server = server(counters.toBuilder().build());
    server.add(of("a", 1, 4, 2)).add(of("a", 2, 4, 1)).add(of("a", 3, 4, 1))
        .add(of("b", 4, 8, 1));

    assertThat(server.step()).isEqualTo("1:4");
    assertThat(counters.counter("a")).isEqualTo(6, EXACTLY);
    assertThat(server.step()).isEqualTo("1:1");
    assertThat(server.step()).isEqualTo("4:8");
    assertThat(counters.counter("b")).isEqualTo(10, EXACTLY);
    assertThat(server.step()).isEqualTo("2:4");
    assertThat(counters.counter("a")).isEqualTo(14, EXACTLY);
    server.add(of("b", 5, 4, 1));
    assertThat(counters.counter("b")).isEqualTo(14, EXACTLY);
    assertThat(server.step()).isEqualTo("3:4");
    assertThat(server.step()).isEqualTo("5:4");
  }

  /** The same requests: 4 comes last. */
  @Test void firstComeFirstServedKnowsNoTenants() {
    TestServer server = server(ContinuousBatchingPolicy.fcfs());
    server.add(of("a", 1, 4, 2)).add(of("a", 2, 4, 1)).add(of("b", 4, 8, 1));

    server.step();
    server.step();
    assertThat(server.step()).isEqualTo("2:4");
  }

  /** c has never been served; a waits at 6, b at 0 has nobody waiting: c begins at 6. */
  @Test void newcomerBeginsAtTheLeastOfThoseThatWait() {
    VirtualTokenCounter counters = new VirtualTokenCounter();
    TestServer server = server(counters.toBuilder().build());
    server.add(of("b", 9, 1, 1)).add(of("a", 1, 4, 1)).add(of("a", 2, 4, 1));
    server.step(); // b: 9, so b is at 3.
    server.step(); // a: 1, so a is at 6.
    server.add(of("c", 3, 4, 1));

    assertThat(counters.counter("b")).isEqualTo(3, EXACTLY);
    assertThat(counters.counter("c")).isEqualTo(6, EXACTLY);
    server.add(of("b", 4, 4, 1));
    assertThat(counters.counter("b")).isEqualTo(6, EXACTLY);
    assertThat(server.step()).isEqualTo("4:4"); // All are at 6, and b was seen first.
  }

  /** a pays half: 4 / 2 + 2 / 2 = 3 a request of its own, b 6: two of a for one of b. */
  @Test void weightsDivideWhatIsCharged() {
    VirtualTokenCounter counters =
        new VirtualTokenCounter(1, 2, tenant -> tenant.equals("a") ? 2 : 1);
    TestServer server = server(counters.toBuilder().build());
    for (int id = 0; id < 10; id++) {
      server.add(of(id % 2 == 0 ? "a" : "b", id, 4, 1));
    }
    StringBuilder served = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      served.append(server.step()).append(' ');
    }

    // a 0, b 0; a 3, b 0; a 3, b 6; a 6, b 6; a 9, b 6; a 9, b 12.
    assertThat(served).hasToString("0:4 1:4 2:4 4:4 3:4 6:4 ");
  }

  @Test void abortedRequestsLeaveTheQueueOfTheirTenant() {
    VirtualTokenCounter counters = new VirtualTokenCounter();
    TestServer server = server(counters.toBuilder().build());
    server.add(of("a", 1, 4, 9)).add(of("b", 2, 4, 1)).add(of("a", 3, 4, 1)).add(of("c", 4, 4, 1));
    server.step();
    server.scheduler().abort(2, 0);
    server.scheduler().abort(1, 0);

    assertThat(server.step()).isEqualTo("4:4");
    assertThat(server.step()).isEqualTo("3:4");
  }

  /** A prompt is paid for once, though 2 loses its blocks and computes it again. */
  @Test void preemptionCostsTheTenantNothing() {
    VirtualTokenCounter counters = new VirtualTokenCounter();
    TestServer server =
        TestServer.of(counters.toBuilder().gate(FullPromptGate.sparingBlocks(0)).build(), 5);
    server.add(of("a", 1, 8, 8)).add(of("b", 2, 8, 8));
    server.runToEnd(40);

    assertThat(server.scheduler().stats().numPreemptions()).isPositive();
    assertThat(counters.counter("b")).isEqualTo(8 + 2 * 8, EXACTLY);
  }

  @Test void weightsArePositive() {
    SchedulingPolicy policy = new VirtualTokenCounter(1, 2, tenant -> 0).toBuilder().build();

    assertThatThrownBy(() -> server(policy).add(of("a", 1, 4, 1)).step())
        .hasRootCauseMessage("weight of tenant a is 0.0, must be above 0 and finite");
  }
}
