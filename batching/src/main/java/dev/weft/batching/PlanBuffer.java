package dev.weft.batching;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One plan as parallel arrays: under construction first, when rows come and may be withdrawn, then
 * frozen by {@link PlanFreezer} and in flight. Everything an executor reads is copied in, so that
 * nothing it sees changes when a sequence ends meanwhile.
 *
 * <p>Over 400 lines because half of it is the executor's view, an accessor for each column.
 */
final class PlanBuffer implements StepPlan {
  private static final int WITHDRAWN = -1;
  private static final int NO_MASK = -1;
  /** Value of {@link #numOldBlocks} of a row that changes no block. */
  static final int ALL_OLD = Integer.MAX_VALUE;
  private final int numMaskWords;
  final int[] handle;
  final int[] resultEpoch;
  final int[] blockEpoch;
  final int[] slot;
  final int[] start;
  final int[] numRowTokens;
  final int[] numDrafts;
  final int[] numOldBlocks;
  /** A running sequence's token and drafts: nothing to attach. */
  final boolean[] isDecode;
  /** True when the row is as {@link #setDecode} leaves it, in this use of the plan or the last. */
  private final boolean[] isPlain;
  final boolean[] isSampled;
  final boolean[] isPadded;
  final boolean[] isAdmission;
  final int[] sampleIndex;
  final long[] requestId;
  /** The first of the row's masks: one behind the last known token, and one behind each draft. */
  private final int[] mask;
  private final int[] firstToken;
  final int[] tokens;
  final PlanDrafts drafts;
  final IntColumn detached = new IntColumn();
  final IntColumn attachedSlot = new IntColumn();
  final IntColumn attachedHandle = new IntColumn();
  final IntColumn attachedFirstToken = new IntColumn();
  final IntColumn attachedTokens = new IntColumn();
  final LongColumn attachedSeed = new LongColumn();
  private final List<Request> attachedRequest = new ArrayList<>();
  final IntColumn attachedSample = new IntColumn();
  final IntColumn writeSlot = new IntColumn();
  final IntColumn writeIndex = new IntColumn();
  final IntColumn writeBlock = new IntColumn();
  final IntColumn copyRow = new IntColumn();
  final IntColumn copySource = new IntColumn();
  final IntColumn copyTarget = new IntColumn();
  final IntColumn copyTableIndex = new IntColumn();
  final LongColumn preempted = new LongColumn();
  final LongColumn released = new LongColumn();
  private long[] maskWords = new long[0];
  private int numMasks;
  long stepId;
  int numRows;
  int numWithdrawn;
  int totalTokens;

  /**
   * @param maxRows more than a frozen plan can have, for rows withdrawn meanwhile
   */
  PlanBuffer(int maxRows, int maxTokens, int vocabularySize) {
    numMaskWords = (vocabularySize + 63) >>> 6;
    handle = new int[maxRows];
    resultEpoch = new int[maxRows];
    blockEpoch = new int[maxRows];
    slot = new int[maxRows];
    start = new int[maxRows];
    numRowTokens = new int[maxRows];
    numDrafts = new int[maxRows];
    numOldBlocks = new int[maxRows];
    isDecode = new boolean[maxRows];
    isPlain = new boolean[maxRows];
    isSampled = new boolean[maxRows];
    isPadded = new boolean[maxRows];
    isAdmission = new boolean[maxRows];
    sampleIndex = new int[maxRows];
    requestId = new long[maxRows];
    mask = new int[maxRows];
    firstToken = new int[maxRows];
    tokens = new int[maxTokens];
    drafts = new PlanDrafts(maxRows);
  }

  // ---- construction

  void begin(long id) {
    stepId = id;
    numRows = 0;
    numWithdrawn = 0;
    totalTokens = 0;
    numMasks = 0;
    drafts.begin();
    detached.shrink(0);
    attachedSlot.shrink(0);
    attachedHandle.shrink(0);
    attachedFirstToken.shrink(0);
    attachedTokens.shrink(0);
    attachedSample.shrink(0);
    attachedSeed.clear();
    attachedRequest.clear();
    writeSlot.shrink(0);
    writeIndex.shrink(0);
    writeBlock.shrink(0);
    copyRow.shrink(0);
    copySource.shrink(0);
    copyTarget.shrink(0);
    copyTableIndex.shrink(0);
  }

  /** Drafts of the row that can be accepted. */
  int numVerifiedDrafts(int row) {
    return isPadded[row] ? 0 : numDrafts[row];
  }

  /** A draft of a frozen row, {@code index} 0 to {@code numDrafts[row] - 1}. */
  int draft(int row, int index) {
    return token(row, numRowTokens[row] - numDrafts[row] + index);
  }

