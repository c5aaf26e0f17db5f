package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/** What several policies have to work out about the rows of a step. */
final class Rows {
  private Rows() {}

  /**
   * Cuts a wish to what is pending, to a budget and to whole chunk units, one at least; 0 when no
   * row can be asked for.
   */
  static int cut(StepFacts step, SequenceView sequence, int wished, int budget) {
    int numPending = step.numPendingTokens(sequence);
    int most = Math.min(numPending, budget);
    int numTokens = Math.max(0, Math.min(wished, most));
    int unit = step.chunkUnit();
    if (unit == 1 || step.startPosition(sequence) + numTokens >= sequence.numTokens()) {
      return numTokens;
    }
    int numWhole = numTokens - numTokens % unit;
    int shortest = Math.min(unit, numPending);
    return numWhole == 0 && numTokens > 0 && shortest <= most ? shortest : numWhole;
  }

  /** Free blocks that would be used up if the sequence came to hold all its tokens. */
  static int numBlocksOfAllTokens(StepFacts step, SequenceView sequence) {
    return step.numBlocksNeeded(sequence, withLookahead(step, sequence.numTokens()));
  }

  /** Positions that a sequence holds when it has so many tokens computed. */
  static int withLookahead(StepFacts step, int numTokens) {
    return Math.min(numTokens + step.limits().numLookaheadTokens(), step.limits().maxModelLen());
  }

  /**
   * True when the step has no row and nobody who holds blocks awaits a step in flight, so that
   * waiting for one would not change what fits. Cost O(running) where steps overlap.
   */
  static boolean isIdle(StepFacts step) {
    return step.numRows() == 0 && (step.limits().maxInFlight() == 1 || !isAnyInFlight(step));
  }

  private static boolean isAnyInFlight(StepFacts step) {
    SequenceList running = step.running();
    for (int i = 0; i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      if (sequence.status() == SequenceStatus.RUNNING && sequence.numUnreadTokens() > 0) {
        return true;
      }
    }
    return false;
  }
}
