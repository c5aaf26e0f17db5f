package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;

import dev.weft.schedulerapi.StepResult;
import java.nio.IntBuffer;

/** Reads the host's copy of a result area. Allocates only when a step failed. */
final class ResultReader {
  private static final long LOW_WORD = 0xFFFFFFFFL;

  private final int rowStride;
  private final int logprobs;
  private final int logprobStride;

  ResultReader(ResultLayout layout) {
    rowStride = layout.rowStride();
    logprobs = (int) (layout.logprobOffset() / Integer.BYTES);
    logprobStride = layout.logprobStride();
  }

  /**
   * Fills in the result of a step. When the device found that something it was given cannot be, the
   * step fails.
   *
   * @param area laid out as on the device; without log-probabilities when the step wanted none
   * @throws IllegalStateException when the area holds another step's result
   */
  void read(IntBuffer area, long stepId, int numRows, StepResult result) {
    if (longAt(area, RESULT_STEP_ID) != stepId || area.get(RESULT_NUM_ROWS) != numRows) {
      throw new IllegalStateException(
          "step " + stepId + " with rows: " + numRows + "; the device has a result of step "
              + longAt(area, RESULT_STEP_ID) + " with rows: " + area.get(RESULT_NUM_ROWS));
    }
    result.reset(stepId, numRows);
    for (int row = 0; row < numRows; row++) {
      readRow(area, RESULT_HEADER_INTS + row * rowStride, row, result);
    }
    result.setDeviceNanos(longAt(area, RESULT_END_NANOS) - longAt(area, RESULT_START_NANOS));
    if (area.get(RESULT_FAULTS) != 0) {
      result.failStep("step " + stepId + ": the device was given a token that does not exist");
    }
  }

  private void readRow(IntBuffer area, int from, int row, StepResult result) {
    int numTokens = area.get(from + RESULT_ROW_NUM_TOKENS);
    int flags = area.get(from + RESULT_ROW_FLAGS);
    for (int i = 0; i < numTokens; i++) {
      int token = from + RESULT_ROW_TOKENS + 2 * i;
      result.addToken(row, area.get(token));
      if ((flags & RESULT_ROW_HAS_LOGPROBS) != 0) {
        readLogprobs(area, logprobs + area.get(token + 1) * logprobStride, row, result);
      }
    }
    if ((flags & RESULT_ROW_FAILED) != 0) {
      result.failRow(row);
    }
  }

  private static void readLogprobs(IntBuffer area, int from, int row, StepResult result) {
    result.setLogprob(row, floatAt(area, from + LOGPROB_OF_TOKEN));
    int numTop = area.get(from + LOGPROB_NUM_TOP);
    for (int rank = 0; rank < numTop; rank++) {
      int top = from + LOGPROB_TOP + 2 * rank;
      result.setTopLogprob(row, rank, area.get(top), floatAt(area, top + 1));
    }
  }

  private static float floatAt(IntBuffer area, int at) {
    return Float.intBitsToFloat(area.get(at));
  }

  private static long longAt(IntBuffer area, int at) {
    return (area.get(at) & LOW_WORD) | (long) area.get(at + 1) << Integer.SIZE;
  }
}
