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
  /** What came of all scenarios together. */
  public enum Outcome {
    /** Every one is equal. */
    EQUAL,
    /** At least one differs. */
    DIFFERENT,
    /** At least one line is no scenario. */
    BROKEN
  }

  private static final int MAX_NUM_PRINTED = 5;
  private static final long PROGRESS_NANOS = 5_000_000_000L;

  private final ScenarioDriver.Factory factory;
  private final Level level;
  private final PrintStream out;
  private final PrintStream progress;
  private final Map<String, String> placeByName = new HashMap<>();
  private int numScenarios;
  private int numEqual;
  private int numBroken;
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
   * <p>A broken line counts as a scenario that is not equal; what is wrong with it is printed with
   * file, line, field, value and limit.
   *
   * @return what came out
   * @throws IOException when there is nothing to read or it cannot be read
   */
  public Outcome run(Path directory) throws IOException {
    for (Path file : ScenarioFiles.in(directory)) {
      ScenarioFiles.forEach(file, this::compareNew, this::tellBroken);
    }
    if (numScenarios == 0) {
      throw new IOException(directory + " holds no scenario");
    }
    out.println(numEqual + " of " + numScenarios + " scenarios equal");
    return numBroken > 0 ? Outcome.BROKEN
        : numEqual == numScenarios ? Outcome.EQUAL : Outcome.DIFFERENT;
  }

  private void tellBroken(ScenarioFormatException broken) {
    numScenarios++;
    numBroken++;
    out.println(broken.getMessage());
  }

  private void compareNew(ScenarioCase scenario) {
    String name = scenario.scenario().name();
    String other = placeByName.put(name, scenario.place());
    if (other != null) {
      tellBroken(new ScenarioFormatException(scenario.place() + ": scenario.name is \"" + name
          + "\", as in " + other + ", must be another name"));
    } else if (scenario.golden() == null) {
      tellBroken(new ScenarioFormatException(
          scenario.place() + ": golden is absent, must be an object"));
    } else {
      numScenarios++;
      compare(scenario);
    }
  }

  private void compare(ScenarioCase scenario) {
    List<Difference> differences = scenario.compare(factory, level);
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
