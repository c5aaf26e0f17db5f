package dev.weft.benchmarks.speculation;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;

/**
 * Counts what became of drafts, by their position in the row: a stand-in for the policy of draft
 * lengths, which can be exchanged between runs.
 */
final class Counts implements DraftLengthPolicy {
  private DraftCounts drafts = new DraftCounts();
  private DraftLengthPolicy policy = LONGEST;
  private long numRows;
  private long numTokens;

  /** Begins anew, with another policy. */
  void begin(DraftLengthPolicy next) {
    policy = next;
    numRows = 0;
    numTokens = 0;
    drafts = new DraftCounts();
  }

  /** Rows that decoded: one known token that was not computed yet, and drafts. */
  long numRows() {
    return numRows;
  }

  /** Output tokens of these rows. */
  long numTokens() {
    return numTokens;
  }

  /** Of these rows; not changed once it began anew. */
  DraftCounts drafts() {
    return drafts;
  }

  @Override public void choose(DraftLengths lengths) {
    policy.choose(lengths);
  }

  @Override public void onStep(StepFeedback feedback) {
    for (int row = 0; row < feedback.numRows(); row++) {
      int numDrafts = feedback.numDraftTokens(row);
      if (feedback.numComputedTokens(row) - numDrafts == 1) {
        numRows++;
        numTokens += feedback.numSampledTokens(row);
        drafts.add(numDrafts, feedback.numAcceptedTokens(row));
      }
    }
    policy.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence) {
    policy.onFinish(sequence);
  }
}
