package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Objects;

/**
 * Drafts first for those who are behind their wanted time between tokens, then for the most
 * probable drafts of all: Li et al., AdaServe: Accelerating Multi-SLO LLM Serving with
 * SLO-Customized Speculative Decoding, arXiv 2025, on chains.
 *
 * <ol>
 *   <li>By the end of the next step a request should have (time since its first token + step time)
 *       / {@link dev.weft.schedulerapi.RequestHints#interTokenTargetNanos} tokens more than at its
 *       first; what it lacks is its need. Depth by depth, those whose expected tokens do not cover
 *       their need get one draft more, as long as the tokens of the step last.
 *   <li>Tokens that the device computes almost in the time of none, those until the step takes a
 *       given part longer than without drafts, are then filled up with the most probable drafts.
 * </ol>
 *
 * <p>A request without a target has no need. Drafts less likely than 1 in 20 help nobody and are
 * not wanted. Every {@value Probes#INTERVAL} decisions a few sequences draft a little deeper, so
 * that it comes back from 0. Cost O(sequences x depth).
 */
public final class SloDraftLength implements DraftLengthPolicy {
  private static final double LEAST_PROBABILITY = 0.05;
  private static final int LEAST_LEVEL = (int) (LEAST_PROBABILITY * DraftRanking.NUM_LEVELS);

  private final StepTimeModel stepTime;
  private final double growth;
  private final AcceptanceRates rates;
  private final DraftRanking ranking;
  private final Probes probes;
  private final OtherRows others = new OtherRows();
  /** By handle: time of its first decision, -1 before it, and its tokens then. */
  private long[] firstNanos = {};
  private int[] firstNumTokens = {};
  /** By index: drafts given so far, probability of the last of them, what is still not covered. */
  private int[] given = {};
  private double[] probabilities = {};
  private double[] uncovered = {};

  /** Measures the step time, which may grow by a tenth, at most 8 drafts. */
  public SloDraftLength() {
    this(new MeasuredStepTime(), 0.1, 8);
  }

  /**
   * With what is known.
   *
   * @param stepTime          of the executor that verifies; it hears of every step
   * @param growth            part of the step time that drafts nobody needs may add, 0 to 10
   * @param maxNumDraftTokens longest length that is considered, 1 to 1024
   */
  public SloDraftLength(StepTimeModel stepTime, double growth, int maxNumDraftTokens) {
    this.stepTime = Objects.requireNonNull(stepTime, "stepTime");
    if (!(growth >= 0 && growth <= 10)) {
      throw new IllegalArgumentException("growth is " + growth + ", must be 0 to 10");
    }
    this.growth = growth;
    probes = new Probes(stepTime);
    rates = new AcceptanceRates(maxNumDraftTokens);
    ranking = new DraftRanking(maxNumDraftTokens);
  }

  @Override public void choose(DraftLengths lengths) {
    open(lengths);
    int numSequences = lengths.numSequences();
    int numRows = Math.max(1, numSequences + others.numRows());
    int numTokens = numSequences + others.numTokens();
    double numContextTokens = 0;
    for (int i = 0; i < numSequences; i++) {
      numContextTokens += lengths.sequence(i).numTokens();
    }
    double stepNanos = stepTime.nanos(numRows, numTokens, numContextTokens);
    findNeeds(lengths, stepNanos);
    int numLeft = Math.max(0, lengths.maxNumBatchedTokens() - numTokens);
    int numNeeded = coverNeeds(lengths, numLeft);
    int numFree = numTokensWithin((1 + growth) * stepNanos, numRows, numTokens, numLeft,
        numContextTokens);
    spend(lengths, numFree - numNeeded);
    probes.apply(lengths, rates);
  }

  private void open(DraftLengths lengths) {
    rates.open(lengths.limits());
    if (firstNanos.length == 0) {
      firstNanos = new long[lengths.limits().maxNumHandles()];
      java.util.Arrays.fill(firstNanos, -1);
      firstNumTokens = new int[firstNanos.length];
    }
    if (given.length < lengths.numSequences()) {
      given = new int[lengths.numSequences()];
      probabilities = new double[given.length];
      uncovered = new double[given.length];
    }
  }

