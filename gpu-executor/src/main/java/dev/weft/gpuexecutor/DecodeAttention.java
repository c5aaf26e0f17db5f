package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Attention of one token and one KV head over a paged sequence, for all query heads of the group,
 * on the host.
 *
 * <p>Scores are computed at the physical slots, in lanes, run by run of physically adjacent blocks;
 * dimensions ascend within a score, positions within a sum. An instance is the scratch memory of
 * one thread.
 *
 * <p>A token of a draft tree sees positions that are not neighbours in the cache. Its path, and up
 * to three positions before it, so that the four sums stay in step, are copied together and treated
 * as one more run; so the bits are those of a sequence that has the path and nothing else.
 *
 * <pre>
 * cache    k0 k1 k2 k3 k4 k5 | a b c d     d's parent is b, b's is the root
 * runs     k0 k1 k2 k3, then tail: k4 k5 b d
 * </pre>
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

  // The run that is copied together for a token of a tree; its positions are 0, 1, 2, …
  private final int[] path;
  private final float[][] tailKeys;
  private final float[] tailValues;
  private final float[][] tailWeights;

  /**
   * @param maxDepth most levels of a tree of drafts
   */
  DecodeAttention(LlamaConfig config, KvBlocks kv, int maxDepth) {
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
    int maxTail = maxDepth + LaneMath.NUM_SUM_CHAINS - 1;
    scratch = new float[Math.max(numSlots, maxTail)];
    path = new int[maxDepth];
    tailKeys = new float[headDim][maxTail + PanelMatrix.PADDING];
    tailValues = new float[maxTail * headDim];
    tailWeights = new float[groupSize][maxTail + PanelMatrix.PADDING];
  }

  /**
   * Attends from one token to positions 0 to its own.
   *
   * @param query the token's query heads, rotated and scaled
   * @param target gets the weighted values, head by head like {@code query}
   */
  void attend(
      int layer, int kvHead, int[] blockTable, int position, float[] query, float[] target) {
    begin(kvHead, query);
    scoreRuns(layer, kvHead, blockTable, position + 1);
    weighRuns(layer, kvHead, blockTable, position + 1);
    finish(kvHead, target);
  }

  /**
   * Attends from a token of a draft tree to the tokens before the tree, its ancestors and itself.
   *
   * @param query the token's query heads, rotated and scaled
   * @param target gets the weighted values, head by head like {@code query}
   */
  void attendInTree(
      int layer, int kvHead, RaggedBatch batch, int token, float[] query, float[] target) {
    int[] blockTable = batch.blockTableOf(token);
    int numInPath = batch.pathTo(token, path);
    int numBefore = batch.position(token) + 1 - numInPath;
    int numInRuns = numBefore - numBefore % LaneMath.NUM_SUM_CHAINS;
    int numInTail = numBefore - numInRuns + numInPath;
    for (int i = 0; i < numInTail; i++) {
      int p = numInRuns + i;
      copyToTail(layer, kvHead, kv.slot(blockTable, p < numBefore ? p : path[p - numBefore]), i);
    }
    begin(kvHead, query);
    scoreRuns(layer, kvHead, blockTable, numInRuns);
    score(tailKeys, tailWeights, 0, numInTail);
    weighRuns(layer, kvHead, blockTable, numInRuns);
    weigh(tailValues, tailWeights, 0, numInTail);
    finish(kvHead, target);
  }

  private void copyToTail(int layer, int kvHead, int slot, int index) {
    float[][] keys = kv.keys(layer, kvHead);
    for (int d = 0; d < headDim; d++) {
      tailKeys[d][index] = keys[d][slot];
    }
    float[] values = kv.values(layer, kvHead);
    System.arraycopy(values, slot * headDim, tailValues, index * headDim, headDim);
  }

  private void scoreRuns(int layer, int kvHead, int[] blockTable, int numPositions) {
    float[][] keys = kv.keys(layer, kvHead);
    for (int p = 0; p < numPositions; ) {
      int end = runEnd(blockTable, p, numPositions);
      int slot = kv.slot(blockTable, p);
      score(keys, weights, slot, slot + end - p);
      p = end;
    }
  }

  private void weighRuns(int layer, int kvHead, int[] blockTable, int numPositions) {
    float[] values = kv.values(layer, kvHead);
    for (int p = 0; p < numPositions; ) {
      int end = runEnd(blockTable, p, numPositions);
      int slot = kv.slot(blockTable, p);
      weigh(values, weights, slot, slot + end - p);
      p = end;
    }
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

  private void score(float[][] keys, float[][] scores, int fromSlot, int toSlot) {
    for (int g = 0; g < groupSize; g++) {
      Arrays.fill(scores[g], fromSlot, toSlot, 0f);
    }
    Tile.multiplyAdd(scores, 0, queries, 0, 0, groupSize, keys, 0, headDim, fromSlot, toSlot);
    for (int g = 0; g < groupSize; g++) {
      maxima[g] = LaneMath.max(scores[g], maxima[g], fromSlot, toSlot);
    }
  }

  private void weigh(float[] values, float[][] scores, int fromSlot, int toSlot) {
    for (int g = 0; g < groupSize; g++) {
      Exponential.apply(scores[g], scratch, maxima[g], fromSlot, toSlot);
      LaneMath.addToChains(chains[g], scores[g], fromSlot, toSlot);
    }
    for (int slot = fromSlot; slot < toSlot; slot += ROWS_AT_ONCE) {
      int numRows = Math.min(ROWS_AT_ONCE, toSlot - slot);
      for (int i = 0; i < numRows; i++) {
        System.arraycopy(values, (slot + i) * headDim, valueRows[i], 0, headDim);
      }
      Tile.multiplyAdd(sums, 0, scores, 0, slot, groupSize, valueRows, 0, numRows, 0, headDim);
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
