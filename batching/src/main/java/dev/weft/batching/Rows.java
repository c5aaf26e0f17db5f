package dev.weft.batching;

import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/** What several policies have to work out about the rows of a step. */
final class Rows {
  private Rows() {}

  /** Free blocks that would be used up if the sequence came to hold all its tokens. */
  static int numBlocksOfAllTokens(StepFacts step, SequenceView sequence) {
    return step.numBlocksNeeded(sequence, step.numPositions(sequence.numTokens()));
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
