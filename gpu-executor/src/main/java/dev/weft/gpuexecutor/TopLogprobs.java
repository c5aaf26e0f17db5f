package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Log-probabilities of one row of logits, before penalties, biases, masks and temperature: of a
 * chosen token, and of the most likely ones, of equally likely ones the lower token first. An
 * instance is the scratch memory of one thread.
 */
final class TopLogprobs {
  private final float[] weights;
  private final float[] scratch;
  private final float[] chains = new float[LaneMath.NUM_SUM_CHAINS];
  private final int[] tokens;
  private float[] logits = {};
  private double logNormaliser;
  private int numTop;

  TopLogprobs(int vocabularySize, int maxNumTop) {
    weights = new float[vocabularySize];
    scratch = new float[vocabularySize];
    tokens = new int[maxNumTop];
  }

  /**
   * Turns to a row of finite logits.
   *
   * @param logits {@code [vocabulary]}; read until the next call
   * @param numTop how many of the most likely tokens to find
   */
  void compute(float[] logits, int numTop) {
    this.logits = logits;
    int vocabularySize = weights.length;
    float max = LaneMath.max(logits, Float.NEGATIVE_INFINITY, 0, vocabularySize);
    System.arraycopy(logits, 0, weights, 0, vocabularySize);
    Exponential.apply(weights, scratch, max, 0, vocabularySize);
    Arrays.fill(chains, 0f);
    LaneMath.addToChains(chains, weights, 0, vocabularySize);
    float sum = LaneMath.total(chains[0], chains[1], chains[2], chains[3]);
    logNormaliser = max + StrictMath.log(sum);
    findTop(Math.min(Math.min(numTop, tokens.length), vocabularySize));
  }

  /** The natural logarithm of the token's probability. */
  float of(int token) {
    return (float) (logits[token] - logNormaliser);
  }

  /** The number of most likely tokens found. */
  int numTop() {
    return numTop;
  }

  /** The token of that rank, from 0. */
  int topToken(int rank) {
    return tokens[rank];
  }

  /** Insertion into a short list: most tokens fail the first comparison. */
  private void findTop(int wanted) {
    numTop = 0;
    for (int token = 0; token < weights.length && wanted > 0; token++) {
      if (numTop < wanted || logits[token] > logits[tokens[numTop - 1]]) {
        int rank = numTop < wanted ? numTop++ : numTop - 1;
        for (; rank > 0 && logits[token] > logits[tokens[rank - 1]]; rank--) {
          tokens[rank] = tokens[rank - 1];
        }
        tokens[rank] = token;
      }
    }
  }
}
