package dev.weft.examples;

import dev.weft.engine.Generation;
import dev.weft.engine.TokenIterator;
import dev.weft.engine.WeftEngine;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The smallest host: one request, read as it is written. What stands between the two marks is shown
 * in README.md, letter for letter. To be run in the folder that holds {@code model/}.
 */
public final class EmbedWeft {
  private EmbedWeft() {}

  /** Prints the tokens as they come. */
  public static void main(String... arguments) throws IOException {
    // embed: begin
    HostModel model = HostModel.load(Path.of("model/target"));
    try (WeftEngine engine = WeftEngine.builder(HostExecutor.builder(model).build()).build()) {
      engine.start();
      Request request = Request.builder(engine.nextRequestId(), 1, 72, 755)
          .sampling(SamplingParameters.greedy(32)).build();
      Generation generation = engine.submit(request).generation();
      try (TokenIterator tokens = generation.tokens()) {
        while (tokens.hasNext()) {
          System.out.println("token " + tokens.nextInt());
        }
      }
    }
    // embed: end
  }
}
