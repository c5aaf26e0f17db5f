package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Attention of one token and one query head over contiguous keys and values. An instance is the
 * scratch memory of one thread.
 */
final class SoloAttention {
  private final int headDim;
  private final float[][] query;
  private final float[][] weights;
  private final float[][] sum;
  private final float[] chains = new float[LaneMath.NUM_SUM_CHAINS];
  private final float[] scratch;

  SoloAttention(int headDim, int maxTokens) {
    this.headDim = headDim;
    query = new float[1][headDim];
    weights = new float[1][maxTokens];
    sum = new float[1][headDim];
    scratch = new float[maxTokens];
  }

  /**
   * Attends from the last of {@code numPositions} positions to all of them.
   *
   * @param keys {@code [dimension][position]}
   * @param values {@code [position][dimension]}
   * @param queries holds the rotated and scaled query head at {@code offset}
   * @param target gets the weighted values at {@code offset}
   */
  void attend(
      float[][] keys,
      float[][] values,
      int numPositions,
      float[] queries,
      float[] target,
      int offset) {
    System.arraycopy(queries, offset, query[0], 0, headDim);
    Arrays.fill(weights[0], 0, numPositions, 0f);
    Tile.multiplyAdd(weights, 0, query, 0, 0, 1, keys, 0, headDim, 0, numPositions);
    float max = LaneMath.max(weights[0], Float.NEGATIVE_INFINITY, 0, numPositions);
    Exponential.apply(weights[0], scratch, max, 0, numPositions);
    Arrays.fill(chains, 0f);
    LaneMath.addToChains(chains, weights[0], 0, numPositions);
    Arrays.fill(sum[0], 0f);
    Tile.multiplyAdd(sum, 0, weights, 0, 0, 1, values, 0, numPositions, 0, headDim);
    float reciprocal = 1f / LaneMath.total(chains[0], chains[1], chains[2], chains[3]);
    for (int d = 0; d < headDim; d++) {
      target[offset + d] = LaneMath.normalise(sum[0][d], reciprocal);
    }
  }
}
