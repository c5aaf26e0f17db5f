package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.gpuexecutor.PagedRunner.Placement;
import dev.weft.gpuexecutor.PagedRunner.Setting;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PagedReferenceTest {
  private static final int ANY = Integer.MAX_VALUE;
  private static final Setting PLAIN = new Setting(ANY, 1024, Placement.ASCENDING, 1);

  static Stream<Arguments> settings() {
    return Stream.of("target", "draft")
        .flatMap(
            model ->
                Stream.of(
                        PLAIN,
                        new Setting(1, 64, Placement.ASCENDING, 1),
                        new Setting(7, 200, Placement.REVERSED, 2),
                        new Setting(ANY, 333, Placement.SHUFFLED, 3),
                        new Setting(1, 22, Placement.SHUFFLED, 2))
                    .map(setting -> Arguments.of(model, setting)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"target", "draft"})
  void logitsAreThoseOfTorch(String model) throws Exception {
    List<ReferenceData.Prompt> prompts = ReferenceData.prompts(model);
    List<float[][]> logits = logits(model, PLAIN);
    for (int i = 0; i < prompts.size(); i++) {
      ReferenceData.Prompt prompt = prompts.get(i);
      for (int r = 0; r < prompt.logitPositions().length; r++) {
        float[] actual = logits.get(i)[prompt.logitPositions()[r]];
        float difference = largestDifference(actual, prompt.logits()[r]);
        assertThat(difference).as(prompt.name()).isLessThan(ReferenceData.LOGIT_TOLERANCE);
      }
    }
  }

  /** Logits behind all tokens of prompt and continuation. */
  private static List<float[][]> logits(String model, Setting setting) throws Exception {
    List<int[]> sequences =
        ReferenceData.prompts(model).stream().map(ReferenceData.Prompt::all).toList();
    try (PagedRunner runner = new PagedRunner(ReferenceData.model(model), setting)) {
      return runner.logits(sequences);
    }
  }

  private static float largestDifference(float[] a, float[] b) {
    float largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  @ParameterizedTest
  @MethodSource("settings")
  void greedyContinuationsAreThoseOfTorch(String model, Setting setting) throws Exception {
    List<ReferenceData.Prompt> prompts = ReferenceData.prompts(model);
    List<int[]> tokens = prompts.stream().map(ReferenceData.Prompt::tokens).toList();
    try (PagedRunner runner = new PagedRunner(ReferenceData.model(model), setting)) {
      List<int[]> continuations = runner.greedy(tokens, 64);
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(continuations.get(i))
            .as(prompts.get(i).name())
            .isEqualTo(prompts.get(i).greedy());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"target", "draft"})
  void logitsHaveTheSameBitsHoweverComputed(String model) throws Exception {
    List<float[][]> plain = logits(model, PLAIN);
    List<Setting> others =
        List.of(
            new Setting(1, 64, Placement.REVERSED, 1),
            new Setting(7, 200, Placement.SHUFFLED, 2),
            new Setting(ANY, 333, Placement.REVERSED, 3),
            new Setting(40, 97, Placement.ASCENDING, 2));
    for (Setting setting : others) {
      List<float[][]> other = logits(model, setting);
      for (int i = 0; i < plain.size(); i++) {
        assertThat(other.get(i)).as("%s, prompt %d", setting, i).isDeepEqualTo(plain.get(i));
      }
    }
  }
}
