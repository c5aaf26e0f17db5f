package dev.weft.speculative;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;

/** How a draft model samples for a request. */
interface DraftSampling {
  /** What a draft model samples by, instead of these parameters of a request. */
  SamplingParameters parameters(SamplingParameters target);

  /** The key of its random numbers, instead of the sequence's. */
  long seed(SamplingParameters target, long seed);

  /**
   * These parameters for a draft model, which verifies nothing itself: so its executor need not
   * know how the target's does.
   */
  static SamplingParameters withoutDrafts(SamplingParameters parameters, int numLogprobs) {
    boolean isSo = parameters.numLogprobs() == numLogprobs
        && parameters.verification() == Verification.COUPLED;
    return isSo ? parameters : parameters.toBuilder().numLogprobs(numLogprobs)
        .verification(Verification.COUPLED).build();
  }

  /** True when drafts are to be drawn independently of how the target samples. */
  static boolean isRejected(SamplingParameters target) {
    return target.verification() == Verification.REJECTION && !target.isGreedy();
  }
}
