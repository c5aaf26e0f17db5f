package dev.weft.examples.tour;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.SplittableRandom;

/**
 * A model of ASCII text without weights. It expects the letter that came after the last two
 * the first time, or else the next of the alphabet. Of sampling it knows temperature, bias and
 * withheld stop tokens, and leaves out penalties, top-p, min-p, and top-k above 1.
 */
final class Parrot {
  private static final double LOGIT_OF_EXPECTED = 8;

  private final SamplingParameters sampling;
  private final long seed;
  private final int numPromptTokens;
  private final int[] heard = new int[ParrotExecutor.SPEC.maxModelLen() + 1]; // By position.

  Parrot(SamplingParameters sampling, long seed, int numPromptTokens) {
    this.sampling = sampling;
    this.seed = seed;
    this.numPromptTokens = numPromptTokens;
  }

  void hear(int position, int token) {
    heard[position] = token;
  }

  /** Chooses the token for a position, and remembers it. */
  int say(int position) {
    int expected = expected(position);
    int best = 0;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int token = 0; token < ParrotExecutor.SPEC.vocabularySize(); token++) {
      double score = score(token, token == expected ? LOGIT_OF_EXPECTED : 0, position);
      if (score > bestScore) {
        best = token;
        bestScore = score;
      }
    }
    hear(position, best);
    return best;
  }

  private int expected(int position) {
    int last = heard[position - 1];
    for (int i = 1; i < position - 1; i++) {
      if (heard[i] == last && heard[i - 1] == heard[position - 2]) {
        return heard[i + 1];
      }
    }
    return last + 1;
  }

  private double score(int token, double logit, int position) {
    boolean isEarly = position - numPromptTokens < sampling.minNewTokens();
    if (isEarly && sampling.isStopToken(token)) {
      return Double.NEGATIVE_INFINITY;
    }
    for (int i = 0; i < sampling.numBiasedTokens(); i++) {
      logit += sampling.biasedTokenId(i) == token ? sampling.bias(i) : 0;
    }
    return sampling.isGreedy() || sampling.topK() == 1 ? logit
        : logit / sampling.temperature() + noise(token, position);
  }

  /** Gumbel noise, which depends on seed, position and token alone, as tokens must. */
  private double noise(int token, int position) {
    long key = seed * 31 + position * (long) ParrotExecutor.SPEC.vocabularySize() + token;
    return -Math.log(-Math.log(new SplittableRandom(key).nextDouble()));
  }
}