  /**
   * The verified draft of a frozen row that follows another one and is this token.
   *
   * @param draft index of the draft that is followed, or -1 for the last known token
   * @return its index, or -1 when no draft is
   */
  int draftBehind(int row, int draft, int token) {
    int numVerified = numVerifiedDrafts(row);
    if (numVerified == 0 || !drafts.isTree(row)) {
      int next = draft + 1;
      return next < numVerified && draft(row, next) == token ? next : -1;
    }
    for (int next = draft + 1; next < numVerified; next++) {
      if (drafts.parent(row, next) == draft && draft(row, next) == token) {
        return next;
      }
    }
    return -1;
  }

  /** Rows that there is room for, withdrawn ones included. */
  int maxNumRows() {
    return handle.length;
  }

  boolean isFull() {
    return numRows == handle.length;
  }

  /** Appends a row and returns its number; the caller fills in the rest. */
  int addRow(int rowHandle, int startPosition, int numTokens) {
    int row = numRows++;
    handle[row] = rowHandle;
    start[row] = startPosition;
    numRowTokens[row] = numTokens;
    mask[row] = NO_MASK;
    isDecode[row] = false;
    isPlain[row] = false;
    totalTokens += numTokens;
    return row;
  }

  /** Fills in a row that is a token with its drafts, all in blocks that the device knows. */
  void setDecode(int row, int rowHandle, int startPosition, int numTokens) {
    handle[row] = rowHandle;
    start[row] = startPosition;
    numRowTokens[row] = numTokens;
    numDrafts[row] = numTokens - 1;
    if (!isPlain[row]) { // Else all of this still stands there from the last use of the plan.
      isPlain[row] = true;
      isDecode[row] = true;
      isSampled[row] = true;
      isPadded[row] = false;
      isAdmission[row] = false;
      mask[row] = NO_MASK;
      numOldBlocks[row] = ALL_OLD;
    }
  }

  /** Of the blocks of a decode, the device knows only so many. */
  void setNumOldBlocks(int row, int numBlocks) {
    numOldBlocks[row] = numBlocks;
    isPlain[row] = false;
  }

  /** Copies filled masks in, one behind the other, and gives them to the row. */
  void claimMasks(int row, long[] words, int numClaimed) {
    int start = numMasks * numMaskWords;
    int end = (numMasks + numClaimed) * numMaskWords;
    if (end > maskWords.length) {
      maskWords = Arrays.copyOf(maskWords, 2 * end);
    }
    System.arraycopy(words, 0, maskWords, start, end - start);
    mask[row] = numMasks;
    numMasks += numClaimed;
  }

  int numMaskWords() {
    return numMaskWords;
  }

  void withdraw(int row) {
    totalTokens -= numRowTokens[row];
    handle[row] = WITHDRAWN;
    numWithdrawn++;
  }

  /** Drops the last drafts of a row. */
  void cutDrafts(int row, int numCut) {
    numRowTokens[row] -= numCut;
    numDrafts[row] -= numCut;
    totalTokens -= numCut;
  }

  /** Closes the gaps that withdrawn rows left and tells the table where the others are now. */
  void compact(SequenceTable table) {
    if (numWithdrawn == 0) {
      return;
    }
    dropWithdrawnCopies();
    int kept = 0;
    for (int row = 0; row < numRows; row++) {
      if (handle[row] != WITHDRAWN) {
        moveRow(row, kept);
        table.row[handle[kept]] = kept;
        kept++;
      }
    }
    numRows = kept;
    numWithdrawn = 0;
  }

  private void dropWithdrawnCopies() {
    int kept = 0;
    int numGone = 0;
    int row = 0;
    for (int i = 0; i < copyRow.size(); i++) {
      for (; row < copyRow.get(i); row++) { // Copies are in the order of their rows.
        numGone += handle[row] == WITHDRAWN ? 1 : 0;
      }
      if (handle[row] != WITHDRAWN) {
        copyRow.set(kept, row - numGone);
        copySource.set(kept, copySource.get(i));
        copyTarget.set(kept, copyTarget.get(i));
        copyTableIndex.set(kept++, copyTableIndex.get(i));
      }
    }
    copyRow.shrink(kept);
    copySource.shrink(kept);
    copyTarget.shrink(kept);
    copyTableIndex.shrink(kept);
  }

  private void moveRow(int from, int to) {
    handle[to] = handle[from];
    start[to] = start[from];
    numRowTokens[to] = numRowTokens[from];
    numDrafts[to] = numDrafts[from];
    numOldBlocks[to] = numOldBlocks[from];
    isDecode[to] = isDecode[from];
    isPlain[to] = isPlain[from];
    isSampled[to] = isSampled[from];
    isPadded[to] = isPadded[from];
    isAdmission[to] = isAdmission[from];
    mask[to] = mask[from];
  }

