package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the next token from a row of logits. The choice is a pure function of logits, parameters,
 * seed, position and, with penalties, the tokens before: nothing of the batch enters it.
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
 *   <li>min-p: of these, tokens with {@code exp(value - largest value) >= minP};
 *   <li>the largest {@code value + noise} ({@link GumbelNoise}), of equal ones the lowest token: a
 *       draw from the renormalised rest.
 * </ol>
 *
 * <p>The thresholds are found by {@link ThresholdSearch} on probabilities in fixed point, so no sum
 * depends on an order. An instance is the scratch memory of one thread; a call allocates nothing
 * and passes over the vocabulary a few times.
 */
final class TokenSampler {
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
  private static final float UNIT_MASS = 0x1p38f;

  private static final float EXCLUDED = Float.NEGATIVE_INFINITY;

  private final int vocabularySize;
  private final Penalties penalties;
  private final GumbelNoise noise = new GumbelNoise();
  private final ThresholdSearch search = new ThresholdSearch();
  private final float[] values;
  private final float[] weights;
  private final float[] scratch;
  private final long[] masses;

  TokenSampler(int vocabularySize) {
    this.vocabularySize = vocabularySize;
    penalties = new Penalties(vocabularySize);
    values = new float[vocabularySize];
    weights = new float[vocabularySize];
    scratch = new float[vocabularySize];
    masses = new long[vocabularySize];
  }

  /**
   * Chooses a token.
   *
   * @param logits of the model, {@code [vocabulary]}; left as they are
   * @param position index in the sequence of the token to be chosen
   * @param mask bit {@code t % 64} of word {@code t / 64} permits token t; null permits all
   * @return a token, {@link #NOTHING_PERMITTED} or {@link #NOT_A_NUMBER}
   */
  int sample(float[] logits, SamplingState state, int position, long @Nullable [] mask) {
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
    int largest = indexOfLargest();
    if (values[largest] == EXCLUDED) {
      return NOTHING_PERMITTED;
    }
    boolean isGreedy = parameters.temperature() < MIN_TEMPERATURE || parameters.topK() == 1;
    return isGreedy ? largest : draw(parameters, state.seed(), position, largest);
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

  private int draw(SamplingParameters parameters, long seed, int position, int largest) {
    for (int token = 0; token < vocabularySize; token++) {
      values[token] /= parameters.temperature();
    }
    if (parameters.topK() > 0 && parameters.topK() < vocabularySize) {
      keepTopK(parameters.topK());
    }
    if (parameters.topP() < 1 || parameters.minP() > 0) {
      System.arraycopy(values, 0, weights, 0, vocabularySize);
      Exponential.apply(weights, scratch, values[largest], 0, vocabularySize);
      keepTopP(parameters.topP());
      keepMinP(parameters.minP());
    }
    return chooseNoisiest(seed, position, largest);
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
      masses[token] = values[token] == EXCLUDED ? 0 : (long) (weights[token] * UNIT_MASS);
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

  /**
   * Begins with the most likely token, so that most others can be passed over: those which even the
   * largest possible noise would not lift to the best sum.
   */
  private int chooseNoisiest(long seed, int position, int largest) {
    noise.begin(seed, position);
    int best = largest;
    float bestSum = values[largest] + noise.at(largest);
    for (int token = 0; token < vocabularySize; token++) {
      if (values[token] + GumbelNoise.MAX >= bestSum) {
        float sum = values[token] + noise.at(token);
        if (sum > bestSum || (sum == bestSum && token < best)) {
          best = token;
          bestSum = sum;
        }
      }
    }
    return best;
  }
}
