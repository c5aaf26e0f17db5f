package dev.weft.speculative;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.TokenSequence;

/**
 * One step of a draft model: what a {@link DraftModel} writes and an executor reads. Everything is
 * copied in, because a step that is late is still read when the sequences it came from are gone.
 * Used again for every step; allocates only where it grows.
 */
final class DraftPlan implements StepPlan {
  /** Who is attached to a slot; made when a sequence gets it. */
  record Attachment(int slot, long id, SamplingParameters sampling, long seed,
      int numPromptTokens) {}

  private final DraftSlots slots;
  private long stepId;
  private int numDetached;
  private final int[] detached;
  private int numAttached;
  private final Attachment[] attached;
  private final int[] numHistoryTokens;
  private final int[][] histories;

  private int numRows;
  private int numTokens;
  private final int[] slot;
  private final long[] id;
  private final int[] startPosition;
  private final int[] firstToken;
  private final int[] numRowTokens;
  private final boolean[] isSampled;
  private final boolean[] isOnDevice;
  private final int[] tokens;

  DraftPlan(ExecutorSpec spec, DraftSlots slots) {
    this.slots = slots;
    detached = new int[slots.numSlots()];
    attached = new Attachment[slots.numSlots()];
    numHistoryTokens = new int[slots.numSlots()];
    histories = new int[slots.numSlots()][0];
    slot = new int[spec.maxNumRows()];
    id = new long[spec.maxNumRows()];
    startPosition = new int[spec.maxNumRows()];
    firstToken = new int[spec.maxNumRows()];
    numRowTokens = new int[spec.maxNumRows()];
    isSampled = new boolean[spec.maxNumRows()];
    isOnDevice = new boolean[spec.maxNumRows()];
    tokens = new int[spec.maxNumBatchedTokens()];
  }

  // ---- written by the draft model

  /** Becomes an empty plan with the id after that of the step submitted last. */
  void begin(long nextStepId) {
    stepId = nextStepId;
    numDetached = 0;
    numAttached = 0;
    numRows = 0;
    numTokens = 0;
  }

  void detach(int detachedSlot) {
    detached[numDetached++] = detachedSlot;
  }

  /** Attaches a sequence and gives it all blocks of its slot; keeps what penalties count. */
  void attach(Attachment attachment, TokenSequence known) {
    int count = attachment.sampling.hasPenalties() ? known.numTokens() : 0;
    if (histories[numAttached].length < count) {
      histories[numAttached] = new int[2 * count];
    }
    known.copyTokens(0, histories[numAttached], 0, count);
    numHistoryTokens[numAttached] = count;
    attached[numAttached++] = attachment;
  }

  /** A row of {@code count} known tokens from a position on. */
  void addRow(int rowSlot, long rowId, int start, TokenSequence known, int count,
      boolean reachesLast) {
    known.copyTokens(start, tokens, numTokens, count);
    closeRow(rowSlot, rowId, start, count, reachesLast, false);
  }

  /** A row of one draft, which is on the device when the slot sampled it last. */
  void addDraftRow(int rowSlot, long rowId, int position, int token, boolean onDevice) {
    tokens[numTokens] = onDevice ? -1 : token;
    closeRow(rowSlot, rowId, position, 1, true, onDevice);
  }

  private void closeRow(int rowSlot, long rowId, int start, int count, boolean sampled,
      boolean onDevice) {
    slot[numRows] = rowSlot;
    id[numRows] = rowId;
    startPosition[numRows] = start;
    firstToken[numRows] = numTokens;
    numRowTokens[numRows] = count;
    isSampled[numRows] = sampled;
    isOnDevice[numRows++] = onDevice;
    numTokens += count;
  }

  // ---- read by the executor

  @Override public long stepId() {
    return stepId;
  }

  @Override public boolean isEmpty() {
    return numRows + numDetached + numAttached == 0;
  }

  @Override public int numDetached() {
    return numDetached;
  }

  @Override public int detachedSlot(int index) {
    return detached[index];
  }

  @Override public int numAttached() {
    return numAttached;
  }

  @Override public int attachedSlot(int index) {
    return attached[index].slot;
  }

  @Override public long attachedRequestId(int index) {
    return attached[index].id;
  }

  @Override public int attachedSampleIndex(int index) {
    return 0;
  }

  @Override public SamplingParameters attachedSampling(int index) {
    return attached[index].sampling;
  }

  @Override public long attachedSeed(int index) {
    return attached[index].seed;
  }

  @Override public int attachedNumPromptTokens(int index) {
    return attached[index].numPromptTokens;
  }

  @Override public int attachedAdapterId(int index) {
    return 0;
  }

  @Override public int attachedNumTokens(int index) {
    return numHistoryTokens[index];
  }

  @Override public int attachedToken(int index, int position) {
    return histories[index][position];
  }

  @Override public int numTableWrites() {
    return numAttached * slots.numBlocksPerSlot();
  }

  @Override public int tableWriteSlot(int index) {
    return attached[index / slots.numBlocksPerSlot()].slot;
  }

  @Override public int tableWriteIndex(int index) {
    return index % slots.numBlocksPerSlot();
  }

  @Override public int tableWriteBlock(int index) {
    return slots.firstBlock(tableWriteSlot(index)) + tableWriteIndex(index);
  }

  @Override public int numBlockCopies() {
    return 0;
  }

  @Override public int copySource(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int copyTarget(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int numRows() {
    return numRows;
  }

  @Override public int numTokens() {
    return numTokens;
  }

  @Override public int slot(int row) {
    return slot[row];
  }

  @Override public long requestId(int row) {
    return id[row];
  }

  @Override public int sampleIndex(int row) {
    return 0;
  }

  @Override public int startPosition(int row) {
    return startPosition[row];
  }

  @Override public int numTokens(int row) {
    return numRowTokens[row];
  }

  @Override public int numDraftTokens(int row) {
    return 0;
  }

  @Override public boolean hasPlaceholders(int row) {
    return false;
  }

  @Override public boolean isSampled(int row) {
    return isSampled[row];
  }

  @Override public boolean isFirstTokenOnDevice(int row) {
    return isOnDevice[row];
  }

  @Override public int token(int row, int offset) {
    return tokens[firstToken[row] + offset];
  }

  @Override public boolean hasMask(int row) {
    return false;
  }

  @Override public long maskWord(int row, int index, int wordIndex) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int numPreempted() {
    return 0;
  }

  @Override public long preemptedRequestId(int index) {
    throw new IndexOutOfBoundsException(index);
  }

  @Override public int numReleased() {
    return 0;
  }

  @Override public long releasedRequestId(int index) {
    throw new IndexOutOfBoundsException(index);
  }
}
