package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** The line against the spot values that it was drawn through. */
final class StepTimeTest {
  private static final int CONTEXT = 1024;

  @Test void decodesTakeAboutAsLongAsMeasured() {
    assertThat(decodeMillis(1)).isCloseTo(7.1, within(0.3));
    assertThat(decodeMillis(32)).isCloseTo(8.6, within(0.3));
    assertThat(decodeMillis(128)).isCloseTo(13.5, within(0.5));
    assertThat(decodeMillis(256)).isCloseTo(20.6, within(0.5));
  }

  @Test void promptTakesAboutAsLongAsMeasured() {
    assertThat(StepTime.H100_8B.nanos(2048, 0) / 1e6).isCloseTo(41, within(1.0));
  }

  private static double decodeMillis(int numSequences) {
    return StepTime.H100_8B.nanos(numSequences, (long) numSequences * CONTEXT) / 1e6;
  }
}
