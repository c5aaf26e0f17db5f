package dev.weft.gputests;

import dev.weft.gpuexecutor.EmulatedDevice;
import dev.weft.gpuexecutor.VerifiedDevice;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.simulator.EngineDriver;
import dev.weft.speculative.NgramDrafter;
import dev.weft.testkit.LosslessContract;
import dev.weft.testkit.SchedulerDriver;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Drafts on the emulated device lose nothing: greedy and sampled, with penalties, masks and
 * samples, in tiny pools and with steps in flight.
 */
@ExtendWith(VerifiedDevice.class)
final class CudaLosslessTest extends LosslessContract {
  private static long numExecutors;

  @Override protected StepExecutor createExecutor(ExecutorSpec wanted) {
    EmulatedDevice.reset(numExecutors++);
    try {
      return EmulatedDevice.toy()
          .deterministic(true)
          .maxModelLen(wanted.maxModelLen())
          .blockSize(wanted.blockSize())
          .numBlocks(wanted.numBlocks())
          .numSlots(wanted.numSlots())
          .maxNumRows(wanted.maxNumRows())
          .maxNumBatchedTokens(wanted.maxNumBatchedTokens())
          .maxNumDraftTokens(wanted.maxNumDraftTokens())
          .maxInFlight(wanted.maxInFlight())
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override protected Drafter createDrafter(ExecutorSpec spec) {
    return NgramDrafter.create();
  }

  @Override protected SchedulerDriver.Factory schedulers() {
    return EngineDriver::create;
  }
}
