package dev.weft.testkit.conformance;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs every scenario of a directory on a scheduler, compares each with its golden and prints what
 * differs, then {@code N of M scenarios equal}.
 */
public final class Conformance {
  private static final int MAX_NUM_PRINTED = 5;
  private static final long PROGRESS_NANOS = 5_000_000_000L;

  private final ScenarioDriver.Factory factory;
  private final Level level;
  private final PrintStream out;
  private final PrintStream progress;
  private final Map<String, String> placeByName = new HashMap<>();
  private int numScenarios;
  private int numEqual;
  private long lastProgressNanos = System.nanoTime();

  /**
   * @param factory  makes the scheduler under test
   * @param out      takes the differences and the last line
   * @param progress takes a line now and then while work goes on
   */
  public Conformance(
      ScenarioDriver.Factory factory, Level level, PrintStream out, PrintStream progress) {
    this.factory = factory;
    this.level = level;
    this.out = out;
    this.progress = progress;
  }

  /**
   * Compares all that lies in the directory.
   *
   * @return true when there is a scenario and all are equal
   * @throws IOException             when there is nothing to read or it cannot be read
   * @throws ScenarioFormatException when a line is broken, naming file, line, field, value, limit
   */
  public boolean run(Path directory) throws IOException {
    for (Path file : ScenarioFiles.in(directory)) {
      for (ScenarioCase scenario : ScenarioFiles.read(file)) {
        requireNewName(scenario);
        compare(scenario);
      }
    }
    out.println(numEqual + " of " + numScenarios + " scenarios equal");
    return numScenarios > 0 && numEqual == numScenarios;
  }

  private void requireNewName(ScenarioCase scenario) {
    String name = scenario.scenario().name();
    String other = placeByName.put(name, scenario.place());
    if (other != null) {
      throw new ScenarioFormatException(scenario.place() + ": scenario.name is \"" + name
          + "\", as in " + other + ", must be another name");
    }
    if (scenario.golden() == null) {
      throw new ScenarioFormatException(
          scenario.place() + ": golden is absent, must be an object");
    }
  }

  private void compare(ScenarioCase scenario) {
    List<Difference> differences = scenario.compare(factory, level);
    numScenarios++;
    numEqual += differences.isEmpty() ? 1 : 0;
    for (int i = 0; i < Math.min(MAX_NUM_PRINTED, differences.size()); i++) {
      out.println(differences.get(i));
    }
    if (differences.size() > MAX_NUM_PRINTED) {
      out.println(scenario.scenario().name() + ": and "
          + (differences.size() - MAX_NUM_PRINTED) + " more");
    }
    if (System.nanoTime() - lastProgressNanos > PROGRESS_NANOS) {
      progress.println("… " + scenario.place() + ": " + numEqual + " of " + numScenarios
          + " equal so far");
      lastProgressNanos = System.nanoTime();
    }
  }
}
