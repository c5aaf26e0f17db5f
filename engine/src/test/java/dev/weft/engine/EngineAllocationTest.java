package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A round that decodes allocates nothing on the driving thread but a page per 256 tokens; measured
 * by the thread's allocation counter. The JVM charges a thread now and then for compiling what it
 * runs, so one window of many must be free, not all.
 */
final class EngineAllocationTest {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int NUM_REQUESTS = 64;
  private static final int PAGE_SIZE = 256;
  private static final int NUM_WINDOWS = 30;
  private static final int MODEL_LEN = PAGE_SIZE * (NUM_WINDOWS + 2);

  private final WeftEngine engine = WeftEngine.builder(new EchoExecutor(ExecutorSpec.builder()
      .vocabularySize(100).maxModelLen(MODEL_LEN).numBlocks(NUM_REQUESTS * MODEL_LEN / 16 + 1)
      .numSlots(NUM_REQUESTS).maxNumRows(NUM_REQUESTS).build())).build();

  @Test void decodingRoundsAllocateNothing() {
    List<Generation> generations = new ArrayList<>();
    for (int id = 1; id <= NUM_REQUESTS; id++) {
      generations.add(engine.submit(Request.builder(id, 1, 2, 3)
          .sampling(SamplingParameters.greedy(MODEL_LEN)).build()).generation());
    }
    runUntil(generations.get(NUM_REQUESTS - 1), PAGE_SIZE + 1);

    long fewest = Long.MAX_VALUE;
    for (int i = 1; i < NUM_WINDOWS; i++) {
      runUntil(generations.get(0), i * PAGE_SIZE + 8); // All have begun the same page.
      long before = THREADS.getCurrentThreadAllocatedBytes();
      runUntil(generations.get(0), (i + 1) * PAGE_SIZE - 8);
      fewest = Math.min(fewest, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(fewest).as("bytes in %s rounds of %s rows", PAGE_SIZE - 16, NUM_REQUESTS).isZero();
    assertThat(generations.get(0).token(0, NUM_WINDOWS)).isEqualTo(EchoExecutor.TOKEN);
  }

  private void runUntil(Generation generation, int numTokens) {
    while (generation.numTokens(0) < numTokens) {
      engine.runOnce();
    }
  }
}