  private void findNeeds(DraftLengths lengths, double stepNanos) {
    for (int i = 0; i < lengths.numSequences(); i++) {
      SequenceView sequence = lengths.sequence(i);
      int handle = sequence.handle();
      if (firstNanos[handle] < 0) {
        firstNanos[handle] = lengths.nowNanos();
        firstNumTokens[handle] = sequence.numTokens();
      }
      long target = sequence.hints().interTokenTargetNanos();
      given[i] = 0;
      probabilities[i] = 1;
      // The step gives every sequence one token in any case.
      uncovered[i] = target == 0 ? 0
          : (lengths.nowNanos() - firstNanos[handle] + stepNanos) / target
              - (sequence.numTokens() - firstNumTokens[handle]) - 1;
    }
  }

  /** Gives drafts to those in need, at most {@code numLeft}; answers how many. */
  private int coverNeeds(DraftLengths lengths, int numLeft) {
    int numGiven = 0;
    for (int depth = 0; depth < rates.maxDepth(); depth++) {
      for (int i = 0; i < lengths.numSequences() && numGiven < numLeft; i++) {
        if (uncovered[i] > 0 && given[i] == depth && depth < lengths.maxNumDraftTokens(i)) {
          probabilities[i] *= rates.rate(lengths.sequence(i).handle(), depth);
          if (probabilities[i] >= LEAST_PROBABILITY) {
            uncovered[i] -= probabilities[i];
            given[i]++;
            numGiven++;
          }
        }
      }
    }
    return numGiven;
  }

  /** Drafts with which a step takes no longer than so many nanoseconds; at most {@code most}. */
  private int numTokensWithin(double nanos, int numRows, int numTokens, int most,
      double numContextTokens) {
    int low = 0;
    int high = most;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (stepTime.nanos(numRows, numTokens + middle, numContextTokens) <= nanos) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** Gives the most probable drafts of all, beside those needed. */
  private void spend(DraftLengths lengths, int numDrafts) {
    int numSequences = lengths.numSequences();
    ranking.clear(numSequences);
    for (int i = 0; i < numSequences; i++) {
      int most = Math.min(rates.maxDepth(), lengths.maxNumDraftTokens(i));
      ranking.add(i, rates, lengths.sequence(i).handle(), given[i], Math.max(given[i], most));
    }
    for (int depth = 0; depth < rates.maxDepth(); depth++) {
      ranking.include(depth);
    }
    int level = DraftRanking.NUM_LEVELS;
    int numLeft = Math.max(0, numDrafts);
    while (level > LEAST_LEVEL && ranking.numWanted(level - 1) <= numLeft) {
      numLeft -= ranking.numWanted(--level);
    }
    for (int i = 0; i < numSequences; i++) {
      given[i] = ranking.length(i, level, rates.maxDepth());
    }
    if (level > LEAST_LEVEL) {
      spread(numSequences, numLeft, level - 1);
    }
    for (int i = 0; i < numSequences; i++) {
      lengths.set(i, given[i]);
      rates.want(lengths.sequence(i).handle(), given[i]);
    }
  }

  /** Gives a part of the drafts of a level, depth by depth, so that nobody takes all. */
  private void spread(int numSequences, int numDrafts, int level) {
    int numLeft = numDrafts;
    for (int depth = 0; depth < rates.maxDepth(); depth++) {
      for (int i = 0; i < numSequences && numLeft > 0; i++) {
        if (given[i] == depth && ranking.isOfLevel(i, depth, level)) {
          given[i]++;
          numLeft--;
        }
      }
    }
  }

  @Override public void onStep(StepFeedback feedback) {
    rates.onStep(feedback);
    others.onStep(feedback);
    stepTime.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence) {
    rates.forget(sequence.handle());
    if (sequence.handle() < firstNanos.length) {
      firstNanos[sequence.handle()] = -1;
    }
  }
}
