package dev.weft.examples.slots;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Chooses a token from a row of logits as {@link SamplingParameters} asks, in the order that it
 * gives. It sorts the vocabulary, which is plain and slow.
 *
 * <p>Randomness is noise on the logits (the Gumbel-max trick): a function of seed, position and
 * token alone, as the port demands, so that a request draws the same tokens in any company.
 */
final class SlotSampler {
  static final int NOT_A_NUMBER = -1;

  private SlotSampler() {}

  /**
   * The next token.
   *
   * @param logits changed
   * @param text   the sequence's tokens
   * @param length how many of them there are: the position of the token to be chosen
   * @return a token, or {@link #NOT_A_NUMBER}
   */
  static int choose(float[] logits, SamplingParameters parameters, long seed, int numPromptTokens,
      int[] text, int length) {
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        return NOT_A_NUMBER;
      }
    }
    penalise(logits, parameters, numPromptTokens, text, length);
    for (int i = 0; i < parameters.numBiasedTokens(); i++) {
      logits[parameters.biasedTokenId(i)] += parameters.bias(i);
    }
    if (length - numPromptTokens < parameters.minNewTokens()) {
      for (int i = 0; i < parameters.numStopTokens(); i++) {
        logits[parameters.stopTokenId(i)] = Float.NEGATIVE_INFINITY;
      }
    }
    int[] best = IntStream.range(0, logits.length).boxed()
        .sorted(Comparator.comparingDouble(token -> -logits[token]))
        .mapToInt(Integer::intValue).toArray();
    if (parameters.isGreedy()) {
      return best[0];
    }
    return draw(best, probabilities(logits, best, parameters), parameters, seed, length);
  }

  /** Each token once: repetition, then frequency, then presence. */
  private static void penalise(
      float[] logits, SamplingParameters parameters, int numPromptTokens, int[] text, int length) {
    if (!parameters.hasPenalties()) {
      return;
    }
    IntStream.range(0, length).map(i -> text[i]).distinct().forEach(token -> {
      float penalty = parameters.repetitionPenalty();
      logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
    });
    int[] output = Arrays.copyOfRange(text, Math.min(numPromptTokens, length), length);
    Arrays.stream(output).forEach(token -> logits[token] -= parameters.frequencyPenalty());
    Arrays.stream(output).distinct()
        .forEach(token -> logits[token] -= parameters.presencePenalty());
  }

  private static double[] probabilities(
      float[] logits, int[] best, SamplingParameters parameters) {
    double[] probabilities = new double[best.length];
    for (int rank = 0; rank < best.length; rank++) {
      double behind = (logits[best[rank]] - logits[best[0]]) / (double) parameters.temperature();
      probabilities[rank] = Math.exp(behind);
    }
    return probabilities;
  }

  private static int draw(int[] best, double[] probabilities, SamplingParameters parameters,
      long seed, int position) {
    int topK = parameters.topK() == 0 ? best.length : Math.min(parameters.topK(), best.length);
    double mass = Arrays.stream(probabilities, 0, topK).sum() * parameters.topP();
    int chosen = best[0];
    double largest = Double.NEGATIVE_INFINITY;
    double above = 0;
    for (int rank = 0; rank < topK && above < mass; rank++) {
      above += probabilities[rank];
      double value = Math.log(probabilities[rank]) + noise(seed, position, best[rank]);
      if (probabilities[rank] >= parameters.minP() && value > largest) {
        largest = value;
        chosen = best[rank];
      }
    }
    return chosen;
  }

  private static double noise(long seed, int position, int token) {
    long bits = mix(seed ^ mix((long) position << 32 | token));
    return -Math.log(-Math.log(((bits >>> 12) + 0.5) * 0x1p-52));
  }

  /** The finaliser of SplitMix64 (Steele et al., OOPSLA 2014). */
  private static long mix(long bits) {
    long z = bits + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
