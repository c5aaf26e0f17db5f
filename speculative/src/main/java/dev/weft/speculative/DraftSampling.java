package dev.weft.speculative;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;

/** How a draft model samples for a request. */
interface DraftSampling {
  /** What a draft model samples by, instead of these parameters of a request. */
  SamplingParameters parameters(SamplingParameters target);

  /** The key of its random numbers, instead of the sequence's. */
  long seed(SamplingParameters target, long seed);

  /** True when drafts are to be drawn independently of how the target samples. */
  static boolean isRejected(SamplingParameters target) {
    return target.verification() == Verification.REJECTION && !target.isGreedy();
  }
}
