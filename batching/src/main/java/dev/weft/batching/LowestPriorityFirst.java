package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;

/**
 * Takes blocks from the least urgent sequence, and from the newest among equals; never from one
 * that is more urgent than the needy. Cost O(running) a choice.
 */
public final class LowestPriorityFirst extends RankedVictims {
  /** Stateless: may serve many policies. */
  public LowestPriorityFirst() {}

  @Override protected boolean losesBefore(SequenceView a, SequenceView b) {
    return a.priority() != b.priority()
        ? a.priority() > b.priority()
        : a.arrivalIndex() > b.arrivalIndex();
  }
}
