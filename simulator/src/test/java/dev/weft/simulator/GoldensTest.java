package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.conformance.Difference;
import dev.weft.testkit.conformance.Level;
import dev.weft.testkit.conformance.ScenarioCase;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The vllm profile decides as vLLM did, in every recorded scenario and every field. */
final class GoldensTest {
  private static final int NUM_SCENARIOS = 280;

  @TestFactory Stream<DynamicTest> everyScenarioIsEqual() {
    return Goldens.files("conformance").stream().map(file ->
        DynamicTest.dynamicTest(String.valueOf(file.getFileName()), () -> compare(file)));
  }

  private static void compare(Path file) {
    for (ScenarioCase scenario : Goldens.read(file)) {
      List<Difference> differences = scenario.compare(ProfileDriver::vllm, Level.IDENTITY);

      assertThat(differences.stream().limit(5)).as("differences").isEmpty();
    }
  }

  @Test void noneIsMissing() {
    assertThat(Goldens.all("conformance")).hasSize(NUM_SCENARIOS)
        .allMatch(scenario -> scenario.golden() != null);
  }
}
