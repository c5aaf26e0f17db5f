package dev.weft.benchmarks.gpu;

import dev.weft.engine.WeftEngine;
import dev.weft.engine.WeftEngineBuilder;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import java.util.SplittableRandom;

/**
 * Serves batches of random prompts, greedy and to their full length, as a server would: through the
 * engine, without prefixes, which random prompts do not share.
 */
final class BatchServer implements AutoCloseable {
  private static final long WAIT_NANOS = 1_000_000;

  private final TokenTimes times = new TokenTimes();
  private final WeftEngine engine;
  private final int vocabularySize;

  /** Closes the executor with itself. */
  BatchServer(StepExecutor executor) {
    vocabularySize = executor.spec().vocabularySize();
    engine = WeftEngine.builder(executor)
        .limits(WeftEngineBuilder.limitsFor(executor.spec()).build())
        .withoutPrefixCache()
        .listener(times)
        .build();
  }

  /**
   * Serves one batch.
   *
   * @throws IllegalStateException when the executor dies, or an answer is not as long as asked for
   */
  GpuSample serve(String model, int batch, int numPromptTokens, int numOutputTokens, int round)
      throws InterruptedException {
    SplittableRandom random = new SplittableRandom(1000L * batch + round);
    int[][] prompts = new int[batch][];
    for (int i = 0; i < batch; i++) {
      prompts[i] = random.ints(numPromptTokens, 0, vocabularySize).toArray();
    }
    SamplingParameters sampling = SamplingParameters.greedy(numOutputTokens);
    Request[] requests = new Request[batch];
    for (int i = 0; i < batch; i++) {
      requests[i] = Request.builder(engine.nextRequestId(), prompts[i]).sampling(sampling).build();
    }
    times.begin(requests[0].id(), batch, engine.nowNanos());
    for (Request request : requests) {
      engine.submit(request).generation();
    }
    while (!engine.isIdle()) {
      if (!engine.runOnce()) {
        engine.await(WAIT_NANOS);
      }
      if (!engine.health().isLive()) {
        throw new IllegalStateException("the executor died: " + engine.health().message());
      }
    }
    GpuSample sample = times.sample(model, round);
    if (sample.numTokens() != batch * numOutputTokens) {
      throw new IllegalStateException(
          sample.numTokens() + " tokens of " + batch * numOutputTokens);
    }
    return sample;
  }

  @Override
  public void close() {
    engine.close();
  }
}
