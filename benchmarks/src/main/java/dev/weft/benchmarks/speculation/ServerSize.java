package dev.weft.benchmarks.speculation;

/**
 * How large a {@link Server} is.
 *
 * @param maxNumSeqs      requests served at once
 * @param maxModelLen     tokens of a prompt and its output
 * @param numThreads      of the target
 * @param numDraftThreads of the draft model
 * @param maxInFlight     steps submitted and not yet applied, 1 or more
 */
record ServerSize(int maxNumSeqs, int maxModelLen, int numThreads, int numDraftThreads,
    int maxInFlight) {
  /** Both models have so many threads. */
  ServerSize(int maxNumSeqs, int maxModelLen, int numThreads, int maxInFlight) {
    this(maxNumSeqs, maxModelLen, numThreads, numThreads, maxInFlight);
  }

  int numBlocksEach() {
    return (maxModelLen + Server.BLOCK_SIZE - 1) / Server.BLOCK_SIZE;
  }

  int numBlocks() {
    return 1 + maxNumSeqs * numBlocksEach();
  }

  /** All prompts in one step, or all decodes with their drafts. */
  int maxNumBatchedTokens() {
    return maxNumSeqs * Math.max(maxModelLen, DrafterKind.MAX_NUM_DRAFT_TOKENS + 1);
  }
}
