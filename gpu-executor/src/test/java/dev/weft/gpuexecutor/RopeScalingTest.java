package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RopeScalingTest {
  private static final String LLAMA_3_1 =
      """
      {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
       "original_max_position_embeddings": 8192, "rope_type": "llama3"}
      """;

  private static @Nullable RopeScaling readOrNull(String json) throws ModelFormatException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return RopeScaling.read(JsonReader.readObject(Path.of("f"), bytes), 131072);
  }

  private static RopeScaling read(String json) throws ModelFormatException {
    return Objects.requireNonNull(readOrNull(json));
  }

  @Test
  void shortWavesStayLongOnesStretchAndTheRestIsMixed() throws Exception {
    RopeScaling scaling = read(LLAMA_3_1);
    double perWave = 2 * Math.PI;
    assertThat(scaling.scale(perWave / 100)).isEqualTo(perWave / 100);
    assertThat(scaling.scale(perWave / 2047)).isEqualTo(perWave / 2047);
    assertThat(scaling.scale(perWave / 8193)).isEqualTo(perWave / 8193 / 8);
    // A wave of 4096 positions fits twice: a third of the way from 1 to 4.
    double mixed = perWave / 4096 * (2 / 3.0 / 8 + 1 / 3.0);
    assertThat(scaling.scale(perWave / 4096)).isCloseTo(mixed, within(1e-15));
  }

  @Test
  void theEndsOfTheMixMeetTheOtherRules() throws Exception {
    RopeScaling scaling = read(LLAMA_3_1);
    double fast = 2 * Math.PI / 2048;
    double slow = 2 * Math.PI / 8192;
    assertThat(scaling.scale(fast)).isCloseTo(fast, within(1e-15));
    assertThat(scaling.scale(slow)).isCloseTo(slow / 8, within(1e-15));
  }

  @Test
  void noScalingIsNull() throws Exception {
    assertThat(readOrNull("{\"rope_type\": \"default\"}")).isNull();
    assertThat(readOrNull("{}")).isNull();
  }

  @Test
  void contradictionsAreRefused() {
    assertThatThrownBy(() -> read(LLAMA_3_1.replace("4.0", "1.0")))
        .hasMessageContaining("low_freq_factor: is 1.0, must be less than high_freq_factor 1.0");
    assertThatThrownBy(() -> read(LLAMA_3_1.replace("8.0", "0.5")))
        .hasMessageContaining("factor: is 0.5");
    assertThatThrownBy(() -> read(LLAMA_3_1.replace("8192", "131073")))
        .hasMessageContaining("original_max_position_embeddings: is 131073");
  }
}
