package dev.weft.schedulerapi;

/** The sequences that the last step sampled, for a {@link Drafter}; valid during its call. */
public interface DraftBatch {
  int numSequences();

  /** Dense index of the sequence, for a drafter's own arrays. */
  int handle(int index);

  /** Prompt and output so far, all read. */
  TokenSequence tokens(int index);

  /**
   * Most drafts that could be verified: limits, model length and output length are counted in;
   * with {@link DraftBooks#LAZY} the limits alone.
   */
  int maxNumDraftTokens(int index);

  /**
   * Proposes tokens for the positions after the known ones; replaces what was proposed before.
   *
   * @param drafts    copied; those beyond {@link #maxNumDraftTokens} are dropped
   * @param numDrafts 0 or more
   */
  void propose(int index, int[] drafts, int numDrafts);
}
