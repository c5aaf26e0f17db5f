package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.StepExecutorContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The CUDA executor as the scheduler sees it, on the emulated device, deterministic: then tokens
 * and log-probabilities are the same to the bit in any company, as the contract asks. Once for
 * every order in which a device may run what it was given.
 */
class CudaExecutorContractTest {
  @Nested
  class Eager extends Contract {
    Eager() {
      super(StandIn.Order.EAGER, true);
    }
  }

  @Nested
  class Lazy extends Contract {
    Lazy() {
      super(StandIn.Order.LAZY, true);
    }
  }

  @Nested
  class Random extends Contract {
    Random() {
      super(StandIn.Order.RANDOM, true);
    }
  }

  @Nested
  class Fast extends Contract {
    Fast() {
      super(StandIn.Order.RANDOM, false);
    }

    @Override
    protected float logprobTolerance() {
      return 0.1f;
    }
  }

  @ExtendWith(VerifiedDevice.class)
  private abstract static class Contract extends StepExecutorContract {
    private static final int SEED = 17;

    private final StandIn.Order order;
    private final boolean isDeterministic;

    Contract(StandIn.Order order, boolean isDeterministic) {
      this.order = order;
      this.isDeterministic = isDeterministic;
    }

    @Override
    protected StepExecutor create(ExecutorSpec wanted) {
      CudaExecutorBuilder builder = CudaToy.builder();
      StandIn.reset();
      StandIn.multiprocessors(2);
      StandIn.order(order, SEED);
      return CudaToy.build(
          builder
              .deterministic(isDeterministic)
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
