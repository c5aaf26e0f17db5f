package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import org.jspecify.annotations.Nullable;

/**
 * The distribution that the next token is drawn from, made of a row of logits: a pure function of
 * logits, parameters, position and, with penalties, the tokens before.
 *
 * <p>Order of operations, all in float:
 *
 * <ol>
 *   <li>penalties ({@link Penalties}), then logit bias;
 *   <li>tokens outside the mask, and stop tokens while fewer than {@code minNewTokens} are out, are
 *       excluded;
 *   <li>temperature 0 (or below {@link #MIN_TEMPERATURE}, or top-k 1): the largest logit, of equal
 *       ones the lowest token; nothing else is applied;
 *   <li>{@code value = logit / temperature};
 *   <li>top-k: tokens with a value of at least the k-th largest remain, so ties at the edge all do;
 *   <li>top-p: of these, tokens whose value is at least the largest v for which the tokens with
 *       {@code value >= v} hold the share p of the remaining probability; again ties all remain,
 *       and the most likely token always does;
 *   <li>min-p: of these, tokens with {@code exp(value - largest value) >= minP}.
 * </ol>
 *
 * <p>What remains is the distribution: a token's probability is {@code exp(value)} of the sum of
 * all. The thresholds are found by {@link ThresholdSearch} on probabilities in fixed point, so no
 * sum depends on an order. An instance is the scratch memory of one thread; a call allocates
 * nothing and passes over the vocabulary a few times.
 */
final class TokenDistribution {
  /** Answer when mask and withheld stop tokens leave no token. */
  static final int NOTHING_PERMITTED = -1;

  /** Answer when a logit is infinite or no number. */
  static final int NOT_A_NUMBER = -2;

  /**
   * Below it the logits of unequal tokens are so far apart that drawing is choosing the largest.
   */
  static final float MIN_TEMPERATURE = 1e-6f;

  /**
   * The probability of the most likely token in fixed point; 2^24 of them still fit into a long.
   */
  static final float UNIT_MASS = 0x1p38f;

  /** Value of a token that cannot be drawn. */
  static final float EXCLUDED = Float.NEGATIVE_INFINITY;

  private final int vocabularySize;
  private final Penalties penalties;
  private final ThresholdSearch search = new ThresholdSearch();
  private final float[] values;
  private final float[] weights;
  private final float[] scratch;
  private final long[] masses;
  private int mostLikely;
  private boolean isGreedy;

  TokenDistribution(int vocabularySize) {
    this.vocabularySize = vocabularySize;
    penalties = new Penalties(vocabularySize);
    values = new float[vocabularySize];
    weights = new float[vocabularySize];
    scratch = new float[vocabularySize];
    masses = new long[vocabularySize];
  }

  /**
   * Turns to a row of logits.
   *
   * @param logits of the model, {@code [vocabulary]}; left as they are
   * @param position index in the sequence of the token to be chosen
   * @param mask bit {@code t % 64} of word {@code t / 64} permits token t; null permits all
   * @return the most likely token, {@link #NOTHING_PERMITTED} or {@link #NOT_A_NUMBER}; in the two
   *     last cases there is no distribution
   */
  int compute(float[] logits, SamplingState state, int position, long @Nullable [] mask) {
    if (!areFinite(logits)) {
      return NOT_A_NUMBER;
    }
    SamplingParameters parameters = state.parameters();
    System.arraycopy(logits, 0, values, 0, vocabularySize);
    penalties.apply(state, values);
    addBiases(parameters);
    if (mask != null) {
      excludeMasked(mask);
    }
    if (position - state.numPromptTokens() < parameters.minNewTokens()) {
      excludeStopTokens(parameters);
    }
    mostLikely = indexOfLargest();
    if (values[mostLikely] == EXCLUDED) {
      return NOTHING_PERMITTED;
    }
    isGreedy = parameters.temperature() < MIN_TEMPERATURE || parameters.topK() == 1;
    if (!isGreedy) {
      keep(parameters);
    }
    return mostLikely;
  }

