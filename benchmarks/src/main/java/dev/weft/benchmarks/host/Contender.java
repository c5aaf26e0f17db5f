package dev.weft.benchmarks.host;

/** An engine that computes a model, as far as a benchmark drives it. One thread. */
interface Contender extends AutoCloseable {
  /** A short name without blanks. */
  String name();

  /** True when it can decode several sequences in one step. */
  boolean batches();

  /**
   * Computes a prompt and samples one token.
   *
   * @return nanoseconds, as the {@link BenchClock} counts them
   */
  long prefill(int[] prompt);

  /**
   * Computes all prompts and samples one token of each, untimed; then decodes, greedily.
   *
   * @param prompts one or, if it {@link #batches}, several of equal length
   * @param numSteps tokens decoded per sequence
   * @return nanoseconds of the decode steps
   */
  long decode(int[][] prompts, int numSteps);

  /** The greedy continuation of a prompt. */
  int[] continuation(int[] prompt, int numTokens);

  @Override
  void close();
}
