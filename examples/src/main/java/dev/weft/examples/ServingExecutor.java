package dev.weft.examples;

import dev.weft.gpuexecutor.CudaExecutor;
import dev.weft.gpuexecutor.CudaModel;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.StepExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The executor that serves, where it computes, and how close to the host its logits are.
 *
 * @param place     for people to read, such as {@code 2 threads}
 * @param remark    why it is not on a GPU, where one was looked for; else empty
 * @param tolerance by how much two logits may be further apart, or closer, than on the host; 0
 *                  where they have the same bits
 */
record ServingExecutor(StepExecutor executor, String place, String remark, float tolerance) {
  /**
   * A GPU stores weights, activations and KV entries in BF16. Rounded like that, with NumPy, the
   * model of this repository put the eight best logits of a position up to 0.15 closer or further
   * apart than without; no token was changed whose logit was 0.05 or more from the best.
   */
  static final float TOLERANCE_OF_BF16 = 0.25f;

  private static final int MAX_NUM_ROWS = 32;
  private static final int MAX_NUM_BATCHED_TOKENS = 256;

  /**
   * Builds one for the limits of the run.
   *
   * @param model  of {@code folder}, on the host
   * @throws IllegalStateException when a GPU is asked for and there is none
   */
  static ServingExecutor of(ExecutorChoice choice, Path folder, HostModel model, int numBlocks,
      int numThreads) throws IOException {
    Optional<String> reason =
        choice == ExecutorChoice.HOST ? Optional.of("") : CudaExecutor.unavailableReason();
    if (reason.isEmpty()) {
      return onGpu(CudaModel.open(folder), numBlocks);
    }
    if (choice == ExecutorChoice.CUDA) {
      throw new IllegalStateException("--executor is cuda, but there is no GPU: " + reason.get());
    }
    HostExecutor executor = HostExecutor.builder(model).numThreads(numThreads).numBlocks(numBlocks)
        .maxNumRows(MAX_NUM_ROWS).maxNumBatchedTokens(MAX_NUM_BATCHED_TOKENS).build();
    String remark = reason.get().isEmpty() ? "" : "on the host, there is no GPU: " + reason.get();
    return new ServingExecutor(executor, numThreads + " threads", remark, 0);
  }

  private static ServingExecutor onGpu(CudaModel model, int numBlocks) throws IOException {
    CudaExecutor executor = CudaExecutor.builder(model).numBlocks(numBlocks)
        .maxNumRows(MAX_NUM_ROWS).maxNumBatchedTokens(MAX_NUM_BATCHED_TOKENS).build();
    return new ServingExecutor(executor, "a GPU", "", TOLERANCE_OF_BF16);
  }

  boolean isExact() {
    return tolerance == 0;
  }
}
