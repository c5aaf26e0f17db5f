package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Path;

/**
 * First tokens: load a model, wire an engine, ask once, read the answer. Weft knows token ids only;
 * text is the business of the host, here of the model's tokenizer.
 */
public final class Example01FirstTokens {
  private Example01FirstTokens() {}

  /** Prints how a sentence goes on, and how long that took. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostModel model = HostModel.load(folder); // Weights; may serve any number of executors.
    HostExecutor executor = HostExecutor.builder(model).build(); // KV blocks, slots and threads.
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(executor).build().start()) {
      String prompt = "It was a truth which nobody doubted, that";
      Request request = Request.builder(engine.nextRequestId(), tokenizer.encode(prompt))
          .sampling(SamplingParameters.greedy(32))
          .build();

      Generation generation = engine.submit(request).generation(); // Throws unless ACCEPTED.
      GenerationResult result = generation.await();

      System.out.println(prompt + "|" + tokenizer.decode(result.tokens(0)));
      System.out.println(result);
      System.out.printf("%d prompt tokens, first token after %.1f ms, all after %.1f ms%n",
          result.numPromptTokens(), result.firstTokenNanos().orElseThrow() / 1e6,
          result.totalNanos() / 1e6);
    }
  }
}
