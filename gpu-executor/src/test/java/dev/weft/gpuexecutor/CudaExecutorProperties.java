package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Whatever is scheduled, a deterministic CUDA executor gives a request the tokens and
 * log-probabilities that it has alone, bit for bit, in any order in which a device may run its
 * work.
 */
class CudaExecutorProperties {
  @Property(tries = 20)
  void outputIsThatOfTheRequestAlone(@ForAll long seed) throws Exception {
    new ScheduledScenario(new Cuda(), seed).run();
    StandIn.verify();
  }

  /** The toy on the emulated device; alone is a prompt in one step, then one token at a time. */
  private static final class Cuda implements ScheduledScenario.Subject {
    @Override
    public StepExecutor newExecutor(Random random) {
      CudaExecutorBuilder builder = builder();
      StandIn.reset();
      StandIn.multiprocessors(1 + random.nextInt(4));
      StandIn.Order[] orders = StandIn.Order.values();
      StandIn.order(orders[random.nextInt(orders.length)], random.nextLong());
      StandIn.schedule(random.nextInt(3));
      return CudaToy.build(builder);
    }

    private static CudaExecutorBuilder builder() {
      return CudaToy.builder()
          .deterministic(true)
          .maxModelLen(ScheduledScenario.MAX_MODEL_LEN)
          .blockSize(ScheduledScenario.BLOCK_SIZE)
          .numBlocks(ScheduledScenario.NUM_BLOCKS)
          .numSlots(ScheduledScenario.NUM_SLOTS)
          .maxNumRows(ScheduledScenario.MAX_NUM_ROWS)
          .maxNumBatchedTokens(ScheduledScenario.MAX_NUM_TOKENS)
          .maxNumDraftTokens(ScheduledScenario.MAX_NUM_DRAFTS)
          .maxInFlight(ScheduledScenario.MAX_IN_FLIGHT);
    }

    @Override
    public SoloOutput alone(int[] prompt, SamplingParameters parameters, long seed) {
      CudaExecutorBuilder builder = builder();
      StandIn.reset();
      SoloOutput output;
      try (CudaExecutor executor = CudaToy.build(builder)) {
        output = new AloneOnExecutor(executor, prompt, parameters, seed).run();
      }
      StandIn.verify();
      return output;
    }

    @Override
    public boolean verifiesTrees() {
      return false;
    }

    @Override
    public int vocabularySize() {
      return CudaToy.VOCABULARY_SIZE;
    }

    @Override
    public int maxNumOutput() {
      return 12;
    }
  }
}
