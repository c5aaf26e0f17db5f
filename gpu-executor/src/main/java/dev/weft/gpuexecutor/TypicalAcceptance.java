package dev.weft.gpuexecutor;

/**
 * Accepts a draft that is typical of the model, whether or not the model would have said it: when
 * its probability is above min(0.09, 0.3 exp(-H)), H being the entropy of the distribution (Cai et
 * al., Medusa: Simple LLM Inference Acceleration Framework with Multiple Decoding Heads, ICML
 * 2024). This changes the distribution of the output; nothing random enters it.
 *
 * <p>The sums run over integers, so they do not depend on an order. An instance is the scratch
 * memory of one thread. Cost of a node: the vocabulary, twice.
 */
final class TypicalAcceptance {
  /** Logarithm of the probability above which every draft is accepted. */
  private static final float LOG_EPSILON = -2.4079456f;

  /** Logarithm of the factor of exp(-H). */
  private static final float LOG_DELTA = -1.2039728f;

  private final TokenDistribution distribution;
  private final long[] masses;
  private float logNormaliser;
  private float threshold;

  TypicalAcceptance(TokenDistribution distribution, int vocabularySize) {
    this.distribution = distribution;
    masses = new long[vocabularySize];
  }

  /** Turns to a node whose distribution was computed. */
  void begin() {
    long total = distribution.masses(masses);
    float largest = distribution.value(distribution.mostLikely());
    long sum = 0;
    for (int token = 0; token < masses.length; token++) {
      if (masses[token] > 0) {
        sum += (long) (masses[token] * (largest - distribution.value(token)));
      }
    }
    logNormaliser = GumbelNoise.log(total / TokenDistribution.UNIT_MASS);
    float entropy = logNormaliser + (float) sum / total;
    threshold = Math.min(LOG_EPSILON, LOG_DELTA - entropy);
  }

  boolean accepts(int token) {
    float largest = distribution.value(distribution.mostLikely());
    return distribution.value(token) - largest - logNormaliser > threshold;
  }
}
