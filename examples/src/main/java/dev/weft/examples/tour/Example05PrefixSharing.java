package dev.weft.examples.tour;

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
 * Prefix sharing: requests that begin alike share the KV blocks of what they have in common,
 * without asking for it. What was computed for one request is found by the next, token by token
 * verified, as long as its blocks are not needed for something else. Only whole blocks are shared.
 * A salt keeps apart who must not learn from the time to the first token what others have asked.
 */
public final class Example05PrefixSharing {
  private static final String BEGINNING = """
      You are the narrator of a novel about a country village, where three or four families live,
      who visit each other, dance, walk, write letters, and are mistaken about each other. Speak
      kindly of all of them, be amused, and never be in a hurry.
      """;

  private Example05PrefixSharing() {}

  /** Prints for three requests how many of their prompt tokens had been computed before. */
  public static void main(String... arguments) throws Exception {
    Path folder = ModelFolder.nearest().target();
    HostExecutor executor = HostExecutor.builder(HostModel.load(folder)).build();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder);
        WeftEngine engine = WeftEngine.builder(executor).build().start()) {
      ask(engine, "Ann, first", "", tokenizer.encode(BEGINNING + "Emma was"));
      ask(engine, "Bob, second", "", tokenizer.encode(BEGINNING + "Mr. Knightley was"));
      ask(engine, "Eve, salted", "eve", tokenizer.encode(BEGINNING + "Emma was"));
    }
  }

  private static void ask(WeftEngine engine, String who, String salt, int[] prompt)
      throws InterruptedException {
    Request request = Request.builder(engine.nextRequestId(), prompt)
        .sampling(SamplingParameters.greedy(4))
        .cacheSalt(salt)
        .build();
    GenerationResult result = engine.submit(request).generation().await();
    System.out.printf("%-12s %d prompt tokens, %d of them cached, first token after %.1f ms%n",
        who + ":", result.numPromptTokens(), result.numCachedTokens(),
        result.firstTokenNanos().orElseThrow() / 1e6);
  }
}
