package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.StepPlan;

/**
 * Verifies drafts of one node by rejection: a draft x drawn from q is accepted with probability
 * min(1, p(x) / q(x)); when it is not, p becomes what q leaves of it, (p - q)+ normalised, and the
 * next sibling is tried against that; when none is left, the token is drawn from it (Leviathan,
 * Kalman, Matias, Fast Inference from Transformers via Speculative Decoding, ICML 2023; siblings:
 * Miao et al., SpecInfer, ASPLOS 2024). So the token is distributed as p, whatever q is, provided
 * that each draft was drawn from its q with other random numbers than those used here.
 *
 * <p>p is the distribution that plain decoding draws from, penalties, masks and thresholds applied.
 * q is what the plan says, its probabilities divided by their sum; a draft without choices was
 * certain.
 *
 * <p>Random numbers ({@link Philox}, key = seed of the sequence): counter (position of the token to
 * be sampled, number of the sibling from 0, {@link Philox#PURPOSE_ACCEPTANCE}, 0) decides on a
 * draft, counter (position, 0, {@link Philox#PURPOSE_RESIDUAL}, 0) draws; each gives u = ((word 0
 * >>> 6) * 2^26 + (word 1 >>> 6) + 0.5) * 2^-52, exact in double, never 0 or 1.
 *
 * <p>All is computed on probabilities in fixed point ({@link TokenDistribution#masses}), so no sum
 * depends on an order; multiplied and divided in double, rounded down to integers. A draft is
 * accepted when {@code u * q < p}. Drawing walks the vocabulary upwards to the first token where
 * the sum of masses exceeds {@code u * total}. When rounding leaves nothing of p, which happens as
 * seldom as rounding errors are small, the token is drawn as without drafts.
 *
 * <p>An instance is the scratch memory of one thread. Cost: the vocabulary, twice, and the choices
 * of the drafts.
 */
final class DraftRejection {
  private final TokenSampler sampler;
  private final long[] masses;
  private final int[] words = new int[Philox.NUM_WORDS];
  private long total;
  private long seed;
  private int position;
  private int numTried;

  /**
   * @param sampler its distribution is p
   */
  DraftRejection(TokenSampler sampler, int vocabularySize) {
    this.sampler = sampler;
    masses = new long[vocabularySize];
  }

  /** Turns to a node whose distribution the sampler has computed. */
  void begin(long seed, int position) {
    this.seed = seed;
    this.position = position;
    numTried = 0;
    total = sampler.distribution().masses(masses);
  }

  /** Decides on the next draft of the node; one that is not accepted can no more be drawn. */
  boolean accepts(StepPlan plan, int row, int draft) {
    int token = plan.token(row, plan.numTokens(row) - plan.numDraftTokens(row) + draft);
    double u = uniform(numTried++, Philox.PURPOSE_ACCEPTANCE);
    int numChoices = plan.numDraftChoices(row, draft);
    if (numChoices == 0) {
      boolean isAccepted = u * total < masses[token];
      subtract(token, total);
      return isAccepted;
    }
    double sum = 0;
    for (int i = 0; i < numChoices; i++) {
      sum += plan.draftProbability(row, draft, i);
    }
    double unit = total / sum;
    boolean isAccepted = false;
    for (int i = 0; i < numChoices; i++) {
      int choice = plan.draftChoice(row, draft, i);
      long proposed = (long) (plan.draftProbability(row, draft, i) * unit);
      isAccepted |= choice == token && u * proposed < masses[token];
      subtract(choice, proposed);
    }
    return isAccepted;
  }

  /** Draws a token from what the drafts tried so far have left. */
  int draw() {
    if (total == 0) {
      return sampler.draw(seed, position);
    }
    double u = uniform(0, Philox.PURPOSE_RESIDUAL);
    long rest = Math.min(total - 1, (long) (u * total));
    int token = 0;
    while (rest >= masses[token]) {
      rest -= masses[token++];
    }
    return token;
  }

  private void subtract(int token, long proposed) {
    long taken = Math.min(masses[token], proposed);
    masses[token] -= taken;
    total -= taken;
  }

  private double uniform(int index, int purpose) {
    Philox.generate(seed, position, index, purpose, 0, words);
    return ((words[0] >>> 6) * 0x1p26 + (words[1] >>> 6) + 0.5) * 0x1p-52;
  }
}