  void setFirstToken(int row, int index) {
    firstToken[row] = index;
  }

  void addDetached(int detachedSlot) {
    detached.add(detachedSlot);
  }

  void addAttachedRequest(Request request) {
    attachedRequest.add(request);
  }

  void addWrite(int targetSlot, int index, int block) {
    writeSlot.add(targetSlot);
    writeIndex.add(index);
    writeBlock.add(block);
  }

  // ---- the executor's view

  @Override public long stepId() {
    return stepId;
  }

  @Override public boolean isEmpty() {
    return numRows == 0 && detached.size() == 0;
  }

  @Override public int numDetached() {
    return detached.size();
  }

  @Override public int detachedSlot(int index) {
    return detached.get(index);
  }

  @Override public int numAttached() {
    return attachedSlot.size();
  }

  @Override public int attachedSlot(int index) {
    return attachedSlot.get(index);
  }

  @Override public long attachedRequestId(int index) {
    return attachedRequest.get(index).id();
  }

  @Override public int attachedSampleIndex(int index) {
    return attachedSample.get(index);
  }

  @Override public SamplingParameters attachedSampling(int index) {
    return attachedRequest.get(index).sampling();
  }

  @Override public long attachedSeed(int index) {
    return attachedSeed.get(index);
  }

  @Override public int attachedNumPromptTokens(int index) {
    return attachedRequest.get(index).numPromptTokens();
  }

  @Override public int attachedAdapterId(int index) {
    return attachedRequest.get(index).adapterId();
  }

  @Override public int attachedNumTokens(int index) {
    int end = index + 1 < attachedFirstToken.size()
        ? attachedFirstToken.get(index + 1) : attachedTokens.size();
    return end - attachedFirstToken.get(index);
  }

  @Override public int attachedToken(int index, int position) {
    return attachedTokens.get(attachedFirstToken.get(index) + position);
  }

  @Override public int numTableWrites() {
    return writeSlot.size();
  }

  @Override public int tableWriteSlot(int index) {
    return writeSlot.get(index);
  }

  @Override public int tableWriteIndex(int index) {
    return writeIndex.get(index);
  }

  @Override public int tableWriteBlock(int index) {
    return writeBlock.get(index);
  }

  @Override public int numBlockCopies() {
    return copySource.size();
  }

  @Override public int copySource(int index) {
    return copySource.get(index);
  }

  @Override public int copyTarget(int index) {
    return copyTarget.get(index);
  }

  @Override public int numRows() {
    return numRows;
  }

  @Override public int numTokens() {
    return totalTokens;
  }

  @Override public int slot(int row) {
    return slot[row];
  }

  @Override public long requestId(int row) {
    return requestId[row];
  }

  @Override public int sampleIndex(int row) {
    return sampleIndex[row];
  }

  @Override public int startPosition(int row) {
    return start[row];
  }

  @Override public int numTokens(int row) {
    return numRowTokens[row];
  }

  @Override public int numDraftTokens(int row) {
    return numDrafts[row];
  }

  @Override public boolean hasPlaceholders(int row) {
    return isPadded[row];
  }

  @Override public boolean hasDraftTree(int row) {
    return numDrafts[row] > 0 && drafts.isTree(row);
  }

  @Override public int draftParent(int row, int draft) {
    return drafts.parent(row, draft);
  }

  @Override public int numDraftChoices(int row, int draft) {
    return drafts.numChoices(row, draft);
  }

  @Override public int draftChoice(int row, int draft, int index) {
    return drafts.choice(row, draft, index);
  }

  @Override public float draftProbability(int row, int draft, int index) {
    return drafts.probability(row, draft, index);
  }

  @Override public boolean isSampled(int row) {
    return isSampled[row];
  }

  @Override public boolean isFirstTokenOnDevice(int row) {
    return tokens[firstToken[row]] < 0;
  }

  @Override public int token(int row, int offset) {
    return tokens[firstToken[row] + offset];
  }

  @Override public boolean hasMask(int row) {
    return mask[row] != NO_MASK;
  }

  @Override public long maskWord(int row, int index, int wordIndex) {
    return maskWords[(mask[row] + index) * numMaskWords + wordIndex];
  }

  @Override public int numPreempted() {
    return preempted.size();
  }

  @Override public long preemptedRequestId(int index) {
    return preempted.get(index);
  }

  @Override public int numReleased() {
    return released.size();
  }

  @Override public long releasedRequestId(int index) {
    return released.get(index);
  }
}
