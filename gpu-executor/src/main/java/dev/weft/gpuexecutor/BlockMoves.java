package dev.weft.gpuexecutor;

/** Copies in the KV cache: of whole blocks before a step, of accepted drafts of trees after it. */
final class BlockMoves {
  /** Blocks of threads on a multiprocessor; each copies places of its own. */
  private static final int BLOCKS_OF_MULTIPROCESSOR = 4;

  private final LaunchSite copyBlocks;
  private final LaunchSite closeUp;
  private final int numCopyBlocks;
  private final int numLayers;

  /**
   * @param kv all KV blocks
   */
  BlockMoves(LaunchContext context, DeviceMemory kv) {
    copyBlocks =
        context.site(
            context
                .arguments(Kernel.COPY_BLOCKS)
                .pointer(0, kv)
                .pointer(1, context.stepBlock())
                .integer(2, context.kvLayout().blockStride()));
    closeUp =
        context.site(
            context
                .arguments(Kernel.CLOSE_UP)
                .pointer(0, kv)
                .pointer(1, context.buffers().slots())
                .pointer(2, context.buffers().acceptedCounts())
                .pointer(3, context.buffers().accepted())
                .pointer(4, context.stepBlock())
                .integer(5, context.kvLayout().blockStride())
                .integer(6, context.config().numKvHeads())
                .integer(7, context.config().headDim()));
    numCopyBlocks = BLOCKS_OF_MULTIPROCESSOR * context.numMultiprocessors();
    numLayers = context.kvLayout().numLayers();
  }

  /** Copies the blocks that the step block lists. */
  void launchCopies(CudaStream stream) {
    copyBlocks.launch(stream, numCopyBlocks);
  }

  /** Moves the entries of accepted drafts to where they stand in their sequences. */
  void launchCloseUp(CudaStream stream, int numRows) {
    closeUp.launch(stream, numRows, numLayers);
  }
}
