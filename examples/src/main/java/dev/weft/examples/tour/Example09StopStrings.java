package dev.weft.examples.tour;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.TokenIterator;
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
 * Stop strings: a stop token is found by Weft, a stop string by who knows text. It may begin in one
 * token and end in another, so look for it in the text of all tokens so far; then say how many
 * tokens are the answer. That ends the request with STOP, which is a whole answer, unlike a cancel.
 */
public final class Example09StopStrings {
  private static final String STOP = "the ";

  private Example09StopStrings() {}

  /** Prints an answer up to the stop string. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostModel model = HostModel.load(folder);
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine =
            WeftEngine.builder(HostExecutor.builder(model).build()).build().start()) {
      String prompt = "Mr. Knightley was not";
      Request request = Request.builder(engine.nextRequestId(), tokenizer.encode(prompt))
          .sampling(SamplingParameters.builder().maxNewTokens(200)
              .stopTokenIds(model.eosTokenIds().stream().mapToInt(Integer::intValue).toArray())
              .build())
          .build();
      Generation generation = engine.submit(request).generation();
      String text = textBeforeStop(generation, tokenizer);
      GenerationResult result = generation.await();

      System.out.println(prompt + "|" + text + "|");
      System.out.println(result + ", a whole answer: " + result.isComplete());
    }
  }

  private static String textBeforeStop(Generation generation, AustenTokenizer tokenizer) {
    int[] read = new int[generation.request().sampling().maxNewTokens()];
    String text = "";
    try (TokenIterator tokens = generation.tokens()) {
      while (tokens.hasNext()) {
        int numRead = tokens.outputIndex() + 1;
        read[numRead - 1] = tokens.nextInt();
        text = tokenizer.decode(Arrays.copyOf(read, numRead));
        int at = text.indexOf(STOP);
        if (at >= 0) {
          generation.stop(0, numRead);
          return text.substring(0, at);
        }
      }
    }
    return text;
  }
}
