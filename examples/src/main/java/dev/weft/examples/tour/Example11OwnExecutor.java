package dev.weft.examples.tour;

import dev.weft.engine.GenerationResult;
import dev.weft.engine.WeftEngine;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;

/**
 * My own executor: whatever can compute the next token of a row serves behind the engine, with all
 * that the other examples show. {@link ParrotExecutor} is a whole one; a token of it is a letter.
 */
public final class Example11OwnExecutor {
  private Example11OwnExecutor() {}

  /** Prints what the parrot says: by heart, and in a mood. */
  public static void main(String... arguments) throws InterruptedException {
    try (WeftEngine engine = WeftEngine.builder(new ParrotExecutor()).build().start()) {
      for (float temperature : new float[] {0, 1}) {
        String prompt = "Polly wants a cracker. Po";
        SamplingParameters sampling = SamplingParameters.sampled(46, temperature, 1);
        GenerationResult result = engine.submit(
            Request.builder(engine.nextRequestId(), prompt.chars().toArray())
                .sampling(sampling).build()).generation().await();
        String text = new String(result.tokens(0), 0, result.numTokens(0));
        System.out.println("temperature " + temperature + ": " + prompt + "|" + text);
      }
    }
  }
}
