package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.speculative.NgramDrafter;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Prompt lookup in one line: what followed the last tokens before is guessed to follow them again,
 * and one step verifies all guesses. No second model, fewer steps, not one token changed.
 */
public final class Example13PromptLookup {
  private Example13PromptLookup() {}

  /** Prints how a sentence goes on, in how many steps, and that it is what it would have been. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostModel model = HostModel.load(folder);
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        SoloDecoder alone = SoloDecoder.singleThreaded(model);
        WeftEngine engine = WeftEngine.builder(HostExecutor.builder(model).build())
            .drafter(NgramDrafter.create()) // The one line.
            .build()) {
      String text = "It is a truth universally acknowledged, that a single man";
      int[] prompt = tokenizer.encode(text);
      SamplingParameters sampling = SamplingParameters.greedy(96);

      Generation generation = engine.submit(
          Request.builder(engine.nextRequestId(), prompt).sampling(sampling).build()).generation();
      engine.runUntilIdle();

      GenerationResult result = generation.await();
      SchedulerStats stats = engine.stats();
      System.out.println(text + "|" + tokenizer.decode(result.tokens(0)));
      System.out.println(result.numTokens(0) + " tokens in "
          + (stats.numSteps() - stats.numEmptySteps()) + " steps; "
          + stats.numAcceptedDraftTokens() + " of " + stats.numDraftTokens() + " drafts came out");
      System.out.println("as without drafts: "
          + Arrays.equals(result.tokens(0), alone.decode(prompt, sampling, 0).tokens()));
    }
  }
}
