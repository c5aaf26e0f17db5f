package dev.weft.gpuexecutor;

/**
 * The paged KV cache: keys and values of all layers in blocks of one pool, as floats.
 *
 * <pre>
 * keys[layer][kvHead][dimension][slot]     slot = block * blockSize + offset in the block
 * values[layer][kvHead][slot][dimension]
 * </pre>
 *
 * <p>Keys lie transposed so that a decode step computes the scores of neighbouring slots in lanes;
 * physically adjacent blocks then make one long run.
 */
final class KvBlocks {
  private static final int PADDING = PanelMatrix.PADDING;

  private final int blockSize;
  private final int numBlocks;
  private final int headDim;
  private final float[][][][] keys;
  private final float[][][][] values;

  /**
   * Takes memory for all blocks: {@code 8 * numLayers * numKvHeads * headDim} bytes per position,
   * and {@code 64 * numLayers * numKvHeads} for the arrays themselves.
   *
   * @param blockSize positions per block, a multiple of 4 so that the four softmax sums stay in
   *     step
   */
  KvBlocks(LlamaConfig config, int numBlocks, int blockSize) {
    if (blockSize < 4 || blockSize % 4 != 0) {
      throw new IllegalArgumentException("blockSize is " + blockSize + ", must be a multiple of 4");
    }
    long numSlots = (long) numBlocks * blockSize;
    if (numBlocks < 1 || numSlots > Integer.MAX_VALUE - PADDING - 8) {
      throw new IllegalArgumentException(
          "numBlocks is " + numBlocks + ", must be 1 to " + Integer.MAX_VALUE / blockSize / 2);
    }
    this.blockSize = blockSize;
    this.numBlocks = numBlocks;
    this.headDim = config.headDim();
    int slots = (int) numSlots;
    int numLayers = config.numLayers();
    keys = new float[numLayers][config.numKvHeads()][headDim][slots + PADDING];
    values = new float[numLayers][config.numKvHeads()][slots][headDim + PADDING];
  }

  int blockSize() {
    return blockSize;
  }

  int numBlocks() {
    return numBlocks;
  }

  /** Positions of all blocks together. */
  int numSlots() {
    return numBlocks * blockSize;
  }

  /** {@code [dimension][slot]} of one head. */
  float[][] keys(int layer, int kvHead) {
    return keys[layer][kvHead];
  }

  /** {@code [slot][dimension]} of one head. */
  float[][] values(int layer, int kvHead) {
    return values[layer][kvHead];
  }

  /** The slot of a position of a sequence with this block table. */
  int slot(int[] blockTable, int position) {
    return blockTable[position / blockSize] * blockSize + position % blockSize;
  }

  /**
   * Stores one token's key and value of every head.
   *
   * @param source all key heads from {@code keyOffset}, all value heads from {@code valueOffset}
   */
  void store(int layer, int slot, float[] source, int keyOffset, int valueOffset) {
    for (int head = 0; head < keys[layer].length; head++) {
      float[][] headKeys = keys[layer][head];
      int key = keyOffset + head * headDim;
      for (int d = 0; d < headDim; d++) {
        headKeys[d][slot] = source[key + d];
      }
      int value = valueOffset + head * headDim;
      System.arraycopy(source, value, values[layer][head][slot], 0, headDim);
    }
  }

  /** Copies all keys and values of one block to another. */
  void copyBlock(int source, int target) {
    int from = source * blockSize;
    int to = target * blockSize;
    for (int layer = 0; layer < keys.length; layer++) {
      for (int head = 0; head < keys[layer].length; head++) {
        for (float[] dimension : keys[layer][head]) {
          System.arraycopy(dimension, from, dimension, to, blockSize);
        }
        float[][] headValues = values[layer][head];
        for (int i = 0; i < blockSize; i++) {
          System.arraycopy(headValues[from + i], 0, headValues[to + i], 0, headDim);
        }
      }
    }
  }
}
