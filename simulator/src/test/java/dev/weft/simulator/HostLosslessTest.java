package dev.weft.simulator;

import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import dev.weft.speculative.ModelExpander;
import dev.weft.speculative.NgramDrafter;
import dev.weft.speculative.SuffixDrafter;
import dev.weft.speculative.TreeDrafter;
import dev.weft.testkit.LosslessContract;
import dev.weft.testkit.SchedulerDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The shipped models and every drafter lose nothing. */
final class HostLosslessTest {
  private static HostModel target;
  private static HostModel draft;

  @BeforeAll static void load() throws IOException {
    target = HostModel.load(Path.of("../model/target"));
    draft = HostModel.load(Path.of("../model/draft"));
  }

  private static DraftModel draftModel() {
    return new DraftModel(HostExecutor.builder(draft).maxModelLen(80).blockSize(4).numBlocks(400)
        .numSlots(16).maxNumRows(8).maxNumBatchedTokens(128).numThreads(1).build(),
        () -> 0, TimeUnit.HOURS.toNanos(1));
  }

  @Nested final class Ngrams extends Contract {
    @Override protected Drafter createDrafter(ExecutorSpec spec) {
      return NgramDrafter.create();
    }
  }

  @Nested final class Suffixes extends Contract {
    @Override protected Drafter createDrafter(ExecutorSpec spec) {
      return SuffixDrafter.create();
    }
  }

  @Nested final class SmallModel extends Contract {
    @Override protected Drafter createDrafter(ExecutorSpec spec) {
      return new ModelDrafter(draftModel(), 4);
    }
  }

  @Nested final class Trees extends Contract {
    @Override protected Drafter createDrafter(ExecutorSpec spec) {
      return new TreeDrafter(new ModelExpander(draftModel(), 3, 4), 5);
    }
  }

  private abstract static class Contract extends LosslessContract {
    @Override protected StepExecutor createExecutor(ExecutorSpec wanted) {
      return HostExecutor.builder(target)
          .maxModelLen(wanted.maxModelLen())
          .blockSize(wanted.blockSize())
          .numBlocks(wanted.numBlocks())
          .numSlots(wanted.numSlots())
          .maxNumRows(wanted.maxNumRows())
          .maxNumBatchedTokens(wanted.maxNumBatchedTokens())
          .maxNumDraftTokens(wanted.maxNumDraftTokens())
          .maxInFlight(wanted.maxInFlight())
          .numThreads(2)
          .build();
    }

    @Override protected SchedulerDriver.Factory schedulers() {
      return EngineDriver::create;
    }
  }
}
