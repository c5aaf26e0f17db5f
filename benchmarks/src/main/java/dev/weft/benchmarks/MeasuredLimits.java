package dev.weft.benchmarks;

/**
 * What workloads differ in; the rest is the same for all of them.
 *
 * @param numBlocks      of the pool, null block included
 * @param numDraftTokens drafts of a row, and positions behind its last token that may be written
 */
record MeasuredLimits(int maxNumSeqs, int maxNumWaiting, int numBlocks, int maxModelLen,
    int numDraftTokens, boolean cachesPrefixes) {
  static final int BLOCK_SIZE = 16;
  static final int MAX_BATCHED_TOKENS = 8192;
  private static final int MAX_MODEL_LEN = 33_792;

  /** As many may wait as run; no drafts. */
  static MeasuredLimits of(int maxNumSeqs, int numBlocks) {
    return new MeasuredLimits(maxNumSeqs, maxNumSeqs, numBlocks, MAX_MODEL_LEN, 0, true);
  }

  MeasuredLimits withWaiting(int maxNumWaiting) {
    return new MeasuredLimits(
        maxNumSeqs, maxNumWaiting, numBlocks, maxModelLen, numDraftTokens, cachesPrefixes);
  }

  MeasuredLimits withModelLen(int maxModelLen) {
    return new MeasuredLimits(
        maxNumSeqs, maxNumWaiting, numBlocks, maxModelLen, numDraftTokens, cachesPrefixes);
  }

  MeasuredLimits withDrafts(int numDraftTokens) {
    return new MeasuredLimits(
        maxNumSeqs, maxNumWaiting, numBlocks, maxModelLen, numDraftTokens, cachesPrefixes);
  }

  MeasuredLimits withoutPrefixes() {
    return new MeasuredLimits(
        maxNumSeqs, maxNumWaiting, numBlocks, maxModelLen, numDraftTokens, false);
  }
}
