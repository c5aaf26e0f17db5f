package dev.weft.testkit.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One line of a file: a scenario, and its golden where one was recorded.
 *
 * @param place file and line
 */
public record ScenarioCase(String place, Scenario scenario,
    @Nullable Map<String, @Nullable Object> golden) {
  /** @throws ScenarioFormatException naming place, field, value and limit */
  static ScenarioCase read(String place, String line) {
    try {
      JsonField root = new JsonField("", Json.object(line));
      Scenario scenario = ScenarioReader.read(root.at("scenario"));
      JsonField golden = root.at("golden");
      if (golden.isPresent()) {
        golden.at("steps").elements().forEach(JsonField::object);
        golden.at("final").object();
      }
      return new ScenarioCase(place, scenario, golden.isPresent() ? golden.object() : null);
    } catch (ScenarioFormatException e) {
      throw new ScenarioFormatException(place + ": " + e.getMessage());
    }
  }

  /**
   * Runs the scenario and compares it with its golden.
   *
   * @return all differences; one with the message of what was thrown, if that happened
   * @throws IllegalStateException when there is no golden
   */
  public List<Difference> compare(ScenarioDriver.Factory factory, Level level) {
    if (golden == null) {
      throw new IllegalStateException(place + ": has no golden");
    }
    JsonField expected = new JsonField("golden", golden);
    List<Difference> differences = new ArrayList<>(comparePrompts(expected));
    try {
      Map<String, Object> found = new ScenarioRun(scenario, factory).run();
      differences.addAll(GoldenComparison.compare(scenario.name(), expected, found, level));
    } catch (RuntimeException e) {
      differences.add(new Difference(scenario.name(), Difference.WHOLE_RUN, "run", "no exception",
          e.toString()));
    }
    return differences;
  }

  /** A wrong expansion of a prompt would make everything behind it wrong. */
  private List<Difference> comparePrompts(JsonField expected) {
    List<Difference> differences = new ArrayList<>();
    for (ScenarioRequest request : scenario.requests()) {
      comparePrompt(differences, expected.at("prompt_len"), request, request.prompt().length);
      comparePrompt(differences, expected.at("prompt_check"), request, check(request.prompt()));
    }
    return differences;
  }

  private void comparePrompt(
      List<Difference> differences, JsonField all, ScenarioRequest request, long found) {
    Object expected = all.isPresent() ? all.at(request.id()).value() : null;
    if (expected != null && !Objects.equals(expected, found)) {
      differences.add(new Difference(scenario.name(), Difference.WHOLE_RUN,
          all.path().substring("golden.".length()) + "." + request.id(), expected.toString(),
          String.valueOf(found)));
    }
  }

  private static long check(int[] prompt) {
    long sum = 0;
    for (int i = 0; i < prompt.length; i++) {
      sum = (sum + (i + 1L) * (prompt[i] + 1L)) % 1_000_000_007;
    }
    return sum;
  }
}
