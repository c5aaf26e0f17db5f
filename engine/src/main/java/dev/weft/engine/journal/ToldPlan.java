package dev.weft.engine.journal;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;

/** The rows of a recorded plan; of slots, tables, tokens and reports a journal keeps no more. */
final class ToldPlan implements StepPlan {
  private static final int UNKNOWN = -1;
  private final PlannedStep step;
  private final SequenceBook book;

  ToldPlan(Decoder decoder) {
    step = decoder.planned;
    book = decoder.book;
  }

  @Override public long stepId() {
    return step.stepId;
  }

  @Override public boolean isEmpty() {
    return step.isEmpty();
  }

  // ---- rows

  @Override public int numRows() {
    return step.numRows;
  }

  @Override public int numTokens() {
    int numTokens = 0;
    for (int row = 0; row < step.numRows; row++) {
      numTokens += step.numTokens[row];
    }
    return numTokens;
  }

  /** The place of the sequence, which is as good: one for each, until it ends. */
  @Override public int slot(int row) {
    return step.place[row];
  }

  @Override public long requestId(int row) {
    return book.requestId[step.place[row]];
  }

  @Override public int sampleIndex(int row) {
    return book.sampleIndex[step.place[row]];
  }

  @Override public int startPosition(int row) {
    return step.start[row];
  }

  @Override public int numTokens(int row) {
    return step.numTokens[row];
  }

  @Override public int numDraftTokens(int row) {
    return step.numDrafts[row];
  }

  @Override public boolean hasPlaceholders(int row) {
    return step.has(row, RowCodec.HAS_PLACEHOLDERS);
  }

  @Override public boolean isSampled(int row) {
    return step.has(row, RowCodec.IS_SAMPLED);
  }

  @Override public boolean isFirstTokenOnDevice(int row) {
    return step.has(row, RowCodec.IS_ON_DEVICE);
  }

  @Override public boolean hasMask(int row) {
    return step.has(row, RowCodec.HAS_MASK);
  }

  @Override public int token(int row, int offset) {
    return UNKNOWN;
  }

  @Override public long maskWord(int row, int index, int wordIndex) {
    return 0;
  }

  // ---- what is not kept

  private static int notKept() {
    throw new UnsupportedOperationException("a journal keeps the rows of a plan and no more");
  }

  @Override public int numDetached() {
    return 0;
  }

  @Override public int detachedSlot(int index) {
    return notKept();
  }

  @Override public int numAttached() {
    return 0;
  }

  @Override public int attachedSlot(int index) {
    return notKept();
  }

  @Override public long attachedRequestId(int index) {
    return notKept();
  }

  @Override public int attachedSampleIndex(int index) {
    return notKept();
  }

  @Override public SamplingParameters attachedSampling(int index) {
    throw new UnsupportedOperationException("a journal keeps the rows of a plan and no more");
  }

  @Override public long attachedSeed(int index) {
    return notKept();
  }

  @Override public int attachedNumPromptTokens(int index) {
    return notKept();
  }

  @Override public int attachedAdapterId(int index) {
    return notKept();
  }

  @Override public int attachedNumTokens(int index) {
    return notKept();
  }

  @Override public int attachedToken(int index, int position) {
    return notKept();
  }

  @Override public int numTableWrites() {
    return 0;
  }

  @Override public int tableWriteSlot(int index) {
    return notKept();
  }

  @Override public int tableWriteIndex(int index) {
    return notKept();
  }

  @Override public int tableWriteBlock(int index) {
    return notKept();
  }

  @Override public int numBlockCopies() {
    return 0;
  }

  @Override public int copySource(int index) {
    return notKept();
  }

  @Override public int copyTarget(int index) {
    return notKept();
  }

  @Override public int numPreempted() {
    return 0;
  }

  @Override public long preemptedRequestId(int index) {
    return notKept();
  }

  @Override public int numReleased() {
    return 0;
  }

  @Override public long releasedRequestId(int index) {
    return notKept();
  }
}
