package dev.weft.speculative;

import dev.weft.schedulerapi.StepFeedback;

/**
 * What the last step did beside sequences that were sampled, which are chunks of prompts. The next
 * step is expected to do as much.
 */
final class OtherRows {
  private int numRows;
  private int numTokens;

  void onStep(StepFeedback feedback) {
    numRows = 0;
    numTokens = 0;
    for (int row = 0; row < feedback.numRows(); row++) {
      if (feedback.numSampledTokens(row) == 0) {
        numRows++;
        numTokens += feedback.numComputedTokens(row);
      }
    }
  }

  int numRows() {
    return numRows;
  }

  int numTokens() {
    return numTokens;
  }
}
