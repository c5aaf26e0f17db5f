package dev.weft.gpuexecutor;

/**
 * The widths of a model's matrices and activations on the device, each a multiple of 64, because
 * the matrix kernels read 64 inputs and write 16 outputs at a time. What lies behind the real width
 * is zero: in the weights because they are padded with zeros, so in the activations too.
 *
 * @param hidden stride of the residual stream
 * @param queryKeyValue stride of queries, keys and values of a token, one behind the other
 * @param attended stride of the attention's output
 * @param inner stride of the feed-forward network's inner activations
 * @param vocabulary stride of the logits
 */
record PaddedShape(int hidden, int queryKeyValue, int attended, int inner, int vocabulary) {
  /** All widths are multiples of this. */
  static final int UNIT = 64;

  static PaddedShape of(LlamaConfig config) {
    return new PaddedShape(
        pad(config.hiddenSize()),
        pad(config.queryWidth() + 2 * config.kvWidth()),
        pad(config.queryWidth()),
        pad(config.intermediateSize()),
        pad(config.vocabularySize()));
  }

  /** The next multiple of {@link #UNIT}. */
  static int pad(int width) {
    return (width + UNIT - 1) / UNIT * UNIT;
  }
}
