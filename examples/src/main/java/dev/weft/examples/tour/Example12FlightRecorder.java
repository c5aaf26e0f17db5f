package dev.weft.examples.tour;

import dev.weft.engine.WeftEngine;
import dev.weft.engine.journal.FlightRecorder;
import dev.weft.engine.journal.Journal;
import dev.weft.engine.journal.Replay;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The flight recorder: what came in and what was decided is kept in a ring of memory, prompts as
 * hashes. When something was odd, write it to a file and repeat the run on any machine, without
 * model and device, to the step in question.
 */
public final class Example12FlightRecorder {
  private Example12FlightRecorder() {}

  /** Serves three requests, then repeats the run up to its fifth step, and to its end. */
  public static void main(String... arguments) throws Exception {
    Path file = Files.createTempFile("incident", ".weftlog");
    record(file);
    Replay replay = Replay.of(Journal.read(file)).build();
    replay.runToStep(5);
    StepPlan plan = Objects.requireNonNull(replay.lastPlan());
    System.out.println("step " + plan.stepId() + " had " + plan.numRows() + " rows; "
        + replay.scheduler().running().size() + " requests ran, "
        + replay.kvCache().numFreeBlocks() + " blocks were free");
    System.out.println("every decision as recorded: " + replay.run() + ", after "
        + replay.scheduler().stats().numOutputTokens() + " tokens");
    Files.delete(file);
  }

  private static void record(Path file) throws Exception {
    HostModel model = HostModel.load(ModelFolder.nearest().target());
    FlightRecorder recorder = FlightRecorder.builder().maxSize(4 << 20).build();
    try (WeftEngine engine =
        WeftEngine.builder(HostExecutor.builder(model).build()).journal(recorder).build()) {
      for (int i = 0; i < 3; i++) {
        engine.submit(Request.builder(engine.nextRequestId(), 1, 72, 755)
            .sampling(SamplingParameters.greedy(10 + i)).build());
      }
      engine.runUntilIdle();
    }
    recorder.writeTo(file);
    System.out.println("recorded: " + (recorder.isWhole() ? "the whole run" : "its end"));
  }
}
