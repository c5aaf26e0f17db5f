package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Self-speculation: the first layers of a model, with its output matrix behind them, draft for the
 * whole. They share the weights, so a draft model costs no memory but its KV entries. It pays with
 * models that were trained to be left early (LayerSkip, ACL 2024); the one of this repository was
 * not, as the numbers show.
 */
public final class Example16SelfSpeculation {
  private Example16SelfSpeculation() {}

  /** Prints, by number of layers, how often the first layers are right. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostModel model = HostModel.load(folder);
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder)) {
      int[] prompt = tokenizer.encode("The carriage drove to the door of");
      for (int numLayers = 1; numLayers <= model.numLayers(); numLayers++) {
        speculate(model, numLayers, prompt, tokenizer);
      }
    }
  }

  private static void speculate(
      HostModel model, int numLayers, int[] prompt, AustenTokenizer tokenizer) throws Exception {
    HostExecutor early = HostExecutor.builder(model.firstLayers(numLayers)).build();
    try (WeftEngine engine = WeftEngine.builder(HostExecutor.builder(model).build())
        .drafter(new ModelDrafter(DraftModel.over(early, System::nanoTime), 3))
        .draftTimeLimit(Duration.ofSeconds(1)) // By default a drafter that slow would rest.
        .build()) {
      Generation generation = engine.submit(Request.builder(engine.nextRequestId(), prompt)
          .sampling(SamplingParameters.greedy(40)).build()).generation();
      engine.runUntilIdle();
      SchedulerStats stats = engine.stats();
      System.out.println(numLayers + " of " + model.numLayers() + " layers: "
          + (stats.numSteps() - stats.numEmptySteps()) + " steps, "
          + stats.numAcceptedDraftTokens() + " of " + stats.numDraftTokens()
          + " drafts came out:" + tokenizer.decode(generation.await().tokens(0)));
    }
  }
}
