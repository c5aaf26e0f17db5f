package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatencyRecorderTest {
  private final LatencyRecorder latencies = new LatencyRecorder();

  @Test
  void nothingRecordedIsZero() {
    assertThat(latencies.quantile(0.5)).isZero();
  }

  @Test
  void aQuantileIsTheSmallestThatIsReached() {
    for (long nanos = 2000; nanos > 0; nanos--) {
      latencies.add(nanos);
    }

    assertThat(latencies.quantile(0.5)).isEqualTo(1000);
    assertThat(latencies.quantile(0.99)).isEqualTo(1980);
    assertThat(latencies.quantile(1)).isEqualTo(2000);
    assertThat(latencies.count()).isEqualTo(2000);
  }
}
