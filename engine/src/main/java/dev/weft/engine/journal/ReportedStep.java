package dev.weft.engine.journal;

import dev.weft.schedulerapi.SchedulerLimits;

/** A result as it was recorded; used again for every result. */
final class ReportedStep {
  long stepId;
  long deviceNanos;
  boolean isFailed;
  /** The step was planned before the journal begins, so that nothing else is known. */
  boolean isUnknown;
  int numRows;
  final int[] place;
  final int[] numTokens;
  final boolean[] isFailedRow;
  /** The result counts: neither the row failed nor is its sequence gone. */
  final boolean[] counts;
  /** Output tokens that the sequence had before. */
  final int[] firstOutput;
  private final int[] tokens;
  private final int maxTokensPerRow;

  ReportedStep(SchedulerLimits limits) {
    int maxNumRows = limits.maxNumSeqs();
    maxTokensPerRow = limits.maxNumDraftTokens() + 1;
    place = new int[maxNumRows];
    numTokens = new int[maxNumRows];
    isFailedRow = new boolean[maxNumRows];
    counts = new boolean[maxNumRows];
    firstOutput = new int[maxNumRows];
    tokens = new int[maxNumRows * maxTokensPerRow];
  }

  int maxTokensPerRow() {
    return maxTokensPerRow;
  }

  /** A token; of hashed ones only the last of a row is known, the others are its drafts. */
  int token(int row, int index) {
    return tokens[row * maxTokensPerRow + index];
  }

  void setToken(int row, int index, int token) {
    tokens[row * maxTokensPerRow + index] = token;
  }
}
