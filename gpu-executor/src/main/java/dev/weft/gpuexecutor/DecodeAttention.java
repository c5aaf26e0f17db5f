package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Attention of one token and one KV head over a paged sequence, for all query heads of the group.
 *
 * <p>Scores are computed at the physical slots, in lanes, run by run of physically adjacent blocks;
 * dimensions ascend within a score, positions within a sum. An instance is the scratch memory of
 * one thread.
 */
final class DecodeAttention {
  /** Values copied into rows of their own, which is how {@link Tile} reads them. */
  private static final int ROWS_AT_ONCE = 32;

  private final int headDim;
  private final int groupSize;
  private final KvBlocks kv;

  /** {@code [head of the group][slot]}. */
  private final float[][] weights;

  private final float[][] queries;
  private final float[][] valueRows;
  private final float[][] sums;
  private final float[][] chains;
  private final float[] maxima;
  private final float[] scratch;

  DecodeAttention(LlamaConfig config, KvBlocks kv) {
    this.headDim = config.headDim();
    this.groupSize = config.groupSize();
    this.kv = kv;
    int numSlots = kv.numSlots() + PanelMatrix.PADDING;
    weights = new float[groupSize][numSlots];
    queries = new float[groupSize][headDim];
    valueRows = new float[ROWS_AT_ONCE][headDim + PanelMatrix.PADDING];
    sums = new float[groupSize][headDim + PanelMatrix.PADDING];
    chains = new float[groupSize][LaneMath.NUM_SUM_CHAINS];
    maxima = new float[groupSize];
    scratch = new float[numSlots];
  }

  /**
   * Attends from one token to positions 0 to its own.
   *
   * @param query the token's query heads, rotated and scaled
   * @param target gets the weighted values, head by head like {@code query}
   */
  void attend(
      int layer, int kvHead, int[] blockTable, int position, float[] query, float[] target) {
    int numPositions = position + 1;
    begin(kvHead, query);
    float[][] keys = kv.keys(layer, kvHead);
    for (int p = 0; p < numPositions; ) {
      int end = runEnd(blockTable, p, numPositions);
      int slot = kv.slot(blockTable, p);
      score(keys, slot, slot + end - p);
      p = end;
    }
    float[] values = kv.values(layer, kvHead);
    for (int p = 0; p < numPositions; ) {
      int end = runEnd(blockTable, p, numPositions);
      int slot = kv.slot(blockTable, p);
      weigh(values, slot, slot + end - p);
      p = end;
    }
    finish(kvHead, target);
  }

  private void begin(int kvHead, float[] query) {
    Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
    for (int g = 0; g < groupSize; g++) {
      System.arraycopy(query, (kvHead * groupSize + g) * headDim, queries[g], 0, headDim);
      Arrays.fill(sums[g], 0f);
      Arrays.fill(chains[g], 0f);
    }
  }

  /** The first position that is not in the run of adjacent blocks which begins at {@code from}. */
  private int runEnd(int[] blockTable, int from, int numPositions) {
    int blockSize = kv.blockSize();
    int block = from / blockSize;
    int lastBlock = (numPositions - 1) / blockSize;
    while (block < lastBlock && blockTable[block + 1] == blockTable[block] + 1) {
      block++;
    }
    return Math.min(numPositions, (block + 1) * blockSize);
  }

  private void score(float[][] keys, int fromSlot, int toSlot) {
    for (int g = 0; g < groupSize; g++) {
      Arrays.fill(weights[g], fromSlot, toSlot, 0f);
    }
    Tile.multiplyAdd(weights, 0, queries, 0, 0, groupSize, keys, 0, headDim, fromSlot, toSlot);
    for (int g = 0; g < groupSize; g++) {
      maxima[g] = LaneMath.max(weights[g], maxima[g], fromSlot, toSlot);
    }
  }

  private void weigh(float[] values, int fromSlot, int toSlot) {
    for (int g = 0; g < groupSize; g++) {
      Exponential.apply(weights[g], scratch, maxima[g], fromSlot, toSlot);
      LaneMath.addToChains(chains[g], weights[g], fromSlot, toSlot);
    }
    for (int slot = fromSlot; slot < toSlot; slot += ROWS_AT_ONCE) {
      int numRows = Math.min(ROWS_AT_ONCE, toSlot - slot);
      for (int i = 0; i < numRows; i++) {
        System.arraycopy(values, (slot + i) * headDim, valueRows[i], 0, headDim);
      }
      Tile.multiplyAdd(sums, 0, weights, 0, slot, groupSize, valueRows, 0, numRows, 0, headDim);
    }
  }

  private void finish(int kvHead, float[] target) {
    for (int g = 0; g < groupSize; g++) {
      float[] chain = chains[g];
      float reciprocal = 1f / LaneMath.total(chain[0], chain[1], chain[2], chain[3]);
      int offset = (kvHead * groupSize + g) * headDim;
      for (int d = 0; d < headDim; d++) {
        target[offset + d] = LaneMath.normalise(sums[g][d], reciprocal);
      }
    }
  }
}
