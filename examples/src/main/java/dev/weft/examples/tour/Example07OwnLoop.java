package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Embed it in your own loop: an engine that is not started has no thread. Yours calls {@code
 * runOnce}, which never waits, whenever it likes, and does its other work between. Nothing needs a
 * lock, since nothing happens while you do not call. {@code runStep} is the loop for looking
 * closely.
 */
public final class Example07OwnLoop {
  private Example07OwnLoop() {}

  /** Prints step by step how two requests advance, then lets a loop finish them. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostExecutor executor = HostExecutor.builder(HostModel.load(folder))
        .maxNumBatchedTokens(8) // So few that a prompt takes more than one step.
        .build();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(executor).build()) {
      Generation first = submit(engine, tokenizer, "She was");
      Generation second = submit(engine, tokenizer, "The carriage drove to the door of");
      for (int step = 1; step <= 5 && engine.runStep(); step++) {
        System.out.printf("step %d: %d running, %2d tokens computed, output %d and %d tokens%n",
            step, engine.stats().numRunning(), engine.stats().numScheduledTokens(),
            first.numTokens(0), second.numTokens(0));
      }

      int numRounds = 0;
      while (!engine.isIdle()) {
        if (!engine.runOnce()) {
          engine.await(1_000_000); // For the device, at most a millisecond; or do something else.
        }
        numRounds++;
      }

      System.out.println("She was|" + tokenizer.decode(tokens(first)));
      System.out.println("The carriage drove to the door of|" + tokenizer.decode(tokens(second)));
      System.out.println("the loop took more rounds than steps: "
          + (numRounds > engine.stats().numSteps()));
    }
  }

  private static Generation submit(WeftEngine engine, AustenTokenizer tokenizer, String prompt) {
    return engine.submit(Request.builder(engine.nextRequestId(), tokenizer.encode(prompt))
        .sampling(SamplingParameters.greedy(16))
        .build()).generation();
  }

  private static int[] tokens(Generation generation) {
    int[] tokens = new int[generation.numTokens(0)];
    Arrays.setAll(tokens, i -> generation.token(0, i));
    return tokens;
  }
}
