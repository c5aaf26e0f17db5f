package dev.weft.schedulerapi;

/** When the books of a sequence are put in order after its drafts were verified. */
public enum DraftBooks {
  /**
   * At once: full blocks that accepted drafts completed can be found when the sequence ends or
   * loses its blocks, and no draft is taken for a position that the output cannot reach.
   */
  EXACT,
  /**
   * With the next row of the sequence, as vLLM does: full blocks can be found from that row on, and
   * drafts are only cut at the length of the model.
   */
  LAZY
}
