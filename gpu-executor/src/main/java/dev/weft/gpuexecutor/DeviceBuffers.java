package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;

/**
 * The device memory of an executor but weights, KV blocks and step block, taken once and cleared.
 * Rows of activations are as wide as {@link PaddedShape} says, in BF16; the padding is zero and
 * stays so.
 *
 * @param slots {@code [slot][SlotLayout.stride]} ints
 * @param tokens {@code [TOKEN_ARRAYS][maxTokens]} ints
 * @param logitTokens {@code [maxLogits]} ints: the token behind which a row of logits is
 * @param logitRows {@code [maxLogits]} ints: the row of the step that a row of logits belongs to
 * @param hidden {@code [maxTokens][hidden]}: the residual stream
 * @param normed {@code [maxTokens][hidden]}
 * @param delta {@code [maxTokens][hidden]}: what is to be added to the residual stream
 * @param queryKeyValue {@code [maxTokens][queryKeyValue]}
 * @param attended {@code [maxTokens][attended]}
 * @param partials what attention leaves that was split, as {@code AttentionWork} counts it
 * @param inner {@code [maxTokens][inner]}
 * @param logits {@code [maxLogits][vocabulary]} floats
 * @param sampled {@code [maxLogits]} ints
 * @param acceptedCounts {@code [maxRows]} ints: drafts accepted
 * @param accepted {@code [maxRows][MAX_DRAFTS]} ints: which
 * @param rope {@code [position][headDim / 2]} pairs of floats: cosine and sine
 * @param results {@code [maxInFlight + 1]} areas as {@link ResultLayout} says
 */
record DeviceBuffers(
    DeviceMemory slots,
    DeviceMemory tokens,
    DeviceMemory logitTokens,
    DeviceMemory logitRows,
    DeviceMemory hidden,
    DeviceMemory normed,
    DeviceMemory delta,
    DeviceMemory queryKeyValue,
    DeviceMemory attended,
    DeviceMemory partials,
    DeviceMemory inner,
    DeviceMemory logits,
    DeviceMemory sampled,
    DeviceMemory acceptedCounts,
    DeviceMemory accepted,
    DeviceMemory rope,
    DeviceMemory results) {

  /** Bytes of what others lay out. */
  record Sizes(long slots, long partials, long rope, long results) {}

  /** Takes and clears all of it. */
  static DeviceBuffers allocate(
      DeviceResources resources,
      CudaStream stream,
      LlamaConfig config,
      ExecutorSpec spec,
      Sizes sizes) {
    PaddedShape shape = PaddedShape.of(config);
    Taking taking = new Taking(resources, stream);
    int maxTokens = spec.maxNumBatchedTokens();
    int maxLogits = ResultLayout.maxNumLogits(spec);
    int maxRows = spec.maxNumRows();
    return new DeviceBuffers(
        taking.bytes(sizes.slots),
        taking.ints((long) StepBlock.TOKEN_ARRAYS * maxTokens),
        taking.ints(maxLogits),
        taking.ints(maxLogits),
        taking.activations(maxTokens, shape.hidden()),
        taking.activations(maxTokens, shape.hidden()),
        taking.activations(maxTokens, shape.hidden()),
        taking.activations(maxTokens, shape.queryKeyValue()),
        taking.activations(maxTokens, shape.attended()),
        taking.bytes(sizes.partials),
        taking.activations(maxTokens, shape.inner()),
        taking.bytes((long) Float.BYTES * maxLogits * shape.vocabulary()),
        taking.ints(maxLogits),
        taking.ints(maxRows),
        taking.ints((long) StepBlock.MAX_DRAFTS * maxRows),
        taking.bytes(sizes.rope),
        taking.bytes(sizes.results));
  }

  private record Taking(DeviceResources resources, CudaStream stream) {
    DeviceMemory bytes(long bytes) {
      DeviceMemory memory = resources.allocate(bytes);
      resources.driver().fill(memory, (byte) 0, bytes, stream);
      return memory;
    }

    DeviceMemory ints(long count) {
      return bytes(Integer.BYTES * count);
    }

    DeviceMemory activations(long numRows, int width) {
      return bytes(Bfloat16.BYTES * numRows * width);
    }
  }
}
