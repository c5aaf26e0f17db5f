package dev.weft.speculative;

import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Arrays;

/**
 * How likely drafts are to be accepted, by sequence and depth, learnt from steps. Of each depth d
 * it counts how often d drafts were accepted and one more was wanted, and how often that one was
 * accepted too; a draft that the drafter did not come up with was not. The counts of a sequence
 * fade by three in a hundred with each of its steps, so an old run weighs little and one without
 * drafts forgets; those over all sequences fade slowly. The rate of a sequence is its own, with the
 * rate over all as four tries beforehand, and half a success for which there is no evidence: a new
 * sequence drafts as the others do, or a little deeper, to find out. A depth nobody has reached yet
 * is believed to be good, so that it is tried.
 *
 * <p>The product of the rates down to a depth is the probability that so many drafts are accepted.
 * How often the drafter comes up with a draft is counted in the same way, over all.
 *
 * <p>Cost O(rows x depth) a step, 8 bytes for each handle and depth.
 */
final class AcceptanceRates {
  private static final float FADE = 0.97f;
  private static final double FADE_OF_ALL = 1 - 1.0 / 512;
  private static final double WEIGHT_OF_ALL = 4;
  private static final double HOPE = 0.5;
  private static final double UNTRIED_RATE = 0.7;
  private static final double UNTRIED_WEIGHT = 2;

  private final int maxDepth;
  /** By depth: over all sequences. */
  private final double[] allTries;
  private final double[] allHits;
  private final double[] proposalTries;
  private final double[] proposals;
  /** By depth, for one decision: tries beforehand that hit, and drafts expected for one wanted. */
  private final double[] priorHits;
  private final double[] numProposed;
  /** By handle and depth. */
  private float[] tries = {};
  private float[] hits = {};
  /** By handle: drafts wanted for its next row. */
  private int[] wanted = {};

  AcceptanceRates(int maxDepth) {
    if (maxDepth < 1 || maxDepth > 1024) {
      throw new IllegalArgumentException(
          "maxNumDraftTokens is " + maxDepth + ", must be 1 to 1024");
    }
    this.maxDepth = maxDepth;
    allTries = new double[maxDepth];
    allHits = new double[maxDepth];
    proposalTries = new double[maxDepth];
    proposals = new double[maxDepth];
    priorHits = new double[maxDepth];
    numProposed = new double[maxDepth];
  }

  int maxDepth() {
    return maxDepth;
  }

  /** Before the rates of a decision are asked for; takes the arrays by handle, once. */
  void open(SchedulerLimits limits) {
    if (wanted.length == 0) {
      wanted = new int[limits.maxNumHandles()];
      tries = new float[wanted.length * maxDepth];
      hits = new float[wanted.length * maxDepth];
    }
    double product = 1;
    for (int depth = 0; depth < maxDepth; depth++) {
      double rateOfAll =
          (allHits[depth] + UNTRIED_WEIGHT * UNTRIED_RATE) / (allTries[depth] + UNTRIED_WEIGHT);
      priorHits[depth] = WEIGHT_OF_ALL * rateOfAll + HOPE;
      product *= (proposals[depth] + UNTRIED_WEIGHT) / (proposalTries[depth] + UNTRIED_WEIGHT);
      numProposed[depth] = product;
    }
  }

  /** So many drafts are wanted for the next row of a sequence. */
  void want(int handle, int numDraftTokens) {
    wanted[handle] = Math.min(numDraftTokens, maxDepth);
  }

  /** Learns from all rows of a step that verified, or could have. */
  void onStep(StepFeedback feedback) {
    for (int row = 0; row < feedback.numRows(); row++) {
      if (!feedback.isLive(row) || feedback.numSampledTokens(row) == 0) {
        continue;
      }
      int handle = feedback.sequence(row).handle();
      int numDrafts = feedback.numDraftTokens(row);
      // A longer row computed known tokens again, where drafts are not verified.
      if (handle < wanted.length && feedback.numComputedTokens(row) == 1 + numDrafts) {
        observe(handle, numDrafts, feedback.numAcceptedTokens(row));
      }
    }
  }

  private void observe(int handle, int numDrafts, int numAccepted) {
    int first = handle * maxDepth;
    for (int depth = 0; depth < maxDepth; depth++) {
      tries[first + depth] *= FADE;
      hits[first + depth] *= FADE;
    }
    int numWanted = wanted[handle];
    wanted[handle] = 0;
    for (int depth = 0; depth < Math.min(numWanted, numAccepted + 1); depth++) {
      int hit = depth < numAccepted ? 1 : 0;
      tries[first + depth]++;
      hits[first + depth] += hit;
      allTries[depth] = FADE_OF_ALL * allTries[depth] + 1;
      allHits[depth] = FADE_OF_ALL * allHits[depth] + hit;
    }
    for (int depth = 0; depth < Math.min(numWanted, numDrafts + 1); depth++) {
      proposalTries[depth] = FADE_OF_ALL * proposalTries[depth] + 1;
      proposals[depth] = FADE_OF_ALL * proposals[depth] + (depth < numDrafts ? 1 : 0);
    }
  }

  /** Probability that a draft wanted at this depth is accepted when those before it are. */
  double rate(int handle, int depth) {
    int index = handle * maxDepth + depth;
    return (hits[index] + priorHits[depth]) / (tries[index] + WEIGHT_OF_ALL + HOPE);
  }

  /** Probability that the drafter comes up with a draft at this depth when it is wanted. */
  double numProposed(int depth) {
    return numProposed[depth];
  }

  /** The handle will belong to another sequence. */
  void forget(int handle) {
    if (handle < wanted.length) {
      wanted[handle] = 0;
      Arrays.fill(tries, handle * maxDepth, (handle + 1) * maxDepth, 0);
      Arrays.fill(hits, handle * maxDepth, (handle + 1) * maxDepth, 0);
    }
  }
}
