package dev.weft.benchmarks;

/**
 * What a workload drives: a scheduler with its cache, and a device that samples {@link
 * Prompts#SAMPLED_TOKEN}. A step is {@link #plan}, {@link #complete} and {@link #update}; the first
 * and the last are what a workload times.
 */
interface MeasuredEngine {
  /** Constructs a request and adds it; no two live ones may have the same id. */
  default void add(long id, int[] prompt, int maxNewTokens) {
    prepare(id, prompt, maxNewTokens).run();
  }

  /** Constructs a request, which running the result adds: again whenever the last one ended. */
  Runnable prepare(long id, int[] prompt, int maxNewTokens);

  /** Plans a step, which may be empty. */
  void plan();

  /** Rows of the step that was planned. */
  int numRows();

  /** Tokens of its rows, drafts included. */
  int numTokens();

  /**
   * Makes the device's result.
   *
   * @return rows that were sampled
   */
  int complete();

  /** Applies the result. */
  void update();

  /** Whether no request is left. */
  boolean isIdle();

  /** Requests that wait to be admitted, for the first time or again. */
  int numWaiting();

  int numFreeBlocks();

  int numCachedBlocks();

  long numPreemptions();

  /** Output tokens handed to whoever asked for them. */
  long numTokensDelivered();

  /** Forgets all cached prefixes; only when no request is left. */
  void clearPrefixes();

  /** Bytes that a flight recorder has written. */
  default long numBytesRecorded() {
    return 0;
  }

  /** Runs a whole step; returns rows that were sampled. */
  default int step() {
    plan();
    int numSampled = complete();
    update();
    return numSampled;
  }
}
