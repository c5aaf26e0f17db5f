package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengths;

/**
 * Steps from which a policy learns what its own choice would not show it. Every {@value #INTERVAL}
 * decisions an eighth of the sequences, or {@value #LEAST_NUM_SEQUENCES}, each in turn, get
 * {@value #DEEPER} drafts more than was chosen: so it learns when they have become worth it, from
 * length 0 as well. They do so in one decision, and a drafter that computes in rounds has longer
 * rounds once. As long as the step time is learnt, nobody drafts in one of {@value #PERIOD}
 * decisions, for steps of always the same tokens do not say what a token costs.
 */
final class Probes {
  /** Decisions from one deeper step to the next. */
  static final int INTERVAL = 32;
  private static final int PERIOD = 2 * INTERVAL;
  private static final int LEAST_NUM_SEQUENCES = 8;
  private static final int SHARE = 8;
  private static final int DEEPER = 2;

  private final StepTimeModel stepTime;
  private int numDecisions;
  private int next;

  /** @param stepTime when it learns, it is shown a step without drafts now and then */
  Probes(StepTimeModel stepTime) {
    this.stepTime = stepTime;
  }

  /** Changes what is due in this decision, when the policy has chosen for all. */
  void apply(DraftLengths lengths, AcceptanceRates rates) {
    numDecisions = (numDecisions + 1) % PERIOD;
    if (numDecisions % INTERVAL == 0) {
      draftDeeper(lengths, rates);
    } else if (numDecisions == INTERVAL / 2 && stepTime.learns()) {
      draftNothing(lengths, rates);
    }
  }

  private void draftDeeper(DraftLengths lengths, AcceptanceRates rates) {
    int numSequences = lengths.numSequences();
    int numProbes = Math.min(numSequences, Math.max(LEAST_NUM_SEQUENCES, numSequences / SHARE));
    for (int i = 0; i < numProbes; i++) {
      int index = (next + i) % numSequences;
      int most = Math.min(rates.maxDepth(), lengths.maxNumDraftTokens(index));
      int length = Math.min(most, lengths.draftLength(index) + DEEPER);
      lengths.set(index, length);
      rates.want(lengths.sequence(index).handle(), length);
    }
    next = numSequences == 0 ? 0 : (next + numProbes) % numSequences;
  }

  private static void draftNothing(DraftLengths lengths, AcceptanceRates rates) {
    for (int i = 0; i < lengths.numSequences(); i++) {
      lengths.set(i, 0);
      rates.want(lengths.sequence(i).handle(), 0);
    }
  }
}
