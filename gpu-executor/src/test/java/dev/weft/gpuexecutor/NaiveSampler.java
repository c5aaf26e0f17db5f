package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sampler written from its description, with a full sort and double arithmetic: an oracle.
 * Where a decision is so close that float and double may differ, {@link #isClose} says so
 * afterwards.
 */
final class NaiveSampler {
  private static final double CLOSE = 1e-3;

  private double[] values = {};
  private boolean isClose;

  boolean isClose() {
    return isClose;
  }

  /** Chooses like {@link TokenSampler#sample}; the logits are finite. */
  int sample(
      float[] logits,
      SamplingParameters parameters,
      int[] sequence,
      int numPromptTokens,
      long seed,
      int position,
      long @Nullable [] mask) {
    List<Integer> candidates =
        candidates(logits, parameters, sequence, numPromptTokens, position, mask);
    if (candidates.isEmpty()) {
      return TokenDistribution.NOTHING_PERMITTED;
    }
    if (parameters.isGreedy() || parameters.topK() == 1) {
      noteGapBehindFirst(candidates);
      return candidates.get(0);
    }
    return noisiest(remaining(candidates, parameters), seed, position);
  }

  /** What {@link #sample} draws from when it is not greedy: {@code [vocabulary]}, sums to 1. */
  double[] distribution(
      float[] logits,
      SamplingParameters parameters,
      int[] sequence,
      int numPromptTokens,
      long @Nullable [] mask) {
    List<Integer> kept =
        remaining(
            candidates(
                logits, parameters, sequence, numPromptTokens, sequence.length, mask),
            parameters);
    double[] distribution = new double[logits.length];
    double total = 0;
    for (int token : kept) {
      total += Math.exp(values[token] - values[kept.get(0)]);
    }
    for (int token : kept) {
      distribution[token] = Math.exp(values[token] - values[kept.get(0)]) / total;
    }
    return distribution;
  }

  /** Permitted tokens, the most likely first; their values are then right. */
  private List<Integer> candidates(
      float[] logits,
      SamplingParameters parameters,
      int[] sequence,
      int numPromptTokens,
      int position,
      long @Nullable [] mask) {
    isClose = false;
    values = new double[logits.length];
    List<Integer> candidates = new ArrayList<>();
    double temperature = parameters.isGreedy() ? 1 : parameters.temperature();
    for (int token = 0; token < logits.length; token++) {
      double value = changed(logits[token], token, parameters, sequence, numPromptTokens);
      values[token] = value / temperature;
      boolean withheld =
          position - numPromptTokens < parameters.minNewTokens() && parameters.isStopToken(token);
      if (!withheld && (mask == null || (mask[token / 64] >>> token % 64 & 1) == 1)) {
        candidates.add(token);
      }
    }
    candidates.sort(Comparator.comparingDouble((Integer token) -> values[token]).reversed());
    return candidates;
  }

  private static double changed(
      double logit,
      int token,
      SamplingParameters parameters,
      int[] sequence,
      int numPromptTokens) {
    int numSeen = 0;
    int numInOutput = 0;
    for (int i = 0; i < sequence.length; i++) {
      numSeen += sequence[i] == token ? 1 : 0;
      numInOutput += sequence[i] == token && i >= numPromptTokens ? 1 : 0;
    }
    double result = logit;
    if (numSeen > 0) {
      double penalty = parameters.repetitionPenalty();
      result = result > 0 ? result / penalty : result * penalty;
    }
    result -= (double) parameters.frequencyPenalty() * numInOutput;
    result -= numInOutput > 0 ? parameters.presencePenalty() : 0;
    for (int i = 0; i < parameters.numBiasedTokens(); i++) {
      result += parameters.biasedTokenId(i) == token ? parameters.bias(i) : 0;
    }
    return result;
  }

  /** Equal logits are no near tie: both samplers then take the lower token. */
  private void noteGapBehindFirst(List<Integer> sorted) {
    if (sorted.size() > 1) {
      double gap = values[sorted.get(0)] - values[sorted.get(1)];
      isClose |= gap != 0 && gap < CLOSE;
    }
  }

  private List<Integer> remaining(List<Integer> sorted, SamplingParameters parameters) {
    List<Integer> kept = sorted;
    if (parameters.topK() > 0 && parameters.topK() < kept.size()) {
      kept = atLeast(kept, values[kept.get(parameters.topK() - 1)]);
    }
    double largest = values[kept.get(0)];
    double total = 0;
    for (int token : kept) {
      total += Math.exp(values[token] - largest);
    }
    if (parameters.topP() < 1) {
      double sum = 0;
      int last = -1;
      while (sum < parameters.topP() * total) {
        sum += Math.exp(values[kept.get(++last)] - largest);
        isClose |= Math.abs(sum / total - parameters.topP()) < CLOSE;
      }
      kept = atLeast(kept, values[kept.get(last)]);
    }
    List<Integer> likely = new ArrayList<>();
    for (int token : kept) {
      double relative = Math.exp(values[token] - largest);
      isClose |= parameters.minP() > 0 && Math.abs(relative - parameters.minP()) < CLOSE;
      if (relative >= parameters.minP()) {
        likely.add(token);
      }
    }
    return likely;
  }

  /** Values that differ by rounding alone count as a near tie. */
  private List<Integer> atLeast(List<Integer> sorted, double threshold) {
    for (int token : sorted) {
      double distance = Math.abs(values[token] - threshold);
      isClose |= distance != 0 && distance < CLOSE;
    }
    return sorted.stream().filter(token -> values[token] >= threshold).toList();
  }

  private int noisiest(List<Integer> candidates, long seed, int position) {
    int best = -1;
    double bestSum = Double.NEGATIVE_INFINITY;
    for (int token : candidates) {
      double sum = values[token] + noise(seed, position, token);
      isClose |= Math.abs(sum - bestSum) < CLOSE;
      if (sum > bestSum) {
        best = token;
        bestSum = sum;
      }
    }
    return best;
  }

  private static double noise(long seed, int position, int token) {
    int[] words = new int[4];
    Philox.generate(seed, position, token / 4, 0, 0, words);
    double u = ((words[token % 4] >>> 9) + 0.5) / (1 << 23);
    return -Math.log(-Math.log(u));
  }
}
