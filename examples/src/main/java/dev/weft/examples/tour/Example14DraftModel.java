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
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import java.util.Arrays;

/**
 * A draft model: a small model of the same tokens, on an executor of its own, writes ahead, and the
 * large one verifies several tokens in a step. It is often right for sampled requests too, because
 * both models draw with the same random numbers.
 */
public final class Example14DraftModel {
  private Example14DraftModel() {}

  /** Prints a sampled answer, in how many steps, and that it is what it would have been. */
  public static void main(String... arguments) throws Exception {
    ModelFolder folder = ModelFolder.nearest();
    HostModel model = HostModel.load(folder.target());
    HostExecutor executor = HostExecutor.builder(model).build();
    HostExecutor small = HostExecutor.builder(HostModel.load(folder.draft())).build();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder.target());
        SoloDecoder alone = SoloDecoder.singleThreaded(model);
        WeftEngine engine = WeftEngine.builder(executor)
            .drafter(new ModelDrafter(DraftModel.over(small, System::nanoTime), 4))
            .build()) {
      String text = "\"My dear Mr. Bennet,\" said his lady to him one day,";
      int[] prompt = tokenizer.encode(text);
      SamplingParameters sampling = SamplingParameters.sampled(64, 0.7f, 1813);

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
          + Arrays.equals(result.tokens(0), alone.decode(prompt, sampling, 1813).tokens()));
    }
  }
}
