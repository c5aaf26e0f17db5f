package dev.weft.batching.policies;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/**
 * Admits on the guess that running sequences will use a share of the tokens that they may still
 * generate, at most 4,096 each; those admitted in the same step count in full, with a block more
 * for what is half filled (admission with {@code new_token_ratio} of SGLang: Zheng et al., NeurIPS
 * 2024; {@code schedule_policy.py}, state of 2026).
 *
 * <p>A gate, for {@code ContinuousBatchingPolicy.builder().gate(...)}, which waives it where nobody
 * would get anything done; live with that. {@link RatioAdmissionPolicy} learns the share. Cost
 * O(running) in a step that looks at a candidate; allocates nothing.
 */
public final class RatioGate implements AdmissionGate {
  private static final int MAX_NUM_TO_COME = 4096;
  private double ratio;
  private double numReserved;

  /** @param ratio share of the tokens still to come that is reserved, 0 to 1 */
  public RatioGate(double ratio) {
    this.ratio = ratio;
  }

  public double ratio() {
    return ratio;
  }

  /** From the next step on. */
  public void setRatio(double value) {
    ratio = value;
  }

  @Override public void begin(StepFacts step) {
    numReserved = 0;
    for (int i = 0; i < step.running().size(); i++) {
      numReserved += ratio * numToCome(step.running().get(i));
    }
  }

  @Override public Verdict judge(StepFacts step, SequenceView candidate, int numTokens) {
    double numLeft = (double) step.numFreeBlocks() * step.blockSize() - numReserved;
    int numWanted = step.numPendingTokens(candidate) + numToCome(candidate) + step.blockSize();
    return numWanted < numLeft ? Verdict.ADMIT : Verdict.STOP;
  }

  @Override public void onAdmit(StepFacts step, SequenceView admitted) {
    numReserved += numToCome(admitted) + step.blockSize();
  }

  @Override public boolean isWaivedWhenIdle() {
    return true;
  }

  private static int numToCome(SequenceView sequence) {
    return Math.min(sequence.maxNumTokens() - sequence.numTokens(), MAX_NUM_TO_COME);
  }
}
