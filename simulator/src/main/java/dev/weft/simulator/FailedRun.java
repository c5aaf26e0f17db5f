package dev.weft.simulator;

import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.testkit.LivenessChecker.Demand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Runs a seed that failed once more, with a recorder, and writes its journal: equal runs fail
 * equally, so green runs pay nothing. The system property {@code weft.journals} names the folder;
 * default: that of temporary files.
 */
final class FailedRun {
  private static final String FOLDER_PROPERTY = "weft.journals";

  private FailedRun() {}

  /**
   * Writes the journal; throws nothing.
   *
   * @param policy   a fresh one
   * @param name     how {@link ReplayTool} finds another one: of a {@link PolicyCase}, or a class
   * @param scenario a fresh one
   * @return where it is and the command that replays it, or why there is none; for a message
   */
  static String writeJournal(
      SchedulingPolicy policy, String name, Scenario scenario, Demand demand) {
    return writeJournal(policy, name, scenario, demand, defaultFolder());
  }

  static String writeJournal(SchedulingPolicy policy, String name, Scenario scenario,
      Demand demand, Path folder) {
    Path file = folder.resolve(String.format(Locale.ROOT, "weft-%s-seed-%d%s.weftlog",
        name.replaceAll("[^A-Za-z0-9-]+", "."), scenario.seed,
        scenario.isSwarm ? "" : "-serving")).toAbsolutePath();
    RunRecorder recorder = RunRecorder.of(scenario, name, demand);
    String failure = "";
    try {
      new Simulation(scenario, policy, demand, StepTime.H100_8B, new Coverage(),
          SchedulerListener.NONE, recorder).run();
      failure = "; this time it did not fail";
    } catch (RuntimeException | AssertionError e) {
      // As expected: what matters is what was recorded until then.
    }
    try {
      Files.createDirectories(folder);
      recorder.writeTo(file);
      return "  journal: " + file + failure + "  replay: tools/replay " + file;
    } catch (IOException e) {
      return "  no journal: " + e;
    }
  }

  private static Path defaultFolder() {
    return Path.of(System.getProperty(FOLDER_PROPERTY, System.getProperty("java.io.tmpdir")));
  }
}
