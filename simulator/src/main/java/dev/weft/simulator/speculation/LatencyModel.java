package dev.weft.simulator.speculation;

import dev.weft.speculative.StepTimeModel;

/**
 * The time of a step from the shapes of model and device: in each layer the weights are read and
 * multiplied, whichever takes longer (a smooth maximum), decodes read the KV entries of their
 * contexts, prompts attend to themselves; then the output matrix and the sampler.
 *
 * <p>In a step that verifies drafts, a sequence reads its context once for all of them, and each
 * draft is multiplied with all weights, those of the output matrix too.
 */
record LatencyModel(ModelShape model, DeviceRates device) implements StepTimeModel {
  static final LatencyModel H100_8B = new LatencyModel(ModelShape.LLAMA_8B, DeviceRates.H100);
  static final LatencyModel RTX_4090_8B =
      new LatencyModel(ModelShape.LLAMA_8B, DeviceRates.RTX_4090);

  private static final int BYTES = 2;
  private static final double NANOS = 1e9;

  /** Decodes, with drafts or without. */
  @Override public double nanos(int numSequences, double numTokens, double numContextTokens) {
    double numPositions = numContextTokens + numTokens - numSequences;
    return NANOS * (head(numTokens)
        + model.numLayers() * (dense(numTokens) + decodes(numSequences, numPositions)));
  }

  /** Decodes without drafts beside one chunk that begins a prompt and does not end it. */
  double nanosWithChunk(int numSequences, double numContextTokens, int numChunkTokens) {
    double decodes = numSequences == 0 ? 0 : decodes(numSequences, numContextTokens);
    return NANOS * (head(numSequences + 1.0) + model.numLayers()
        * (dense(numSequences + numChunkTokens) + decodes + prefill(numChunkTokens)));
  }

  private double head(double numRows) {
    return product(model.numHeadWeights(), numRows) + device.samplerFixed()
        + device.samplerPerRow() * numRows + device.stepFixed();
  }

  private double dense(double numTokens) {
    return product(model.numLayerWeights(), numTokens) + device.otherFixed()
        + device.otherPerToken() * model.hiddenSize() / 4096 * numTokens;
  }

  private double product(double numWeights, double numTokens) {
    double reading = BYTES * numWeights / device.weightBandwidth();
    double computing = 2 * numWeights * numTokens / device.matrixRate();
    double p = device.exponent();
    return StrictMath.pow(StrictMath.pow(reading, p) + StrictMath.pow(computing, p), 1 / p);
  }

  private double decodes(int numSequences, double numPositions) {
    double bytesOfToken = 2.0 * BYTES * model.numKvHeads() * model.headSize();
    return device.decodeFixed() + device.decodePerHead() * numSequences * model.numKvHeads()
        + numPositions * bytesOfToken / device.kvBandwidth();
  }

  private double prefill(int numTokens) {
    double numOperations = 4.0 * model.numQueryHeads() * model.headSize()
        * ((double) numTokens * numTokens / 2);
    return device.prefillFixed()
        + device.prefillPerHead() * numTokens * model.numQueryHeads()
        + numOperations / device.prefillRate();
  }
}
