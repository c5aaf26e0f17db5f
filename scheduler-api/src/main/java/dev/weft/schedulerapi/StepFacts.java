package dev.weft.schedulerapi;

/** What a decision can be based on, up to date with all verbs called so far in this step. */
public interface StepFacts {
  /**
   * Sequences that held blocks when the step began, oldest admission first; the preempted stay
   * listed.
   */
  SequenceList running();

  /** Sequences that waited when the step began, in waiting order; the admitted stay listed. */
  SequenceList waiting();

  /** Sequences that hold blocks now. */
  int numRunning();

  /** Sequences that may hold blocks at once by the live cap; 0 while admission is paused. */
  int maxNumRunning();

  /** Sequences that can still be admitted; 0 while admission is paused. */
  int numFreeSlots();

  /** Rows granted so far. */
  int numRows();

  /** Most tokens that the next row can get; 0 when nothing more can be scheduled. */
  int tokenBudget();

  /**
   * Tokens of the row that the sequence has in this step, drafts included; 0 without one. Drafts
   * leave a row again when somebody needs their blocks.
   */
  int numScheduledTokens(SequenceView sequence);

  /** True when the sequence has no adapter or its adapter has room in this step. */
  boolean hasAdapterRoom(SequenceView sequence);

  /**
   * Position of the next token to compute: the number of computed tokens, for a waiting sequence
   * the length of its cached prefix. Cost O(newly cached blocks) for a waiting one, else O(1).
   */
  int startPosition(SequenceView sequence);

  /**
   * Most tokens that a row of the sequence can get: known tokens and drafts that are not computed,
   * cut where the output cannot go on, with {@link DraftBooks#LAZY} where the model cannot; 1 +
   * drafts in decode; 0 when all that is left is in flight.
   */
  int numPendingTokens(SequenceView sequence);

  /**
   * The length of the longest row that may be asked for, if the sequence should get {@code
   * numWished} tokens: cut to what is pending and to the budget, and to whole chunk units unless it
   * reaches the last token, but one unit at least. 0 when no row can be asked for.
   */
  default int numGrantableTokens(SequenceView sequence, int numWished) {
    int numPending = numPendingTokens(sequence);
    int most = Math.min(numPending, tokenBudget());
    int numTokens = Math.max(0, Math.min(numWished, most));
    int unit = chunkUnit();
    if (unit == 1 || startPosition(sequence) + numTokens >= sequence.numTokens()) {
      return numTokens;
    }
    int numWhole = numTokens - numTokens % unit;
    int shortest = Math.min(unit, numPending);
    return numWhole == 0 && numTokens > 0 && shortest <= most ? shortest : numWhole;
  }

  /** Positions that a sequence holds once so many of its tokens are computed: with lookahead. */
  default int numPositions(int numComputedTokens) {
    return Math.min(numComputedTokens + limits().numLookaheadTokens(), limits().maxModelLen());
  }

  /** KV blocks that can be handed out now, idle cached ones included. */
  int numFreeBlocks();

  /** KV blocks of the whole cache. */
  int numTotalBlocks();

  /** KV blocks that the sequence holds now. */
  int numBlocks(SequenceView sequence);

  /**
   * KV blocks that preempting this running sequence alone would set free. Cost O(blocks it holds).
   */
  int numBlocksFreedBy(SequenceView sequence);

  /**
   * Free blocks that would be used up if the sequence came to hold its first {@code numTokens}
   * positions: missing blocks, idle cached ones that it would adopt, and copies of shared ones.
   */
  int numBlocksNeeded(SequenceView sequence, int numTokens);

  SchedulerLimits limits();

  /** Positions of one KV block. */
  int blockSize();

  /** The length of a row that does not reach the last token must be a multiple of this. */
  int chunkUnit();

  /** The time of this step, in nanoseconds on the caller's clock. */
  long nowNanos();
}
