package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * Chooses the next token from a row of logits: of all tokens in {@link TokenDistribution}, the one
 * with the largest {@code value + noise} ({@link GumbelNoise}), of equal ones the lowest; a draw
 * from that distribution. The choice is a pure function of logits, parameters, seed, position and,
 * with penalties, the tokens before: nothing of the batch enters it. An instance is the scratch
 * memory of one thread; a call allocates nothing.
 */
final class TokenSampler {
  private final int vocabularySize;
  private final TokenDistribution distribution;
  private final GumbelNoise noise = new GumbelNoise();

  TokenSampler(int vocabularySize) {
    this.vocabularySize = vocabularySize;
    distribution = new TokenDistribution(vocabularySize);
  }

  /**
   * Chooses a token.
   *
   * @param logits of the model, {@code [vocabulary]}; left as they are
   * @param position index in the sequence of the token to be chosen
   * @param mask bit {@code t % 64} of word {@code t / 64} permits token t; null permits all
   * @return a token, {@link TokenDistribution#NOTHING_PERMITTED} or {@link
   *     TokenDistribution#NOT_A_NUMBER}
   */
  int sample(float[] logits, SamplingState state, int position, long @Nullable [] mask) {
    int mostLikely = distribution.compute(logits, state, position, mask);
    return mostLikely < 0 ? mostLikely : draw(state.seed(), position);
  }

  /** What the last call drew from. */
  TokenDistribution distribution() {
    return distribution;
  }

  /**
   * Draws from {@link #distribution}.
   *
   * <p>Begins with the most likely token, so that most others can be passed over: those which even
   * the largest possible noise would not lift to the best sum.
   */
  int draw(long seed, int position) {
    int best = distribution.mostLikely();
    if (distribution.isGreedy()) {
      return best;
    }
    noise.begin(seed, position);
    float bestSum = distribution.value(best) + noise.at(best);
    for (int token = 0; token < vocabularySize; token++) {
      float value = distribution.value(token);
      if (value + GumbelNoise.MAX >= bestSum) {
        float sum = value + noise.at(token);
        if (sum > bestSum || (sum == bestSum && token < best)) {
          best = token;
          bestSum = sum;
        }
      }
    }
    return best;
  }
}
