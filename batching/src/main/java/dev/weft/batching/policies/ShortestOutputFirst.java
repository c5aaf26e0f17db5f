package dev.weft.batching.policies;

import dev.weft.batching.RankedVictims;
import dev.weft.schedulerapi.SequenceView;

/**
 * Takes blocks from the sequence with the shortest output, among those from the one with the
 * longest prompt, then from the newest: the order in which SGLang retracts ({@code
 * schedule_batch.py}, state of 2026). The one with the longest output always gets to its end. Cost
 * O(running) a choice.
 */
public final class ShortestOutputFirst extends RankedVictims {
  /** Stateless: may serve many policies. */
  public ShortestOutputFirst() {}

  @Override protected boolean losesBefore(SequenceView a, SequenceView b) {
    int numOutputOfA = a.numTokens() - a.numPromptTokens();
    int numOutputOfB = b.numTokens() - b.numPromptTokens();
    if (numOutputOfA != numOutputOfB) {
      return numOutputOfA < numOutputOfB;
    }
    return a.numPromptTokens() != b.numPromptTokens()
        ? a.numPromptTokens() > b.numPromptTokens()
        : a.arrivalIndex() > b.arrivalIndex();
  }
}
