package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Rejection sampling written from the papers, in double, and on request wrong in a known way. */
final class NaiveVerifier implements DraftTrials.Verifier {
  /** What is wrong. */
  enum Bug {
    NONE,
    /** Accepts with min(1, q / p). */
    RATIO_UPSIDE_DOWN,
    /** Draws from p behind a rejected draft. */
    NOTHING_SUBTRACTED,
    /** Draws from (p - q)+ as if it summed to 1; what lacks goes to the last token. */
    NOT_NORMALISED,
    /** Compares q with p as it is without top-p. */
    BEFORE_TOP_P,
    /** Draws with the number that rejected the draft. */
    ONE_NUMBER_FOR_BOTH,
    /** Tries every sibling against all of p. */
    SIBLINGS_AGAINST_ALL
  }

  private final Bug bug;

  NaiveVerifier(Bug bug) {
    this.bug = bug;
  }

  @Override
  public int sample(
      StepPlan plan,
      int row,
      float[][] logits,
      int firstLogits,
      SamplingState state,
      StepResult result) {
    int first = plan.numTokens(row) - plan.numDraftTokens(row);
    int position = plan.startPosition(row) + first;
    SplittableRandom random = new SplittableRandom(~(state.seed() * 64 + position));
    for (int node = -1; ; position++) {
      double[] p = distribution(plan, row, logits[firstLogits + 1 + node], node, state, true);
      double[] compared =
          bug == Bug.BEFORE_TOP_P
              ? distribution(plan, row, logits[firstLogits + 1 + node], node, state, false)
              : p;
      int accepted = -1;
      double u = random.nextDouble();
      for (int draft = node + 1; draft < plan.numDraftTokens(row) && accepted < 0; draft++) {
        if (plan.draftParent(row, draft) == node) {
          int token = plan.token(row, first + draft);
          double[] q = proposal(plan, row, draft, token, p.length);
          u = random.nextDouble();
          double ratio = compared[token] / q[token];
          if (u < (bug == Bug.RATIO_UPSIDE_DOWN ? 1 / ratio : ratio)) {
            accepted = draft;
          } else if (bug != Bug.NOTHING_SUBTRACTED) {
            p = less(p, q);
            compared = bug == Bug.SIBLINGS_AGAINST_ALL ? compared : p;
          }
        }
      }
      double v = bug == Bug.ONE_NUMBER_FOR_BOTH ? u : random.nextDouble();
      int token = accepted < 0 ? draw(p, v) : plan.token(row, first + accepted);
      state.put(position, token);
      result.addToken(row, token);
      if (accepted < 0) {
        return token;
      }
      node = accepted;
    }
  }

  private static double[] proposal(StepPlan plan, int row, int draft, int token, int numTokens) {
    double[] q = new double[numTokens];
    int numChoices = plan.numDraftChoices(row, draft);
    for (int i = 0; i < numChoices; i++) {
      q[plan.draftChoice(row, draft, i)] = plan.draftProbability(row, draft, i);
    }
    q[token] = numChoices == 0 ? 1 : q[token];
    return q;
  }

  private double[] less(double[] p, double[] q) {
    double[] rest = new double[p.length];
    for (int token = 0; token < p.length; token++) {
      rest[token] = Math.max(0, p[token] - q[token]);
    }
    double total = bug == Bug.NOT_NORMALISED ? 1 : Arrays.stream(rest).sum();
    return total < 1e-12 ? p : Arrays.stream(rest).map(mass -> mass / total).toArray();
  }

  private static int draw(double[] p, double u) {
    int token = 0;
    for (double left = u; token < p.length - 1 && left >= p[token]; token++) {
      left -= p[token];
    }
    return token;
  }

  private static double[] distribution(
      StepPlan plan,
      int row,
      float[] logits,
      int node,
      SamplingState state,
      boolean isComplete) {
    SamplingParameters parameters = state.parameters();
    SamplingParameters used =
        isComplete
            ? parameters
            : SamplingParameters.builder().temperature(parameters.temperature()).build();
    int[] sequence = new int[state.numTokens()];
    Arrays.setAll(sequence, state::token);
    return new NaiveSampler()
        .distribution(
            logits, used, sequence, state.numPromptTokens(), mask(plan, row, node, logits.length));
  }

  private static long @Nullable [] mask(StepPlan plan, int row, int node, int numTokens) {
    if (!plan.hasMask(row)) {
      return null;
    }
    long[] words = new long[(numTokens + 63) / 64];
    Arrays.setAll(words, word -> plan.maskWord(row, 1 + node, word));
    return words;
  }
}