  /** The most likely token, of equally likely ones the lowest. */
  int mostLikely() {
    return mostLikely;
  }

  /** True when the most likely token is the only one; values and masses are then of no meaning. */
  boolean isGreedy() {
    return isGreedy;
  }

  /** Logarithm of the token's probability, but for a constant; {@link #EXCLUDED} when that is 0. */
  float value(int token) {
    return values[token];
  }

  /**
   * Writes probabilities in fixed point, {@link #UNIT_MASS} for the most likely token. Those of
   * tokens 2^38 times less likely are 0.
   *
   * @param target {@code [vocabulary]}
   * @return their sum
   */
  long masses(long[] target) {
    computeWeights();
    long total = 0;
    for (int token = 0; token < vocabularySize; token++) {
      target[token] = mass(token);
      total += target[token];
    }
    return total;
  }

  private long mass(int token) {
    return values[token] == EXCLUDED ? 0 : (long) (weights[token] * UNIT_MASS);
  }

  private void computeWeights() {
    System.arraycopy(values, 0, weights, 0, vocabularySize);
    Exponential.apply(weights, scratch, values[mostLikely], 0, vocabularySize);
  }

  /** Multiplying by zero keeps NaN and makes NaN of infinities. */
  private boolean areFinite(float[] logits) {
    float sum = 0;
    for (int i = 0; i < vocabularySize; i++) {
      sum += logits[i] * 0f;
    }
    return sum == 0f;
  }

  private void addBiases(SamplingParameters parameters) {
    for (int i = 0; i < parameters.numBiasedTokens(); i++) {
      int token = parameters.biasedTokenId(i);
      if (token < vocabularySize) {
        values[token] += parameters.bias(i);
      }
    }
  }

  private void excludeMasked(long[] mask) {
    for (int token = 0; token < vocabularySize; token++) {
      if ((mask[token >>> 6] >>> token & 1) == 0) {
        values[token] = EXCLUDED;
      }
    }
  }

  private void excludeStopTokens(SamplingParameters parameters) {
    for (int i = 0; i < parameters.numStopTokens(); i++) {
      int token = parameters.stopTokenId(i);
      if (token < vocabularySize) {
        values[token] = EXCLUDED;
      }
    }
  }

  private int indexOfLargest() {
    int largest = 0;
    for (int token = 1; token < vocabularySize; token++) {
      largest = values[token] > values[largest] ? token : largest;
    }
    return largest;
  }

  private void keep(SamplingParameters parameters) {
    for (int token = 0; token < vocabularySize; token++) {
      values[token] /= parameters.temperature();
    }
    if (parameters.topK() > 0 && parameters.topK() < vocabularySize) {
      keepTopK(parameters.topK());
    }
    if (parameters.topP() < 1 || parameters.minP() > 0) {
      computeWeights();
      keepTopP(parameters.topP());
      keepMinP(parameters.minP());
    }
  }

  private void keepTopK(int k) {
    for (int token = 0; token < vocabularySize; token++) {
      masses[token] = values[token] == EXCLUDED ? 0 : 1;
    }
    excludeBelow(search.find(values, masses, vocabularySize, k));
  }

  private void keepTopP(float topP) {
    if (topP == 1) {
      return;
    }
    long total = 0;
    for (int token = 0; token < vocabularySize; token++) {
      masses[token] = mass(token);
      total += masses[token];
    }
    long target = Math.max(1, (long) Math.ceil(topP * (double) total));
    excludeBelow(search.find(values, masses, vocabularySize, target));
  }

  private void excludeBelow(float threshold) {
    for (int token = 0; token < vocabularySize; token++) {
      values[token] = values[token] < threshold ? EXCLUDED : values[token];
    }
  }

  private void keepMinP(float minP) {
    for (int token = 0; token < vocabularySize; token++) {
      values[token] = weights[token] < minP ? EXCLUDED : values[token];
    }
  }
}
