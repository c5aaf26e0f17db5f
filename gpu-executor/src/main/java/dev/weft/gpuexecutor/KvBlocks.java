package dev.weft.gpuexecutor;

/**
 * The paged KV cache: keys and values of all layers in blocks of one pool, as floats.
 *
 * <pre>
 * keys[layer][kvHead][dimension][slot]     slot = block * blockSize + offset in the block
 * values[layer][kvHead][slot * headDim + dimension]
 * </pre>
 *
 * <p>Keys lie transposed so that a decode step computes the scores of neighbouring slots in lanes;
 * physically adjacent blocks then make one long run. Values lie flat: as small arrays they would be
 * strewn over the heap by the garbage collector, and decoding reads each of them once.
 */
final class KvBlocks {
  private final int blockSize;
  private final int numBlocks;
  private final int headDim;
  private final float[][][][] keys;
  private final float[][][] values;

  /**
   * Takes memory for all blocks: {@code 8 * numLayers * numKvHeads * headDim} bytes per position.
   *
   * @param blockSize positions per block, a multiple of 4 so that the four softmax sums stay in
   * step
   */
  KvBlocks(LlamaConfig config, int numBlocks, int blockSize) {
    if (blockSize < 4 || blockSize % 4 != 0) {
      throw new IllegalArgumentException("blockSize is " + blockSize + ", must be a multiple of 4");
    }
    this.blockSize = blockSize;
    this.numBlocks = numBlocks;
    this.headDim = config.headDim();
    int maxNumBlocks = Integer.MAX_VALUE / 2 / blockSize / headDim;
    if (numBlocks < 1 || numBlocks > maxNumBlocks) {
      throw new IllegalArgumentException(
          "numBlocks is " + numBlocks + ", must be 1 to " + maxNumBlocks);
    }
    int numLayers = config.numLayers();
    int numHeads = config.numKvHeads();
    keys = new float[numLayers][numHeads][headDim][numSlots() + PanelMatrix.PADDING];
    values = new float[numLayers][numHeads][numSlots() * headDim];
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

  /** {@code [slot * headDim + dimension]} of one head. */
  float[] values(int layer, int kvHead) {
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
      System.arraycopy(source, value, values[layer][head], slot * headDim, headDim);
    }
  }

  /** Copies one token's keys and values of all layers to another slot. */
  void copySlot(int source, int target) {
    for (int layer = 0; layer < keys.length; layer++) {
      for (int head = 0; head < keys[layer].length; head++) {
        for (float[] dimension : keys[layer][head]) {
          dimension[target] = dimension[source];
        }
        float[] flat = values[layer][head];
        System.arraycopy(flat, source * headDim, flat, target * headDim, headDim);
      }
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
        float[] flat = values[layer][head];
        System.arraycopy(flat, from * headDim, flat, to * headDim, blockSize * headDim);
      }
    }
  }
}
