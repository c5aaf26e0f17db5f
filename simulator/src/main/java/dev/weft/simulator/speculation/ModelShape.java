package dev.weft.simulator.speculation;

/**
 * What counts of a model of the Llama family for the time of a step; 2 bytes a weight, one device.
 *
 * @param numLayers       layers
 * @param hiddenSize      width of the residual stream
 * @param intermediateSize width of the gated MLP
 * @param numQueryHeads   query heads
 * @param numKvHeads      KV heads
 * @param headSize        elements of a head
 * @param vocabularySize  rows of the output matrix
 */
record ModelShape(int numLayers, int hiddenSize, int intermediateSize, int numQueryHeads,
    int numKvHeads, int headSize, int vocabularySize) {
  static final ModelShape LLAMA_8B = new ModelShape(32, 4096, 14336, 32, 8, 128, 128_256);
  /** A model that could draft for the one of 8 billion parameters. */
  static final ModelShape LLAMA_1B = new ModelShape(16, 2048, 8192, 32, 8, 64, 128_256);

  /** Weights of one layer. */
  double numLayerWeights() {
    double attention = (double) hiddenSize * (numQueryHeads + 2 * numKvHeads) * headSize
        + (double) numQueryHeads * headSize * hiddenSize;
    return attention + 3.0 * hiddenSize * intermediateSize;
  }

  /** Weights of the output matrix. */
  double numHeadWeights() {
    return (double) vocabularySize * hiddenSize;
  }
}
