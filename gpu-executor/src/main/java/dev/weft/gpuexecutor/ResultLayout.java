package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;

/**
 * Where the parts of a result stand, on the device and in the host's copy. Results are written to
 * several areas in turn, so that a step does not overwrite what was not fetched yet.
 *
 * <pre>
 * area | header | a run for each row | log-probabilities: a run for each row of logits |
 * </pre>
 *
 * <p>A row lists its tokens, each with the row of logits that it was drawn from. The
 * log-probabilities lie apart, because most steps have none to fetch: fetch {@link #rowBytes} from
 * the start of the area, and only if the step wants them {@link #logprobBytes} from {@link
 * #logprobOffset}, to the same places of the copy.
 */
final class ResultLayout {
  private final int rowStride;
  private final int maxNumRows;
  private final int maxNumLogits;
  private final int logprobStride;

  /**
   * @throws IllegalArgumentException when an area would not fit into 2^31 bytes
   */
  ResultLayout(ExecutorSpec spec) {
    maxNumRows = spec.maxNumRows();
    maxNumLogits = maxNumLogits(spec);
    rowStride = StepBlock.RESULT_ROW_TOKENS + 2 * (spec.maxNumDraftTokens() + 1);
    logprobStride =
        spec.maxNumLogprobs() < 0 ? 0 : StepBlock.LOGPROB_TOP + 2 * spec.maxNumLogprobs();
    if (bytes() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "the result of a step may take " + bytes() + " bytes, of " + Integer.MAX_VALUE
              + ": lower maxNumRows (" + maxNumRows + "), maxNumBatchedTokens ("
              + spec.maxNumBatchedTokens() + "), maxNumDraftTokens (" + spec.maxNumDraftTokens()
              + ") or maxNumLogprobs (" + spec.maxNumLogprobs() + ")");
    }
  }

  /** Most rows of logits of a step: one behind the last known token of a row and each draft. */
  static int maxNumLogits(ExecutorSpec spec) {
    long byRows = (long) spec.maxNumRows() * (spec.maxNumDraftTokens() + 1);
    return (int) Math.min(spec.maxNumBatchedTokens(), byRows);
  }

  /** Ints of a row. */
  int rowStride() {
    return rowStride;
  }

  /** Ints of the log-probabilities of one row of logits; 0 when the executor reports none. */
  int logprobStride() {
    return logprobStride;
  }

  /** Bytes of an area. */
  long bytes() {
    return logprobOffset() + (long) Integer.BYTES * maxNumLogits * logprobStride;
  }

  /** Bytes from the start of an area to the end of the last of so many rows. */
  long rowBytes(int numRows) {
    return Integer.BYTES * (StepBlock.RESULT_HEADER_INTS + (long) numRows * rowStride);
  }

  /** Bytes before the log-probabilities. */
  long logprobOffset() {
    return rowBytes(maxNumRows);
  }

  /** Bytes of the log-probabilities of so many rows of logits. */
  long logprobBytes(int numLogits) {
    return (long) Integer.BYTES * numLogits * logprobStride;
  }
}
