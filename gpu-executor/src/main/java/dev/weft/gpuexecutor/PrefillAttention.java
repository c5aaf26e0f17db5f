package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Attention of neighbouring tokens of one sequence and one KV head on the host: the same sums in
 * the same order as {@link DecodeAttention}, with the roles of lanes and scalars exchanged. Lanes
 * are (token, head of the group); keys, values and dimensions are walked one by one; the causal
 * mask is the first lane.
 *
 * <pre>
 * weights[position][lane]   lane = token * groupSize + head
 *   position of token 1 -> . . # # # #      the first token's lanes are masked (0) from here on
 * </pre>
 *
 * <p>Where blocks of positions cross the diagonal, masked weights of zero are multiplied with
 * finite values, which changes nothing but the sign of a zero; see {@link LaneMath#normalise}. An
 * instance is the scratch memory of one thread.
 */
final class PrefillAttention {
  private static final int MAX_LANES = 256;
  private static final int MIN_LANES = 32;

  /** Upper bound of floats in {@link #weights}, so that long contexts get fewer lanes instead. */
  private static final int MAX_WEIGHTS = 1 << 22;

  /** Positions whose keys or values are copied at once. */
  private static final int CHUNK = 96;

  /** Positions on the diagonal that share a first lane. */
  private static final int DIAGONAL_STEP = 12;

  private final int headDim;
  private final int groupSize;
  private final int maxTokens;
  private final KvBlocks kv;
  private final float[][] weights;
  private final float[][] queries;
  private final float[][] sums;
  private final float[][] chains;
  private final float[] maxima;
  private final float[] scratch;
  private final float[][] chunkKeys;
  private final float[][] chunkValues;

  PrefillAttention(LlamaConfig config, KvBlocks kv, int numPositions) {
    this.headDim = config.headDim();
    this.groupSize = config.groupSize();
    this.maxTokens = maxTokens(config, numPositions);
    this.kv = kv;
    int numLanes = maxTokens * groupSize + PanelMatrix.PADDING;
    weights = new float[numPositions][numLanes];
    queries = new float[headDim][numLanes];
    sums = new float[headDim][numLanes];
    chains = new float[LaneMath.NUM_SUM_CHAINS][numLanes];
    maxima = new float[numLanes];
    scratch = new float[numLanes];
    chunkKeys = new float[CHUNK][headDim];
    chunkValues = new float[headDim][CHUNK];
  }

  /** The most tokens that one call may attend from. */
  static int maxTokens(LlamaConfig config, int numPositions) {
    int lanes = Math.max(MIN_LANES, Math.min(MAX_LANES, MAX_WEIGHTS / numPositions));
    return Math.max(1, lanes / config.groupSize());
  }

  /**
   * Attends from each token to positions 0 to its own.
   *
   * @param firstPosition position of the first token
   * @param queries {@code [firstToken + i]}: query heads of token i, rotated and scaled
   * @param target {@code [firstToken + i]}: gets the weighted values, head by head
   */
  void attend(
      int layer,
      int kvHead,
      int[] blockTable,
      int firstPosition,
      int firstToken,
      int numTokens,
      float[][] queries,
      float[][] target) {
    int numLanes = numTokens * groupSize;
    int numPositions = firstPosition + numTokens;
    begin(kvHead, firstToken, numTokens, queries);
    for (int p = 0; p < numPositions; p += CHUNK) {
      int end = Math.min(numPositions, p + CHUNK);
      loadKeys(kv.keys(layer, kvHead), blockTable, p, end);
      score(p, end, firstPosition, numLanes);
    }
    for (int p = 0; p < numPositions; p += CHUNK) {
      int end = Math.min(numPositions, p + CHUNK);
      loadValues(kv.values(layer, kvHead), blockTable, p, end);
      weigh(p, end, firstPosition, numLanes);
    }
    finish(kvHead, firstToken, numTokens, target);
  }

  private void begin(int kvHead, int firstToken, int numTokens, float[][] source) {
    int numLanes = numTokens * groupSize;
    Arrays.fill(maxima, 0, numLanes, Float.NEGATIVE_INFINITY);
    for (float[] chain : chains) {
      Arrays.fill(chain, 0, numLanes, 0f);
    }
    for (int d = 0; d < headDim; d++) {
      Arrays.fill(sums[d], 0, numLanes, 0f);
    }
    for (int lane = 0; lane < numLanes; lane++) {
      float[] token = source[firstToken + lane / groupSize];
      int offset = (kvHead * groupSize + lane % groupSize) * headDim;
      for (int d = 0; d < headDim; d++) {
        queries[d][lane] = token[offset + d];
      }
    }
  }

  private void loadKeys(float[][] keys, int[] blockTable, int from, int to) {
    for (int p = from; p < to; p++) {
      int slot = kv.slot(blockTable, p);
      float[] key = chunkKeys[p - from];
      for (int d = 0; d < headDim; d++) {
        key[d] = keys[d][slot];
      }
    }
  }

  private void loadValues(float[] values, int[] blockTable, int from, int to) {
    for (int p = from; p < to; p++) {
      int value = kv.slot(blockTable, p) * headDim;
      for (int d = 0; d < headDim; d++) {
        chunkValues[d][p - from] = values[value + d];
      }
    }
  }

  private void score(int from, int to, int firstPosition, int numLanes) {
    for (int p = from; p < to; p++) {
      Arrays.fill(weights[p], 0, numLanes, 0f);
    }
    int diagonal = Math.min(to, Math.max(from, firstPosition));
    scoreRows(from, from, diagonal, 0, numLanes);
    for (int p = diagonal; p < to; p += DIAGONAL_STEP) {
      int firstLane = (p - firstPosition) * groupSize;
      scoreRows(from, p, Math.min(to, p + DIAGONAL_STEP), firstLane, numLanes);
    }
    for (int p = from; p < to; p++) {
      LaneMath.maxInto(maxima, weights[p], firstLane(p, firstPosition), numLanes);
    }
  }

  private void scoreRows(int chunkStart, int from, int to, int firstLane, int numLanes) {
    Tile.multiplyAdd(
        weights, from, chunkKeys, from - chunkStart, 0, to - from,
        queries, 0, headDim, firstLane, numLanes);
  }

  private void weigh(int from, int to, int firstPosition, int numLanes) {
    for (int p = from; p < to; p++) {
      int firstLane = firstLane(p, firstPosition);
      Arrays.fill(weights[p], 0, firstLane, 0f);
      Exponential.apply(weights[p], scratch, maxima, firstLane, numLanes);
      float[] chain = chains[p % LaneMath.NUM_SUM_CHAINS];
      LaneMath.addInto(chain, weights[p], firstLane, numLanes);
    }
    Tile.multiplyAdd(
        sums, 0, chunkValues, 0, -from, headDim,
        weights, from, to, firstLane(from, firstPosition), numLanes);
  }

  /** The first lane that may see position p. */
  private int firstLane(int position, int firstPosition) {
    return Math.max(0, position - firstPosition) * groupSize;
  }

  private void finish(int kvHead, int firstToken, int numTokens, float[][] target) {
    for (int lane = 0; lane < numTokens * groupSize; lane++) {
      float total =
          LaneMath.total(chains[0][lane], chains[1][lane], chains[2][lane], chains[3][lane]);
      float reciprocal = 1f / total;
      float[] token = target[firstToken + lane / groupSize];
      int offset = (kvHead * groupSize + lane % groupSize) * headDim;
      for (int d = 0; d < headDim; d++) {
        token[offset + d] = LaneMath.normalise(sums[d][lane], reciprocal);
      }
    }
  }
}
