package dev.weft.benchmarks;

/** The prompts of the workloads: anybody can make the same ones. */
final class Prompts {
  /** Tokens are 0 to this, exclusive. */
  static final int VOCABULARY_SIZE = 32_003;
  /** Every sampled token; no prompt ends with it on purpose, and no request ends at it. */
  static final int SAMPLED_TOKEN = 17;

  private Prompts() {}

  /** Token {@code j} is {@code (seed * 31 + j * 7) mod 32003}; request {@code i} has seed i + 1. */
  static int[] ofSeed(int seed, int numTokens) {
    int[] tokens = new int[numTokens];
    for (int j = 0; j < numTokens; j++) {
      tokens[j] = (int) ((seed * 31L + j * 7L) % VOCABULARY_SIZE);
    }
    return tokens;
  }
}
