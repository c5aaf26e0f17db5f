package dev.weft.benchmarks.speculation;

import java.util.List;

/**
 * What one run gave.
 *
 * @param tokens     by request
 * @param nanos      on the wall, from when each request had its first token until all had all
 * @param draftNanos of these, spent in drafting
 * @param numSteps   results applied in that time
 * @param numRows    of decodes that could have had drafts; 0 without a drafter
 * @param numTokens  output tokens of these rows
 */
record Served(List<int[]> tokens, long nanos, long draftNanos, long numSteps, long numRows,
    long numTokens, DraftCounts drafts) {

  double tokensPerRow() {
    return (double) numTokens / numRows;
  }
}
