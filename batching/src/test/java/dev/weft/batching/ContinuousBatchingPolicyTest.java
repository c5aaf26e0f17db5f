package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ContinuousBatchingPolicyTest {
  @Test void runningSequencesGoBeforeWaitingOnes() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100);
    server.add(1, 10, 3).add(2, 10, 3);

    assertThat(server.step()).isEqualTo("1:10 2:6");
    assertThat(server.step()).isEqualTo("1:1 2:4");
    assertThat(server.step()).isEqualTo("1:1 2:1");
    assertThat(server.step()).isEqualTo("2:1");
  }
}
