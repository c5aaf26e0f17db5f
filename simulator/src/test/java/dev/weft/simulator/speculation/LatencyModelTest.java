package dev.weft.simulator.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The formula against spot values and speed-ups that were computed from it elsewhere. */
final class LatencyModelTest {
  private static final int CONTEXT = 1024;

  @ParameterizedTest
  @CsvSource({"1,7.1", "8,7.45", "32,8.6", "64,10.22", "128,13.5", "256,20.6", "512,36.71"})
  void decodesTakeWhatTheSpotValuesSay(int numSequences, double millis) {
    assertThat(decode(LatencyModel.H100_8B, numSequences, 0) / 1e6)
        .isCloseTo(millis, within(0.01 * millis));
  }

  @Test void aPromptTakesWhatTheSpotValueSays() {
    assertThat(LatencyModel.H100_8B.nanosWithChunk(0, 0, 2048) / 1e6)
        .isCloseTo(41, within(0.41));
  }

  @Test void aChunkBesideDecodesTakesWhatTheSpotValueSays() {
    assertThat(LatencyModel.H100_8B.nanosWithChunk(64, 64.0 * CONTEXT, 512) / 1e6)
        .isCloseTo(16.4, within(0.164));
  }

  /** Tokens a step and drafts a step of prompt lookup on public chats, by length. */
  @ParameterizedTest
  @CsvSource({"1,8,2.62,1.61,1.61", "64,5,1.75,1.57,1.50", "128,3,1.14,1.49,1.38",
      "256,2,0.82,1.42,1.24", "512,2,0.82,1.42,1.17", "512,8,2.62,1.61,0.94"})
  void draftsSpeedUpAsComputedElsewhere(int numSequences, int length, double numDrafts,
      double numTokens, double speedUp) {
    double plain = decode(LatencyModel.H100_8B, numSequences, 0);
    double drafted = decode(LatencyModel.H100_8B, numSequences, numDrafts);

    assertThat(numTokens * plain / drafted).as("length %s", length)
        .isCloseTo(speedUp, within(0.02));
  }

  @Test void theOtherDeviceIsSlowerByItsBandwidth() {
    double ratio = decode(LatencyModel.RTX_4090_8B, 1, 0) / decode(LatencyModel.H100_8B, 1, 0);

    assertThat(ratio).isBetween(2.4, 2.9);
  }

  private static double decode(LatencyModel model, int numSequences, double numDrafts) {
    return model.nanos(
        numSequences, numSequences * (1 + numDrafts), (double) numSequences * CONTEXT);
  }
}
