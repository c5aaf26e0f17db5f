package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * A weight matrix on the device in the order in which the matrix kernels read it ({@code
 * gemm.cuh}): tiles of 16 outputs, chunks of 64 inputs, padded with zeros.
 *
 * @param memory {@code [tile][chunk][4 steps][32 lanes]} of 16 bytes
 * @param numTiles outputs, padded, / 16
 * @param numChunks inputs, padded, / 64
 * @param rowMajor the same matrix as {@code [output][input]}, for a {@link GemmProvider}; null when
 *     there is none
 */
record DeviceMatrix(
    DeviceMemory memory, int numTiles, int numChunks, @Nullable DeviceMemory rowMajor) {
  /** Outputs of a tile. */
  static final int TILE_OUTPUTS = 16;

  /** Inputs of a chunk. */
  static final int CHUNK_INPUTS = 64;

  /** In how many ways a matrix lies on the device. */
  enum Form {
    /** As the executor's own kernels read it. */
    PACKED,
    /** That, and row after row. */
    PACKED_AND_ROW_MAJOR
  }

  /**
   * Where a tensor goes in a matrix.
   *
   * @param firstTile the tile that its first 16 rows become
   * @param tileStride how many tiles behind it the next 16 rows come
   * @param firstOutput where its first row is in {@link #rowMajor}
   */
  record Part(DeviceMatrix matrix, int firstTile, int tileStride, int firstOutput) {}

  /**
   * Takes memory for a matrix and clears it.
   *
   * @param numOutputs a multiple of 64, as {@link PaddedShape} gives it
   * @param numInputs a multiple of 64
   */
  static DeviceMatrix allocate(
      DeviceResources resources, CudaStream stream, int numOutputs, int numInputs, Form form) {
    long bytes = (long) Bfloat16.BYTES * numOutputs * numInputs;
    DeviceMemory memory = resources.allocate(bytes);
    resources.driver().fill(memory, (byte) 0, bytes, stream);
    // Its widths are not padded, so that tensors fill it.
    DeviceMemory rowMajor = form == Form.PACKED ? null : resources.allocate(bytes);
    return new DeviceMatrix(
        memory, numOutputs / TILE_OUTPUTS, numInputs / CHUNK_INPUTS, rowMajor);
  }

  /** Outputs, padded. */
  int numOutputs() {
    return numTiles * TILE_OUTPUTS;
  }

  /** Inputs, padded. */
  int numInputs() {
    return numChunks * CHUNK_INPUTS;
  }

  /** From an output on; a multiple of 16. */
  Part from(int firstOutput) {
    return new Part(this, firstOutput / TILE_OUTPUTS, 1, firstOutput);
  }

  /** Every other tile, from the first one; in the other form the first half. */
  Part gate() {
    return new Part(this, 0, 2, 0);
  }

  /** Every other tile, from the second one; in the other form the second half. */
  Part up() {
    return new Part(this, 1, 2, numOutputs() / 2);
  }
}
