package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.StepExecutorContract;

/** The host executor as the scheduler sees it. */
class HostExecutorContractTest extends StepExecutorContract {
  @Override
  protected StepExecutor create(ExecutorSpec wanted) {
    return HostExecutor.builder(ReferenceData.model("draft"))
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
}
