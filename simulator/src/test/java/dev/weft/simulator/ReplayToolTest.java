package dev.weft.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.journal.TokenForm;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.testkit.LivenessChecker.Demand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tools/replay prints and exits with, and what failing simulations leave for it. */
final class ReplayToolTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream error = new ByteArrayOutputStream();

  /** Breaks off in its twelfth step. */
  public static final class Breaking implements SchedulingPolicy {
    private final SchedulingPolicy policy = PolicyCase.FCFS.newPolicy(0);
    private int numSteps;

    @Override public void plan(StepBuilder step) {
      policy.plan(step);
      if (++numSteps == 12) {
        throw new AssertionError("I0: broken on purpose");
      }
    }
  }

  private int run(String... arguments) {
    return ReplayTool.run(List.of(arguments), new PrintStream(out, true, UTF_8),
        new PrintStream(error, true, UTF_8));
  }

  private Path record(long maxSize) throws IOException {
    Scenario scenario = Scenario.serving(3);
    RunRecorder recorder =
        RunRecorder.of(scenario, "fcfs", Demand.PROGRESS, TokenForm.HASHED, maxSize);
    new Simulation(scenario, PolicyCase.FCFS.newPolicy(3), Demand.PROGRESS, StepTime.H100_8B,
        new Coverage(), SchedulerListener.NONE, recorder).run();
    Path file = folder.resolve("run.weftlog");
    recorder.writeTo(file);
    return file;
  }

  @Test void aRunIsRepeatedToItsEnd() throws IOException {
    assertThat(run(record(1 << 22).toString())).isEqualTo(ReplayTool.EQUAL);

    assertThat(out.toString(UTF_8)).contains("whole", "0 running", "0 waiting", "policy=fcfs")
        .containsPattern("[0-9]+ plans, all as recorded");
  }

  @Test void aRunIsStoppedAtAStep() throws IOException {
    assertThat(run(record(1 << 22).toString(), "--until-step", "40")).isEqualTo(ReplayTool.EQUAL);

    assertThat(out.toString(UTF_8)).contains("step 40: ", "  row 0 request ", "before the next",
        "1 steps in flight", "  asked: GRANTED ").containsPattern("\n[1-9][0-9]* running\n");
  }

  @Test void anotherPolicyIsNamedWithItsFirstDifference() throws IOException {
    String file = record(1 << 22).toString();

    assertThat(run(file, "--policy", "dev.weft.batching.StaticBatchPolicy"))
        .isEqualTo(ReplayTool.DIFFERENT);

    assertThat(out.toString(UTF_8)).containsPattern("DIFFERENT after [0-9]+ plans, .* recorded ");
  }

  @Test void aFailingRunLeavesAJournalThatFailsAgain() {
    String said = FailedRun.writeJournal(new Breaking(), Breaking.class.getName(),
        Scenario.swarm(5), Demand.NOTHING, folder);
    assertThat(said).contains("  replay: tools/replay ").doesNotContain("did not fail");
    String file = said.substring(said.lastIndexOf(' ') + 1);

    assertThat(run(file)).isEqualTo(ReplayTool.DIFFERENT);

    assertThat(out.toString(UTF_8)).contains("broke off", "I0: broken on purpose");
  }

  @Test void aReportNamesTheJournalsOfTheFirstFindings() {
    PolicyReport report = PolicyCheck.run(Breaking::new, 20);

    assertThat(report.violations()).hasSizeGreaterThan(3);
    for (int i = 0; i < 4; i++) {
      String message = report.violations().get(i).message();
      assertThat(message.contains("  replay: tools/replay ")).isEqualTo(i < 3);
      if (i < 3) {
        Path file = Path.of(message.substring(message.lastIndexOf(' ') + 1));
        assertThat(file).exists();
        assertThat(file.toFile().delete()).isTrue();
      }
    }
  }

  @Test void theEndOfALongRunIsShownAsAPage() throws IOException {
    Path file = record(1 << 16);
    Path page = folder.resolve("page.html");

    assertThat(run(file.toString())).isEqualTo(ReplayTool.NOT_RUN);
    assertThat(error.toString(UTF_8)).contains("beginning was overwritten", "--timeline");
    assertThat(run(file.toString(), "--timeline", page.toString()))
        .isEqualTo(ReplayTool.NOT_RUN);

    assertThat(Files.readString(page)).contains("\"stepId\":[");
    assertThat(out.toString(UTF_8)).containsPattern("[0-9]+ plans told as recorded");
  }

  @Test void aWholeRunIsShownAsAPage() throws IOException {
    Path page = folder.resolve("page.html");

    assertThat(run(record(1 << 22).toString(), "--timeline", page.toString()))
        .isEqualTo(ReplayTool.EQUAL);

    assertThat(Files.readString(page)).contains("\"stepId\":[1,2,3,");
  }

  @Test void whatCannotBeReadIsNamed() throws IOException {
    Path file = folder.resolve("no.weftlog");
    Files.writeString(file, "hello");

    assertThat(run(file.toString())).isEqualTo(ReplayTool.NOT_RUN);
    assertThat(error.toString(UTF_8)).contains("no.weftlog at byte 0: this is no journal");
    assertThat(run(folder.resolve("none").toString())).isEqualTo(ReplayTool.NOT_RUN);
    assertThat(error.toString(UTF_8)).contains("replay: there is no " + folder.resolve("none"));
    assertThat(run(folder.toString())).isEqualTo(ReplayTool.NOT_RUN);
    assertThat(error.toString(UTF_8)).contains("replay: " + folder + ": ");
    assertThat(run()).isEqualTo(ReplayTool.NOT_RUN);
    assertThat(run(file.toString(), "--until-step", "x")).isEqualTo(ReplayTool.NOT_RUN);
  }
}
