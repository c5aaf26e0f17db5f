package dev.weft.gpuexecutor;

/**
 * A weight matrix on the device in the order in which the matrix kernels read it ({@code
 * gemm.cuh}): tiles of 16 outputs, chunks of 64 inputs, padded with zeros.
 *
 * @param memory {@code [tile][chunk][4 steps][32 lanes]} of 16 bytes
 * @param numTiles outputs, padded, / 16
 * @param numChunks inputs, padded, / 64
 */
record DeviceMatrix(DeviceMemory memory, int numTiles, int numChunks) {
  /** Outputs of a tile. */
  static final int TILE_OUTPUTS = 16;

  /** Inputs of a chunk. */
  static final int CHUNK_INPUTS = 64;

  /**
   * Takes memory for a matrix and clears it.
   *
   * @param numOutputs a multiple of 64, as {@link PaddedShape} gives it
   * @param numInputs a multiple of 64
   */
  static DeviceMatrix allocate(
      DeviceResources resources, CudaStream stream, int numOutputs, int numInputs) {
    long bytes = (long) Bfloat16.BYTES * numOutputs * numInputs;
    DeviceMemory memory = resources.allocate(bytes);
    resources.driver().fill(memory, (byte) 0, bytes, stream);
    return new DeviceMatrix(memory, numOutputs / TILE_OUTPUTS, numInputs / CHUNK_INPUTS);
  }
}
