package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;

/**
 * Takes blocks from the sequence that arrived last, so that they are lost in the reverse order of
 * service (Kwon et al., Efficient Memory Management for Large Language Model Serving with
 * PagedAttention, SOSP 2023). The oldest sequence never loses its blocks to another. Cost
 * O(running) a choice.
 */
public final class NewestFirst extends RankedVictims {
  /** Stateless: may serve many policies. */
  public NewestFirst() {}

  @Override protected boolean losesBefore(SequenceView a, SequenceView b) {
    return a.arrivalIndex() > b.arrivalIndex();
  }
}
