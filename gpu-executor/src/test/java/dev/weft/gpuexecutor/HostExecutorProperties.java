package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class HostExecutorProperties {
  @Property(tries = 150)
  void outputIsThatOfTheRequestAlone(@ForAll long seed) throws Exception {
    new ScheduledScenario(new Host(), seed).run();
  }

  /** The host executor on the draft model of this repository; alone is {@link SoloDecoder}. */
  private static final class Host implements ScheduledScenario.Subject {
    private final HostModel model = ReferenceData.model("draft");

    @Override
    public StepExecutor newExecutor(Random random) {
      return HostExecutor.builder(model)
          .maxModelLen(ScheduledScenario.MAX_MODEL_LEN)
          .blockSize(ScheduledScenario.BLOCK_SIZE)
          .numBlocks(ScheduledScenario.NUM_BLOCKS)
          .numSlots(ScheduledScenario.NUM_SLOTS)
          .maxNumRows(ScheduledScenario.MAX_NUM_ROWS)
          .maxNumBatchedTokens(ScheduledScenario.MAX_NUM_TOKENS)
          .maxNumDraftTokens(ScheduledScenario.MAX_NUM_DRAFTS)
          .maxInFlight(ScheduledScenario.MAX_IN_FLIGHT)
          .numThreads(1 + random.nextInt(3))
          .build();
    }

    @Override
    public SoloOutput alone(int[] prompt, SamplingParameters parameters, long seed) {
      int maxTokens = ScheduledScenario.MAX_MODEL_LEN;
      try (SoloDecoder solo = new SoloDecoder(model, maxTokens, 1, Thread::new)) {
        return solo.decode(prompt, parameters, seed);
      }
    }

    @Override
    public boolean verifiesTrees() {
      return true;
    }

    @Override
    public int vocabularySize() {
      return model.vocabularySize();
    }
  }
}
