package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.TokenLogprobs;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.AustenTokenizer;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.nio.file.Path;

/**
 * Parallel samples: several answers to one prompt, and how likely the model thinks each is. The
 * prompt is computed once; a sample owns only the blocks that it writes. With a seed, the answers
 * are the same in every run, whatever else is in the batch.
 */
public final class Example06ParallelSamples {
  private Example06ParallelSamples() {}

  /** Prints four answers and the mean log-probability of their tokens. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostExecutor executor = HostExecutor.builder(HostModel.load(folder)).build();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(executor).build().start()) {
      String prompt = "Emma opened the letter, and";
      SamplingParameters sampling = SamplingParameters.builder()
          .numSamples(4)
          .maxNewTokens(24)
          .temperature(0.9f)
          .topP(0.95f)
          .seed(1813)
          .numLogprobs(0) // Of the chosen token alone; up to 20 alternatives beside it.
          .build();
      Request request = Request.builder(engine.nextRequestId(), tokenizer.encode(prompt))
          .sampling(sampling).build();

      Generation generation = engine.submit(request).generation();
      GenerationResult result = generation.await(); // Or generation.tokens(i), one by one.

      System.out.println(prompt);
      for (int i = 0; i < result.numSamples(); i++) {
        String text = tokenizer.decode(result.tokens(i)).replace('\n', ' ');
        System.out.printf("  sample %d (%.2f): %s%n", i, meanLogprob(result, i), text);
      }
      System.out.println("the prompt was computed once and forked "
          + engine.stats().numForks() + " times");
    }
  }

  private static double meanLogprob(GenerationResult result, int sampleIndex) {
    double sum = 0;
    for (int i = 0; i < result.numTokens(sampleIndex); i++) {
      TokenLogprobs logprobs = result.logprobs(sampleIndex, i);
      sum += logprobs.logprob();
    }
    return sum / result.numTokens(sampleIndex);
  }
}
