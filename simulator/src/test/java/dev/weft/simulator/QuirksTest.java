package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.conformance.Difference;
import dev.weft.testkit.conformance.Level;
import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioCase;
import dev.weft.testkit.conformance.ScenarioDriver;
import dev.weft.testkit.conformance.ScenarioRun;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the recorded scheduler did wrong is not repeated; notes of scenarios say what is right. */
final class QuirksTest {
  private static final String FOLDER = "conformance/quirks";

  private static ScenarioCase quirk(String name) {
    return Goldens.all(FOLDER).stream()
        .filter(golden -> golden.scenario().name().equals(name)).findAny().orElseThrow();
  }

  private static Run run(ScenarioDriver.Factory factory, Scenario scenario) {
    return new Run(new ScenarioRun(scenario, factory).run());
  }

  static Stream<ScenarioDriver.Factory> profiles() {
    return Stream.of(ProfileDriver::vllm, ProfileDriver::standard);
  }

  // ---- quirks/stale-cache-entry

  @Test void aWithdrawnRowLeavesNothingToBeFound() {
    ScenarioCase quirk = quirk("quirks/stale-cache-entry");

    Run vllm = run(ProfileDriver::vllm, quirk.scenario());

    assertThat(vllm.row(5, "r1")).as("starts behind what was computed").containsEntry("start", 20L);
    assertThat(firstDifference(quirk)).as("equal until the entry is taken back")
        .hasToString("quirks/stale-cache-entry: step 4: cached_keys: expected 9, found 8");
  }

  @Test void anEntryTakenBackIsNotThereToBeEvicted() {
    ScenarioCase quirk = quirk("rnd-priority-pressure/002");

    assertThat(quirk.compare(ProfileDriver::vllm, Level.IDENTITY)).extracting(Difference::toString)
        .containsExactly(
            "rnd-priority-pressure/002: final.evictions: expected 115, found 114");
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void nobodyStartsBehindWhatWasComputed(ScenarioDriver.Factory profile) {
    for (ScenarioCase quirk : Goldens.all(FOLDER)) {
      Run run = run(profile, quirk.scenario());

      assertThat(new BlockTrace(quirk.scenario().config()).numUncomputed(run.steps()))
          .as(quirk.scenario().name()).isZero();
    }
  }

  // ---- quirks/pad-below-threshold

  /** That the trace sees what it is for. */
  @Test void theRecordedRunStartsBehindWhatWasComputed() {
    ScenarioCase quirk = quirk("quirks/stale-cache-entry");
    Run recorded = new Run(Map.copyOf(Objects.requireNonNull(quirk.golden())));

    assertThat(new BlockTrace(quirk.scenario().config()).numUncomputed(recorded.steps()))
        .isPositive();
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void noRowHasMoreDraftsThanRoomForThem(ScenarioDriver.Factory profile) {
    Run run = run(profile, quirk("quirks/pad-below-threshold").scenario());

    assertThat(run.rows()).isNotEmpty().allSatisfy(row -> {
      assertThat((long) row.get("start")).isNotNegative();
      assertThat((long) row.get("n")).isGreaterThan(number(row, "drafts"));
    });
    assertThat(run.end()).isEqualTo("drained");
  }

  @Test void aRowUnderALowThresholdIsNotPadded() {
    Run vllm = run(ProfileDriver::vllm, quirk("quirks/pad-below-threshold").scenario());

    assertThat(vllm.row(6, "r2")).doesNotContainKeys("padded", "drafts").containsEntry("n", 1L);
  }

  // ---- quirks/min-tokens-hang

  @ParameterizedTest
  @MethodSource("profiles")
  void theLengthOfTheModelEndsARequestWhateverItsMinimum(ScenarioDriver.Factory profile) {
    Scenario scenario = quirk("quirks/min-tokens-hang").scenario();

    Run run = run(profile, scenario);

    assertThat(run.end()).isEqualTo("drained");
    assertThat(run.finish()).containsEntry("r1", "length").containsEntry("r2", "length");
    assertThat(run.length("r1")).isEqualTo(scenario.config().maxModelLen() - 14L);
    assertThat(run.numFreeBlocks()).isEqualTo(scenario.config().numBlocks() - 1L);
  }

  private static Difference firstDifference(ScenarioCase quirk) {
    return quirk.compare(ProfileDriver::vllm, Level.IDENTITY).get(0);
  }

  private static long number(Map<?, ?> row, String field) {
    Object value = row.get(field);
    return value == null ? 0 : (long) value;
  }

  /** The record of a run, for questions. */
  private record Run(Map<String, Object> record) {
    private Map<?, ?> summary() {
      return (Map<?, ?>) record.get("final");
    }

    private Object end() {
      return summary().get("end");
    }

    private Map<Object, Object> finish() {
      return Map.copyOf((Map<?, ?>) summary().get("finish"));
    }

    private Object length(String id) {
      return ((Map<?, ?>) summary().get("output_len")).get(id);
    }

    private Object numFreeBlocks() {
      return summary().get("free");
    }

    private List<Map<?, ?>> steps() {
      return maps(record.get("steps"));
    }

    private static List<Map<?, ?>> maps(Object list) {
      return ((List<?>) list).stream().<Map<?, ?>>map(map -> (Map<?, ?>) map).toList();
    }

    private static List<Map<?, ?>> rows(Map<?, ?> step) {
      return maps(step.get("scheduled"));
    }

    private List<Map<?, ?>> rows() {
      return steps().stream().flatMap(step -> rows(step).stream()).toList();
    }

    private Map<Object, Object> row(int step, String id) {
      return Map.copyOf(rows(steps().get(step)).stream()
          .filter(row -> id.equals(row.get("id"))).findAny().orElseThrow());
    }
  }
}
