package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.Objects;

/**
 * The lengths with the most expected tokens per second: Liu et al., Optimizing Speculative Decoding
 * for Serving Large Language Models Using Goodput (SmartSpec), arXiv 2024, later TurboSpec. A draft
 * gains its probability of being accepted and costs what it adds to the time of the step and to
 * that of drafting. The papers give every sequence the same length; here each gets its own:
 *
 * <ol>
 *   <li>Acceptance by depth is learnt from the steps, for each sequence with that of all
 *       beforehand.
 *   <li>All drafts of all sequences are ranked by their probability, a prefix for each sequence.
 *   <li>For each level of the ranking and each depth, drafts of this level and above down to this
 *       depth: tokens expected of the step, time expected for it and for drafting, and their
 *       quotient; the best is taken. The level above all drafts is among them, so nobody may draft.
 * </ol>
 *
 * <p>A choice stays in force until another is better by more than two parts in a thousand, and a
 * sequence keeps a draft that it has until that is an eighth less probable than is asked of others.
 * Every {@value Probes#INTERVAL} decisions a few sequences draft a little deeper, so that it comes
 * back from 0. Chunks of prompts are expected to be in the next step as they were in the last one.
 *
 * <p>Cost O(sequences x depth), and 64 questions to the step-time model for each depth.
 */
public final class GoodputDraftLength implements DraftLengthPolicy {
  private static final double STAYS_WITHIN = 0.998;

  private final StepTimeModel stepTime;
  private final DraftCost draftCost;
  private final AcceptanceRates rates;
  private final DraftRanking ranking;
  private final Probes probes;
  private final OtherRows others = new OtherRows();
  /** What is in force: drafts of this level and above, down to so many depths. */
  private int level;
  private int numDepths;

  /** Measures the step time, drafting costs nothing, at most 8 drafts. */
  public GoodputDraftLength() {
    this(new MeasuredStepTime(), DraftCost.NONE, 8);
  }

  /**
   * With what is known.
   *
   * @param stepTime          of the executor that verifies; it hears of every step
   * @param draftCost         of the drafter
   * @param maxNumDraftTokens longest length that is considered, 1 to 1024
   */
  public GoodputDraftLength(StepTimeModel stepTime, DraftCost draftCost, int maxNumDraftTokens) {
    this.stepTime = Objects.requireNonNull(stepTime, "stepTime");
    this.draftCost = Objects.requireNonNull(draftCost, "draftCost");
    probes = new Probes(stepTime);
    rates = new AcceptanceRates(maxNumDraftTokens);
    ranking = new DraftRanking(maxNumDraftTokens);
    numDepths = maxNumDraftTokens;
  }

  @Override public void choose(DraftLengths lengths) {
    rates.open(lengths.limits());
    int numSequences = lengths.numSequences();
    ranking.clear(numSequences);
    double numContextTokens = 0;
    for (int i = 0; i < numSequences; i++) {
      SequenceView sequence = lengths.sequence(i);
      int most = Math.min(rates.maxDepth(), lengths.maxNumDraftTokens(i));
      ranking.add(i, rates, sequence.handle(), 0, most);
      numContextTokens += sequence.numTokens();
    }
    findBest(numSequences, numContextTokens, lengths.maxNumBatchedTokens());
    for (int i = 0; i < numSequences; i++) {
      int length = ranking.length(i, level, numDepths, lengths.draftLength(i));
      lengths.set(i, length);
      rates.want(lengths.sequence(i).handle(), length);
    }
    probes.apply(lengths, rates);
  }

  /** Sets level and depths to those with the most expected tokens a second. */
  private void findBest(int numSequences, double numContextTokens, int maxNumTokens) {
    int numRows = Math.max(1, numSequences + others.numRows());
    int numTokens = numSequences + others.numTokens();
    double plain = numSequences / stepTime.nanos(numRows, numTokens, numContextTokens);
    double best = plain;
    double now = level == DraftRanking.NUM_LEVELS ? plain : 0;
    int bestLevel = DraftRanking.NUM_LEVELS;
    int bestDepths = rates.maxDepth();
    for (int depths = 1; depths <= rates.maxDepth(); depths++) {
      ranking.include(depths - 1);
      double numGained = numSequences;
      double numProposed = 0;
      int numWanted = 0;
      for (int i = DraftRanking.NUM_LEVELS - 1; i >= 0; i--) {
        numGained += ranking.numAccepted(i);
        numProposed += ranking.numProposed(i);
        numWanted += ranking.numWanted(i);
        if (numTokens + numWanted > maxNumTokens) {
          break;
        }
        double goodput = numWanted == 0 ? plain : numGained
            / (stepTime.nanos(numRows, numTokens + numProposed, numContextTokens)
                + draftCost.nanos(depths, numWanted));
        if (i == level && depths == numDepths) {
          now = goodput;
        }
        if (goodput > best) {
          best = goodput;
          bestLevel = i;
          bestDepths = depths;
        }
      }
    }
    if (now < STAYS_WITHIN * best) {
      level = bestLevel;
      numDepths = bestDepths;
    }
  }

  @Override public void onStep(StepFeedback feedback) {
    rates.onStep(feedback);
    others.onStep(feedback);
    stepTime.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence) {
    rates.forget(sequence.handle());
  }
}
