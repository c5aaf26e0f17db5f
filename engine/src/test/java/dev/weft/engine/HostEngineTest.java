package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An engine over the small model of this repository, on the CPU. */
final class HostEngineTest {
  private static final int[][] PROMPTS = {{1, 72, 755, 80, 9}, {1, 76}, {1, 72, 755, 80, 9, 11}};

  @Test void tokensAreThoseOfTheSoloDecoder() throws IOException, InterruptedException {
    HostModel model = HostModel.load(Path.of("../model/draft"));
    TokenLists heard = new TokenLists();

    try (WeftEngine engine = WeftEngine.builder(
        HostExecutor.builder(model).maxModelLen(64).numBlocks(17).numThreads(2).build())
        .listener(heard).build()) {
      for (int id = 0; id < PROMPTS.length; id++) {
        assertThat(engine.submit(Request.builder(id, PROMPTS[id]).sampling(sampling()).build())
            .message()).isEmpty();
      }
      engine.runUntilIdle();
      engine.scheduler().checkIntegrity();
    }

    try (SoloDecoder alone = SoloDecoder.singleThreaded(model)) {
      for (int id = 0; id < PROMPTS.length; id++) {
        int[] expected = alone.decode(PROMPTS[id], sampling(), heard.seed(id)).tokens();
        assertThat(heard.tokens(id)).as("request %s", id).containsExactly(expected);
      }
    }
  }

  private static SamplingParameters sampling() {
    return SamplingParameters.builder().maxNewTokens(12).temperature(0.8f).build();
  }

  /** What each request said, and with which seed. */
  private static final class TokenLists implements SchedulerListener {
    private final Map<Long, List<Integer>> tokens = new HashMap<>();
    private final Map<Long, Long> seeds = new HashMap<>();

    private int[] tokens(long requestId) {
      return tokens.get(requestId).stream().mapToInt(Integer::intValue).toArray();
    }

    private long seed(long requestId) {
      return seeds.get(requestId);
    }

    @Override public void onAdd(Request request, long seed, long nowNanos) {
      tokens.put(request.id(), new ArrayList<>());
      seeds.put(request.id(), seed);
    }

    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      tokens.get(requestId).add(token);
    }
  }
}
