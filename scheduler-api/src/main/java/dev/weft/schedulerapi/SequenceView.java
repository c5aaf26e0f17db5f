package dev.weft.schedulerapi;

/**
 * What a policy may see of a live sequence. Reads are plain array loads on the scheduler thread. A
 * view belongs to a handle and is reused: never keep one past the end of its sequence.
 */
public interface SequenceView {
  /** Dense int below {@code limits().maxNumHandles()}: an index for arrays of the policy's own. */
  int handle();

  long requestId();

  /** Which of the request's samples, from 0; all are one sequence until the prompt is computed. */
  int sampleIndex();

  /**
   * Further samples of its request that begin to live, and share its blocks, when its prompt is
   * computed; 0 from then on.
   */
  int numSamplesToBegin();

  /**
   * Counts accepted sequences: an earlier arrival has the smaller number, samples follow each
   * other.
   */
  long arrivalIndex();

  long arrivalNanos();

  /** {@link Request#NO_DEADLINE} when there is none. */
  long deadlineNanos();

  /** Smaller is more urgent. */
  int priority();

  String tenant();

  /** Adapter number, 0 for none. */
  int adapterId();

  RequestHints hints();

  SequenceStatus status();

  int numPromptTokens();

  /**
   * Tokens whose place is known: prompt, read output, and output that steps in flight will sample.
   */
  int numTokens();

  /**
   * How many of {@link #numTokens}, the last ones, are sampled by steps in flight and not yet read.
   */
  int numUnreadTokens();

  /** Tokens whose KV entries exist or are planned in an earlier step. */
  int numComputedTokens();

  /** Draft tokens proposed for the positions after the tokens. */
  int numDraftTokens();

  /** Most tokens that it can come to have. */
  int maxNumTokens();

  /** True from admission until a row has reached its last token. */
  boolean isPrefill();

  /** True when it has a row in the step being planned. */
  boolean isScheduled();

  /** True when a policy has passed over it since it began to wait; see {@link StepBuilder#skip}. */
  boolean isSkipped();

  /** Time of the last step in which it had a row; of its arrival before the first one. */
  long lastRowNanos();

  /** How often it lost its KV blocks. */
  int numPreemptions();
}
