package dev.weft.speculative;

import dev.weft.schedulerapi.SamplingParameters;

/**
 * Drafts that become a chain. As a rule they are sampled just as the target samples, with the same
 * seed: then both add the same noise to logits that are alike, and mostly arrive at the same token
 * (a coupling by Gumbel noise), at any temperature.
 *
 * <p>Under rejection sampling the draft must be drawn from a distribution q that is known in full,
 * and independently of what the target draws. So its numbers have a key of their own, and q is the
 * softmax of logits / temperature over the {@code numChoices} largest logits; whatever else would
 * change it (penalties, biases, withheld stop tokens, top-p, min-p) is off.
 */
final class ChainSampling implements DraftSampling {
  private static final long INDEPENDENT = 0x6A09E667F3BCC909L; // any constant but 0

  /** Tokens that a draft is drawn from; 0 when the executor does not report enough of them. */
  private final int numChoices;

  /** @param maxNumLogprobs what the draft executor reports at most with a token */
  ChainSampling(int maxNumLogprobs) {
    // One more is asked for than drawn from: it shows a tie, in which the executor draws from both.
    numChoices = Math.max(0, maxNumLogprobs - 1);
  }

  @Override public SamplingParameters parameters(SamplingParameters target) {
    if (DraftSampling.isRejected(target)) {
      SamplingParameters.Builder drawn =
          SamplingParameters.builder().maxNewTokens(target.maxNewTokens());
      // A draft without a distribution is taken for certain, which a greedy one is.
      return numChoices == 0 ? drawn.build() : drawn.temperature(target.temperature())
          .topK(numChoices(target)).numLogprobs(numChoices(target) + 1).build();
    }
    return DraftSampling.withoutDrafts(target, SamplingParameters.NO_LOGPROBS);
  }

  private int numChoices(SamplingParameters target) {
    return target.topK() == 0 ? numChoices : Math.min(numChoices, target.topK());
  }

  @Override public long seed(SamplingParameters target, long seed) {
    return DraftSampling.isRejected(target) ? seed ^ INDEPENDENT : seed;
  }
}
