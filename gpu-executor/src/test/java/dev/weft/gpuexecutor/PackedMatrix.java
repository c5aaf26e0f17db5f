package dev.weft.gpuexecutor;

import java.util.Random;

/**
 * A weight matrix and its packed form, made in plain Java from the description in {@code gemm.cuh}.
 */
final class PackedMatrix {
  static final int TILE_ROWS = 16;
  static final int CHUNK = 64;

  private final int numRows;
  private final int numColumns;
  private final int numTiles;
  private final float[] values;
  private final short[] packed;

  private PackedMatrix(int numRows, int numColumns, int numTiles, float[] values) {
    this.numRows = numRows;
    this.numColumns = numColumns;
    this.numTiles = numTiles;
    this.values = values;
    packed = new short[numTiles * TILE_ROWS * numChunks() * CHUNK];
  }

  /** Gaussian values, rounded to bf16; padded to multiples of 64. */
  static PackedMatrix random(int numRows, int numColumns, Random random) {
    float[] values = gaussian(numRows * numColumns, 1, random);
    int numTiles = padded(numRows) / TILE_ROWS;
    PackedMatrix matrix = new PackedMatrix(numRows, numColumns, numTiles, values);
    matrix.pack(1, 0, values);
    return matrix;
  }

  /** Gate and up matrices of this many rows each, with their tiles in turn; rows of up follow. */
  static PackedMatrix randomGateUp(int numRows, int numColumns, Random random) {
    float[] values = gaussian(2 * numRows * numColumns, 1, random);
    int numTiles = padded(numRows) / TILE_ROWS * 2;
    PackedMatrix matrix = new PackedMatrix(2 * numRows, numColumns, numTiles, values);
    int half = numRows * numColumns;
    matrix.pack(2, 0, java.util.Arrays.copyOfRange(values, 0, half));
    matrix.pack(2, 1, java.util.Arrays.copyOfRange(values, half, 2 * half));
    return matrix;
  }

  /** The next multiple of 64. */
  static int padded(int width) {
    return (width + 63) / 64 * 64;
  }

  /** Gaussian values, rounded to bf16. */
  static float[] gaussian(int length, double deviation, Random random) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = DeviceArray.rounded((float) (random.nextGaussian() * deviation));
    }
    return values;
  }

  private void pack(int tileStride, int tileOffset, float[] source) {
    for (int i = 0; i < source.length; i++) {
      int row = i / numColumns;
      int tile = row / TILE_ROWS * tileStride + tileOffset;
      int packedRow = tile * TILE_ROWS + row % TILE_ROWS;
      packed[indexOf(packedRow, i % numColumns)] = DeviceArray.bf16(source[i]);
    }
  }

  /** Where an element stands: tile, chunk, step, lane, word of the lane, half of the word. */
  int indexOf(int packedRow, int column) {
    int row = packedRow % TILE_ROWS;
    int inChunk = column % CHUNK;
    int lane = row % 8 * 4 + inChunk / 16;
    int step = inChunk / 4 % 4;
    int word = inChunk / 2 % 2 * 2 + row / 8;
    int tileAndChunk = packedRow / TILE_ROWS * numChunks() + column / CHUNK;
    return (((tileAndChunk * 4 + step) * 32 + lane) * 4 + word) * 2 + inChunk % 2;
  }

  int numTiles() {
    return numTiles;
  }

  int numChunks() {
    return padded(numColumns) / CHUNK;
  }

  int numRows() {
    return numRows;
  }

  int numColumns() {
    return numColumns;
  }

  /** {@code [row][column]}, in one array. */
  float[] values() {
    return values;
  }

  /** The bits of the packed form. */
  short[] packed() {
    return packed;
  }

  DeviceArray on(KernelRunner device) {
    return device.bf16(packed.length).put(packed);
  }

  /** Product of a row of this matrix with a row of activations, in double. */
  double times(int row, float[] activations, int from) {
    double sum = 0;
    for (int k = 0; k < numColumns; k++) {
      sum += (double) values[row * numColumns + k] * activations[from + k];
    }
    return sum;
  }
}
