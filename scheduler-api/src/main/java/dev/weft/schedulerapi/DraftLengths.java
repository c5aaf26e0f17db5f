package dev.weft.schedulerapi;

/**
 * The sequences sampled by the step applied last, with the number of drafts that each should get;
 * for a {@link DraftLengthPolicy}, valid during its call and not to be used behind it.
 *
 * <p>With steps in flight, a sequence of draft length 0 is planned ahead of its tokens as always;
 * one of a length above 0 waits for its token, so that it can be drafted.
 */
public interface DraftLengths {
  int numSequences();

  SequenceView sequence(int index);

  /**
   * Most drafts that could be verified, by drafter, limits, model length, output length and
   * request; 0 or more.
   */
  int maxNumDraftTokens(int index);

  /**
   * The length chosen last, as far as there is room for it; 0 for a new sequence. Where drafts had
   * to leave room for known tokens, a step had fewer.
   */
  int draftLength(int index);

  /**
   * Sets the number of drafts wanted.
   *
   * @param numDraftTokens 0 to {@link #maxNumDraftTokens}
   * @throws IllegalArgumentException when it is out of range; nothing was changed
   * @throws IllegalStateException    after the call that handed out the list
   */
  void set(int index, int numDraftTokens);

  /** Sequences that hold blocks, listed or not. */
  int numRunning();

  /** Sequences that wait for admission. */
  int numWaiting();

  /** Tokens of one step, drafts included, by the live cap. */
  int maxNumBatchedTokens();

  SchedulerLimits limits();

  /** The time of this decision, in nanoseconds on the caller's clock. */
  long nowNanos();
}
