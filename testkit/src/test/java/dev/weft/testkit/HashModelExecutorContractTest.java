package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepExecutor;
import org.junit.jupiter.api.Nested;

/** The hash executor keeps the contract, also where its spec has little. */
class HashModelExecutorContractTest extends StepExecutorContract {
  @Override protected StepExecutor create(ExecutorSpec wanted) {
    return HashModelExecutor.completingAtOnce(wanted);
  }

  @Nested class WithLittle extends StepExecutorContract {
    @Override protected StepExecutor create(ExecutorSpec wanted) {
      return HashModelExecutor.completingAtOnce(ExecutorSpec.builder().vocabularySize(256)
          .maxModelLen(64).blockSize(4).numBlocks(64).numSlots(8).maxNumRows(4)
          .maxNumBatchedTokens(64).maxNumDraftTokens(7).maxNumLogprobs(-1)
          .mixesPrefillAndDecode(false).chunkUnit(4).supportsMasks(false).supportsAdapters(false)
          .supportsBlockCopies(false).build());
    }
  }
}
