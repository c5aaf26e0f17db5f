package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BucketsTest {
  @Test
  void lengthsGoAsFarAsTheLongestSequence() {
    assertThat(Buckets.upTo(2)).containsExactly(1, 2);
    assertThat(Buckets.upTo(1000)).containsExactly(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000);
    assertThat(Buckets.upTo(1999)).endsWith(500, 1000);
    assertThat(Buckets.upTo(1 << 24)).endsWith(5_000_000, 10_000_000);
  }

  @Test
  void tokensOfOpenTelemetryArePowersOfFour() {
    assertThat(Buckets.OTEL_TOKENS).startsWith(1, 4, 16, 64).endsWith(67_108_864).hasSize(14);
  }
}
