package dev.weft.schedulerapi;

/**
 * The sequences that can take drafts now, for a {@link Drafter}; valid during its call. Each was
 * sampled by the step applied last, has nothing in flight, and was given a draft length above 0.
 */
public interface DraftBatch {
  /** Most tokens of the distribution of one draft. */
  int MAX_NUM_CHOICES = 64;

  int numSequences();

  /** Tokens that can be drafted are 0 to this, exclusive. */
  int vocabularySize();

  /** Dense index of the sequence, for a drafter's own arrays. */
  int handle(int index);

  /** The sequence, as policies see it. */
  SequenceView sequence(int index);

  /** How the sequence is sampled; a drafter that samples alike is right more often. */
  SamplingParameters sampling(int index);

  /** Key of the sequence's random numbers; see {@link SequenceSeed}. */
  long seed(int index);

  /** Prompt and output so far, all read; valid until tokens are asked for again. */
  TokenSequence tokens(int index);

  /**
   * Most drafts that are taken, 1 or more: limits, model length, output length, what the request
   * allows and the chosen draft length are counted in; with {@link DraftBooks#LAZY} lengths are
   * not.
   */
  int maxNumDraftTokens(int index);

  /** True when drafts may be a tree. */
  boolean takesTrees();

  /**
   * Proposes tokens for the positions after the known ones; replaces what was proposed before.
   * Where the sequence has a token mask, drafts that it does not permit are dropped, with all that
   * follow them.
   *
   * @param drafts copied
   * @return whether they were taken; it allocates when they were not
   */
  DraftAnswer propose(int index, Drafts drafts);
}
