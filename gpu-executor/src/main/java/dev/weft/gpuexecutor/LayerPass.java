package dev.weft.gpuexecutor;

/** The kernels of one transformer layer, with their arguments. */
final class LayerPass {
  /** Blocks of the merge for a multiprocessor. */
  private static final int MERGE_BLOCKS = 4;

  /** Heads of a token that a block of the merge takes at a time. */
  private static final int MERGED_HEADS = 4;

  private final LaunchSite attentionNorm;
  private final DeviceProduct queryKeyValue;
  private final LaunchSite rotateAndStore;
  private final LaunchSite decodeAttention;
  private final LaunchSite prefillAttention;
  private final LaunchSite mergeAttention;
  private final DeviceProduct attentionOutput;
  private final LaunchSite feedForwardNorm;
  private final DeviceProduct gateUp;
  private final DeviceProduct down;
  private final int numHeads;
  private final int numKvHeads;
  private final int numAttentionBlocks;
  private final int numMergeBlocks;

  /**
   * @param kv the layer's part of block 0
   * @param isFirst whether nothing was added to the embedding yet
   */
  LayerPass(
      LaunchContext context, DeviceWeights.Layer weights, DeviceMemory kv, boolean isFirst) {
    DeviceBuffers buffers = context.buffers();
    long delta = isFirst ? 0 : buffers.delta().address();
    attentionNorm = norm(context, weights.attentionNorm(), delta);
    queryKeyValue =
        product(context, weights.queryKeyValue(), buffers.normed(), buffers.queryKeyValue());
    rotateAndStore = rotateAndStore(context, kv);
    decodeAttention = attention(context, decodeKernel(context.config().headDim()), kv);
    prefillAttention = attention(context, prefillKernel(context.config().headDim()), kv);
    mergeAttention = merge(context);
    attentionOutput =
        product(context, weights.attentionOutput(), buffers.attended(), buffers.delta());
    feedForwardNorm = norm(context, weights.feedForwardNorm(), buffers.delta().address());
    gateUp =
        context.product(
            weights.gateUp(),
            buffers.normed(),
            buffers.inner(),
            StepBlock.HEADER_NUM_TOKENS,
            DeviceProduct.Output.SILU);
    down = product(context, weights.down(), buffers.inner(), buffers.delta());
    numHeads = context.config().numHeads();
    numKvHeads = context.config().numKvHeads();
    numAttentionBlocks =
        AttentionWork.numItemsAtOnce(context.config(), context.numMultiprocessors());
    numMergeBlocks = MERGE_BLOCKS * context.numMultiprocessors();
  }

  private static LaunchSite norm(LaunchContext context, DeviceMemory weight, long delta) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.ADD_RMS_NORM)
            .pointer(0, buffers.normed())
            .pointer(1, buffers.hidden())
            .pointer(2, delta)
            .pointer(3, weight)
            .pointer(4, context.stepBlock())
            .integer(5, context.config().hiddenSize())
            .integer(6, context.shape().hidden())
            .real(7, context.config().rmsNormEpsilon()));
  }

  private static DeviceProduct product(
      LaunchContext context, DeviceMatrix matrix, DeviceMemory x, DeviceMemory y) {
    return context.product(
        matrix, x, y, StepBlock.HEADER_NUM_TOKENS, DeviceProduct.Output.STORE);
  }

  private static LaunchSite rotateAndStore(LaunchContext context, DeviceMemory kv) {
    LlamaConfig config = context.config();
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.ROPE_KV)
            .pointer(0, buffers.queryKeyValue())
            .pointer(1, buffers.rope())
            .pointer(2, kv)
            .pointer(3, buffers.tokens())
            .pointer(4, context.stepBlock())
            .integer(5, context.kvLayout().blockStride())
            .integer(6, config.numHeads())
            .integer(7, config.numKvHeads())
            .integer(8, config.headDim())
            .integer(9, context.shape().queryKeyValue())
            .real(10, (float) (1 / Math.sqrt(config.headDim()))));
  }

  private static LaunchSite attention(LaunchContext context, Kernel kernel, DeviceMemory kv) {
    LlamaConfig config = context.config();
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(kernel)
            .pointer(0, buffers.attended())
            .pointer(1, buffers.partials())
            .pointer(2, buffers.queryKeyValue())
            .pointer(3, kv)
            .pointer(4, buffers.slots())
            .pointer(5, buffers.tokens())
            .pointer(6, context.stepBlock())
            .integer(7, context.kvLayout().blockStride())
            .integer(8, config.numHeads())
            .integer(9, config.numKvHeads())
            .integer(10, context.shape().queryKeyValue())
            .integer(11, context.shape().attended()));
  }

  private static LaunchSite merge(LaunchContext context) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.ATTENTION_MERGE)
            .pointer(0, buffers.attended())
            .pointer(1, buffers.partials())
            .pointer(2, context.stepBlock())
            .integer(3, context.config().numHeads())
            .integer(4, context.config().headDim())
            .integer(5, context.shape().attended()));
  }

  private static Kernel decodeKernel(int headDim) {
    return switch (headDim) {
      case 32 -> Kernel.ATTENTION_DECODE_D32;
      case 64 -> Kernel.ATTENTION_DECODE_D64;
      case 128 -> Kernel.ATTENTION_DECODE_D128;
      default -> throw new IllegalArgumentException("headDim is " + headDim);
    };
  }

  private static Kernel prefillKernel(int headDim) {
    return switch (headDim) {
      case 32 -> Kernel.ATTENTION_PREFILL_D32;
      case 64 -> Kernel.ATTENTION_PREFILL_D64;
      case 128 -> Kernel.ATTENTION_PREFILL_D128;
      default -> throw new IllegalArgumentException("headDim is " + headDim);
    };
  }

  /** Launches the layer for steps of up to that extent. */
  void launch(CudaStream stream, StepExtent extent) {
    int maxTokens = extent.maxTokens();
    attentionNorm.launch(stream, maxTokens);
    queryKeyValue.launch(stream, maxTokens);
    rotateAndStore.launch(stream, maxTokens);
    if (extent.maxDecodeItems() > 0) {
      decodeAttention.launch(
          stream, Math.min(extent.maxDecodeItems(), numAttentionBlocks), numKvHeads);
    }
    if (extent.maxPrefillItems() > 0) {
      prefillAttention.launch(
          stream, Math.min(extent.maxPrefillItems(), numAttentionBlocks), numKvHeads);
    }
    if (extent.maxMerges() > 0) {
      long numBlocks = ((long) extent.maxMerges() * numHeads + MERGED_HEADS - 1) / MERGED_HEADS;
      mergeAttention.launch(stream, (int) Math.min(numBlocks, numMergeBlocks));
    }
    attentionOutput.launch(stream, maxTokens);
    feedForwardNorm.launch(stream, maxTokens);
    gateUp.launch(stream, maxTokens);
    down.launch(stream, maxTokens);
  }
}
