package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.StepExecutorContract;
import org.junit.jupiter.api.Nested;

/**
 * The CUDA executor as the scheduler sees it, on the emulated device, deterministic: then tokens
 * and log-probabilities are the same to the bit in any company, as the contract asks. Once for
 * every order in which a device may run what it was given.
 */
class CudaExecutorContractTest {
  @Nested
  class Eager extends Contract {
    Eager() {
      super(StandIn.Order.EAGER);
    }
  }

  @Nested
  class Lazy extends Contract {
    Lazy() {
      super(StandIn.Order.LAZY);
    }
  }

  @Nested
  class Random extends Contract {
    Random() {
      super(StandIn.Order.RANDOM);
    }
  }

  private abstract static class Contract extends StepExecutorContract {
    private static final int SEED = 17;

    private final StandIn.Order order;

    Contract(StandIn.Order order) {
      this.order = order;
    }

    @Override
    protected StepExecutor create(ExecutorSpec wanted) {
      CudaExecutorBuilder builder = CudaToy.builder();
      StandIn.reset();
      StandIn.multiprocessors(2);
      StandIn.order(order, SEED);
      return CudaToy.build(
          builder
              .deterministic(true)
              .maxModelLen(wanted.maxModelLen())
              .blockSize(wanted.blockSize())
              .numBlocks(wanted.numBlocks())
              .numSlots(wanted.numSlots())
              .maxNumRows(wanted.maxNumRows())
              .maxNumBatchedTokens(wanted.maxNumBatchedTokens())
              .maxNumDraftTokens(wanted.maxNumDraftTokens())
              .maxInFlight(wanted.maxInFlight()));
    }
  }
}
