package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.SeedReport;
import dev.weft.testkit.conformance.Difference;
import dev.weft.testkit.conformance.Level;
import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioCase;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The vllm profile against the rules written down plainly, in scenarios that nobody recorded; and
 * the plain rules against the goldens, so that both sides are known to be right.
 */
final class DifferentialTest {
  private static final int NUM_SEEDS = Integer.getInteger("weft.scenarios", 1000);

  @Test void randomScenariosAreEqual() {
    Map<String, Integer> seen = new TreeMap<>();
    SeedReport report = new SeedReport("simulator", "vllm");
    for (long seed : report.seeds(0, NUM_SEEDS)) {
      report.run(seed, () -> {
        Scenario scenario = RandomScenario.of(seed);
        Map<String, Object> expected = new NaiveRun(scenario).run();
        count(expected, seen);

        assertThat(new ScenarioCase("random", scenario, expected)
            .compare(ProfileDriver::vllm, Level.IDENTITY).stream().limit(5)).isEmpty();
      });
    }
    System.out.println(NUM_SEEDS + " random scenarios, steps with " + seen);
  }

  /** The vllm profile equals both, so both are equal. */
  @Test void thePlainRulesAreThoseOfTheGoldens() {
    for (ScenarioCase golden : Goldens.all("conformance")) {
      assertPlain(golden.scenario());
    }
  }

  @Test void theDifferencesAreThoseToThePlainRules() throws IOException {
    for (ScenarioCase difference : DifferencesPage.scenarios()) {
      if (difference.golden() == null) {
        assertPlain(difference.scenario());
      }
    }
  }

  private static void assertPlain(Scenario scenario) {
    Map<String, Object> plain = new NaiveRun(scenario).run();

    List<Difference> differences = new ScenarioCase("plain rules", scenario, plain)
        .compare(ProfileDriver::vllm, Level.IDENTITY);

    assertThat(differences.stream().limit(5)).isEmpty();
  }

  private static void count(Map<String, Object> run, Map<String, Integer> seen) {
    for (Object step : (List<?>) run.get("steps")) {
      String record = step.toString();
      for (String what : List.of("preempted", "skipped", "padded", "resumed,", "accepted",
          "aborted", "released", "drafts_pending", "events")) {
        seen.merge(what, record.contains(what) ? 1 : 0, Integer::sum);
      }
    }
    seen.merge("end " + ((Map<?, ?>) run.get("final")).get("end"), 1, Integer::sum);
  }
}
