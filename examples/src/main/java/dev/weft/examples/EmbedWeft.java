package dev.weft.examples;

import dev.weft.engine.WeftEngine;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The smallest host: two requests in one process. What stands between the two marks is shown in
 * README.md, letter for letter. To be run in the folder that holds {@code model/}.
 */
public final class EmbedWeft {
  private EmbedWeft() {}

  /** Prints the tokens of both requests as they come. */
  public static void main(String... arguments) throws IOException, InterruptedException {
    // embed: begin
    HostModel model = HostModel.load(Path.of("model/target"));
    SchedulerListener printer = new SchedulerListener() {
      @Override public void onToken(long requestId, int sample, int index, int token,
          long nowNanos) {
        System.out.println("request " + requestId + ": token " + token);
      }
    };
    try (WeftEngine engine = WeftEngine.builder(HostExecutor.builder(model).build())
        .listener(printer).build()) {
      engine.add(Request.builder(1, new int[] {1, 72, 755})
          .sampling(SamplingParameters.greedy(32)).build());
      engine.add(Request.builder(2, new int[] {1, 76})
          .sampling(SamplingParameters.sampled(32, 0.8f, 42)).build());
      engine.runUntilIdle();
    }
    // embed: end
  }
}
