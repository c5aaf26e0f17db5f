package dev.weft.schedulerapi;

/** What a step did for each sequence that had a row in it. */
public interface StepFeedback {
  long stepId();

  /** Time that the device spent on the step; 0 when the executor does not measure. */
  long deviceNanos();

  int numRows();

  /** False when the sequence of this row ended before the result came, so that there is no view. */
  boolean isLive(int row);

  /** The sequence of a row; only where {@link #isLive}. */
  SequenceView sequence(int row);

  /** Tokens computed, drafts included. */
  int numComputedTokens(int row);

  /** Output tokens gained: 0 for a chunk that did not reach the last token. */
  int numSampledTokens(int row);

  /** Draft tokens that could be accepted: none where they were placeholders. */
  int numDraftTokens(int row);

  /** Draft tokens accepted. */
  int numAcceptedTokens(int row);
}
