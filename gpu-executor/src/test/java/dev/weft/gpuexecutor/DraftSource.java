package dev.weft.gpuexecutor;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A drafter for trials: what it draws drafts from, given the distribution that they are verified
 * against, and which random numbers it uses.
 */
enum DraftSource {
  /** The right distribution. */
  EQUAL,
  /** The right one, a little flatter. */
  NEARLY_EQUAL,
  /** The same, drawn with the random numbers that plain decoding would use. */
  NEARLY_EQUAL_SAME_NOISE,
  /** All tokens alike. */
  UNIFORM,
  /** Nine tenths on the token that is most likely to be right. */
  HEAVY_ON_LIKELY,
  /** Nine tenths on the token that is least likely to be right. */
  HEAVY_ON_UNLIKELY,
  /** Only tokens below the median. */
  LOWER_HALF,
  /** Certain, and likely to be right. */
  CERTAIN_OF_LIKELY,
  /** Certain, and unlikely to be right. */
  CERTAIN_OF_UNLIKELY;

  boolean isCertain() {
    return this == CERTAIN_OF_LIKELY || this == CERTAIN_OF_UNLIKELY;
  }

  /** What drafts are drawn from; when certain, the order in which siblings come. */
  double[] distribution(double[] right) {
    int numTokens = right.length;
    Integer[] byProbability = new Integer[numTokens];
    Arrays.setAll(byProbability, token -> token);
    Arrays.sort(byProbability, (a, b) -> Double.compare(right[b], right[a]));
    double[] q = new double[numTokens];
    for (int rank = 0; rank < numTokens; rank++) {
      int token = byProbability[rank];
      q[token] =
          switch (this) {
            case EQUAL -> right[token];
            case NEARLY_EQUAL, NEARLY_EQUAL_SAME_NOISE -> Math.pow(right[token] + 1e-3, 0.8);
            case UNIFORM -> 1;
            case HEAVY_ON_LIKELY -> rank == 0 ? 9 * (numTokens - 1) : 1;
            case HEAVY_ON_UNLIKELY -> rank == numTokens - 1 ? 9 * (numTokens - 1) : 1;
            case LOWER_HALF -> rank < numTokens / 2 ? 0 : 1;
            case CERTAIN_OF_LIKELY -> numTokens - rank;
            case CERTAIN_OF_UNLIKELY -> rank + 1;
          };
    }
    double total = Arrays.stream(q).sum();
    return Arrays.stream(q).map(probability -> probability / total).toArray();
  }

  /**
   * The next sibling.
   *
   * @param q with 0 for the earlier siblings
   * @return -1 when none is left
   */
  int draw(double[] q, long seed, int position, SplittableRandom random) {
    GumbelNoise sameNoise = new GumbelNoise();
    sameNoise.begin(seed, position);
    int best = -1;
    double bestSum = Double.NEGATIVE_INFINITY;
    for (int token = 0; token < q.length; token++) {
      if (q[token] == 0) {
        continue;
      }
      double noise =
          switch (this) {
            case CERTAIN_OF_LIKELY, CERTAIN_OF_UNLIKELY -> 0;
            case NEARLY_EQUAL_SAME_NOISE -> sameNoise.at(token);
            default -> -Math.log(-Math.log(random.nextDouble()));
          };
      double sum = Math.log(q[token]) + noise;
      if (sum > bestSum) {
        best = token;
        bestSum = sum;
      }
    }
    return best;
  }
}
