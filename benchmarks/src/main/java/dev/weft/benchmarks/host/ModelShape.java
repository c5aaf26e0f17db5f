package dev.weft.benchmarks.host;

/**
 * The sizes of a Llama model, and what follows from them: how much has to be computed and read.
 * Counts what {@code HostExecutor} does: for a prompt, the last layer computes keys and values of
 * all tokens but everything else for the last token alone.
 */
record ModelShape(
    int hiddenSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int intermediateSize,
    int vocabularySize) {

  private long kvWidth() {
    return (long) numKvHeads * headDim;
  }

  private long queryWidth() {
    return (long) numHeads * headDim;
  }

  /** Weights of the query, key and value products of one layer. */
  private long queryKeyValueWeights() {
    return hiddenSize * (queryWidth() + 2 * kvWidth());
  }

  private long layerWeights() {
    return queryKeyValueWeights() + queryWidth() * hiddenSize + 3L * hiddenSize * intermediateSize;
  }

  private long outputWeights() {
    return (long) vocabularySize * hiddenSize;
  }

  /** Weights that every decode step multiplies with; the embeddings are looked up, not counted. */
  long numWeights() {
    return numLayers * layerWeights() + outputWeights();
  }

  /** Floating-point operations of one token at a context of {@code contextLength} positions. */
  double decodeFlops(double contextLength) {
    return 2.0 * numWeights() + numLayers * attentionFlops(contextLength);
  }

  /** Scores and weighted values of one token in one layer. */
  private double attentionFlops(double contextLength) {
    return 4.0 * queryWidth() * contextLength;
  }

  /** Floating-point operations of a prompt, all tokens together. */
  double prefillFlops(int numTokens) {
    double meanContext = (numTokens + 1) / 2.0;
    double perToken =
        (numLayers - 1) * (2.0 * layerWeights() + attentionFlops(meanContext))
            + 2.0 * queryKeyValueWeights();
    double lastToken =
        2.0 * (layerWeights() - queryKeyValueWeights() + outputWeights())
            + attentionFlops(numTokens);
    return numTokens * perToken + lastToken;
  }

  /** Bytes of weights in floats. */
  long weightBytes() {
    return Float.BYTES * numWeights();
  }

  /** Bytes that a decode step reads at least: all weights once, and the keys and values. */
  double decodeBytes(int batchSize, double contextLength) {
    return weightBytes()
        + 2.0 * Float.BYTES * numLayers * kvWidth() * batchSize * contextLength;
  }
}
