package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import java.nio.IntBuffer;

/**
 * Writes a plan as the one array of ints that is copied to the device ({@link StepBlock}). Plans
 * are packed in the order of their steps, after {@link PlanCheck} accepted them.
 *
 * <p>The batch on the device holds the known tokens and the drafts that are verified; placeholders
 * are left out, since they are rejected unseen. Cost: one pass over rows, tokens, masks and
 * changes; allocates nothing. The accessors describe the plan packed last.
 */
final class StepPacker {
  /** Sections that a step has whatever its rows are, each with its padding, and some to spare. */
  private static final int NUM_SECTIONS = 16;

  /** Rows of logits begin at multiples of so many floats. */
  private static final int LOGITS_UNIT = 64;

  private static final int NOT_SAMPLED = -1;
  private static final int LAST_TOKEN = -1;
  private static final int NONE = -1;

  private final SlotLayout slots;
  private final ResultLayout results;
  private final AttentionItems attention;
  private final SlotChanges slotChanges;
  private final PackedInts ints = new PackedInts();
  private final int vocabularySize;
  private final int logitsStride;
  private final int maskStride;
  private final int blockShift;
  private final int maxTokens;
  private final int maxBytes;

  /** By draft of a tree: how far behind the last known token, and its ancestors and itself. */
  private final int[] depths = new int[MAX_DRAFTS];

  private final long[] paths = new long[MAX_DRAFTS];

  private int tokens;
  private int tokenRows;
  private int numRows;
  private int numTokens;
  private int numLogits;
  private boolean hasTrees;
  private int numCopies;
  private boolean wantsLogprobs;

  /**
   * @param attention used by this packer alone
   * @throws IllegalArgumentException when the layout cannot express the spec, or a step could take
   *     more than 2^31 bytes
   */
  StepPacker(
      ExecutorSpec spec, SlotLayout slots, ResultLayout results, AttentionItems attention) {
    require(spec.maxNumDraftTokens() <= MAX_DRAFTS, "maxNumDraftTokens is "
        + spec.maxNumDraftTokens() + ", must be at most " + MAX_DRAFTS);
    require(Integer.bitCount(spec.blockSize()) == 1, "blockSize is " + spec.blockSize()
        + ", must be a power of two");
    this.slots = slots;
    this.results = results;
    this.attention = attention;
    slotChanges = new SlotChanges(spec);
    vocabularySize = spec.vocabularySize();
    logitsStride = (vocabularySize + LOGITS_UNIT - 1) / LOGITS_UNIT * LOGITS_UNIT;
    maskStride = maskStride(spec);
    blockShift = Integer.numberOfTrailingZeros(spec.blockSize());
    maxTokens = spec.maxNumBatchedTokens();
    maxBytes = maxBytes(spec, attention);
  }

  private static int maskStride(ExecutorSpec spec) {
    return (spec.vocabularySize() + Integer.SIZE - 1) / Integer.SIZE;
  }

  /**
   * The bytes of the worst of all plans: every slot attached with all its lists and a full history,
   * every place of every table written, every block copied, every row of logits masked and all
   * drafts in trees.
   *
   * @throws IllegalArgumentException when they are more than 2^31
   */
  static int maxBytes(ExecutorSpec spec, AttentionItems attention) {
    long numInts = HEADER_INTS
        + (long) NUM_SECTIONS * PackedInts.maxPadding()
        + (long) spec.maxNumRows() * ROW_INTS
        + 2L * spec.maxNumBatchedTokens()
        + spec.numSlots() * SlotChanges.maxIntsPerSlot(spec)
        + PlanCheck.maxTableWrites(spec) * WRITE_INTS
        + (long) PlanCheck.maxBlockCopies(spec) * COPY_INTS
        + attention.maxInts();
    if (spec.verifiesTrees()) {
      numInts += (long) ResultLayout.maxNumLogits(spec) * TREE_INTS
          + (long) spec.maxNumRows() * PackedInts.maxPadding();
    }
    if (spec.supportsMasks()) {
      numInts += (long) ResultLayout.maxNumLogits(spec) * maskStride(spec)
          + (long) spec.maxNumRows() * PackedInts.maxPadding();
    }
    long bytes = Integer.BYTES * numInts;
    require(bytes <= Integer.MAX_VALUE, "a step may take " + bytes + " bytes, of "
        + Integer.MAX_VALUE + ": lower numSlots (" + spec.numSlots() + "), maxModelLen ("
        + spec.maxModelLen() + "), maxNumBatchedTokens (" + spec.maxNumBatchedTokens()
        + "), maxNumRows (" + spec.maxNumRows() + ") or maxNumDraftTokens ("
        + spec.maxNumDraftTokens() + ")");
    return (int) bytes;
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }

  /** Bytes that every plan fits into. */
  int maxBytes() {
    return maxBytes;
  }

  /**
   * Writes a plan.
   *
   * @param target {@link #maxBytes} from index 0 on, in the byte order of the device
   * @param resultSlot the result area that the step writes to
   * @return how many bytes from its start are to be copied to the device
   */
  int pack(StepPlan plan, IntBuffer target, int resultSlot) {
    ints.begin(target);
    ints.section(HEADER_INTS);
    slotChanges.packAttached(plan, ints);
    boolean isOrdered = slotChanges.packTableWrites(plan, ints);
    packCopies(plan);
    packRows(plan);
    packAttention();
    packHeader(plan, resultSlot, isOrdered ? FLAG_TABLE_WRITES_IN_ORDER : 0);
    packConstants();
    return Integer.BYTES * ints.numInts();
  }

  private void packCopies(StepPlan plan) {
    numCopies = plan.numBlockCopies();
    int copies = ints.section(numCopies * COPY_INTS);
    ints.put(HEADER_NUM_COPIES, numCopies);
    ints.put(HEADER_COPIES, copies);
    for (int i = 0; i < numCopies; i++) {
      ints.put(copies + i * COPY_INTS + COPY_SOURCE, plan.copySource(i));
      ints.put(copies + i * COPY_INTS + COPY_TARGET, plan.copyTarget(i));
    }
  }

  // ---- rows

  private void packRows(StepPlan plan) {
    numRows = plan.numRows();
    numTokens = 0;
    numLogits = 0;
    hasTrees = false;
    wantsLogprobs = false;
    int rows = ints.section(numRows * ROW_INTS);
    tokens = ints.section(plan.numTokens());
    tokenRows = ints.section(plan.numTokens());
    ints.put(HEADER_ROWS, rows);
    ints.put(HEADER_TOKENS, tokens);
    ints.put(HEADER_TOKEN_ROWS, tokenRows);
    attention.begin();
    for (int row = 0; row < numRows; row++) {
      packRow(plan, row, rows + row * ROW_INTS);
    }
    attention.finish();
  }

  private void packRow(StepPlan plan, int row, int record) {
    int slot = plan.slot(row);
    boolean isSampled = plan.isSampled(row);
    int numKnown = plan.numTokens(row) - plan.numDraftTokens(row);
    int numDrafts = isSampled && !plan.hasPlaceholders(row) ? plan.numDraftTokens(row) : 0;
    boolean hasTree = numDrafts > 0 && plan.hasDraftTree(row);
    int firstTree = plan.startPosition(row) + numKnown;
    attention.addRow(slot, numTokens, numKnown + numDrafts, plan.startPosition(row),
        hasTree ? firstTree : Integer.MAX_VALUE);

    ints.put(record + ROW_SLOT, slot);
    ints.put(record + ROW_NUM_TOKENS, numKnown + numDrafts);
    ints.put(record + ROW_START_POSITION, plan.startPosition(row));
    ints.put(record + ROW_FIRST_TOKEN, numTokens);
    ints.put(record + ROW_NUM_DRAFTS, numDrafts);
    ints.put(record + ROW_FIRST_LOGIT, isSampled ? numLogits : NOT_SAMPLED);
    ints.put(record + ROW_TREE, hasTree ? packTree(plan, row, numDrafts) : NONE);
    ints.put(record + ROW_MASKS,
        isSampled && plan.hasMask(row) ? packMasks(plan, row, numDrafts) : NONE);
    packTokens(plan, row, numKnown + numDrafts);

    numLogits += isSampled ? 1 + numDrafts : 0;
    hasTrees |= hasTree;
    wantsLogprobs |= isSampled && slotChanges.wantsLogprobs(slot);
  }

  private void packTokens(StepPlan plan, int row, int count) {
    for (int i = 0; i < count; i++) {
      boolean isOnDevice = i == 0 && plan.isFirstTokenOnDevice(row);
      ints.put(tokens + numTokens + i, isOnDevice ? LAST_TOKEN : plan.token(row, i));
      ints.put(tokenRows + numTokens + i, row);
    }
    numTokens += count;
  }

  private int packTree(StepPlan plan, int row, int numDrafts) {
    int tree = ints.section(numDrafts * TREE_INTS);
    for (int draft = 0; draft < numDrafts; draft++) {
      int parent = plan.draftParent(row, draft);
      depths[draft] = parent < 0 ? 1 : depths[parent] + 1;
      paths[draft] = 1L << draft | (parent < 0 ? 0 : paths[parent]);
      ints.put(tree + draft * TREE_INTS + TREE_PARENT, parent);
      ints.put(tree + draft * TREE_INTS + TREE_DEPTH, depths[draft]);
      ints.put(tree + draft * TREE_INTS + TREE_MASK_LOW, paths[draft]);
    }
    return tree;
  }

  private int packMasks(StepPlan plan, int row, int numDrafts) {
    int masks = ints.section((1 + numDrafts) * maskStride);
    int at = masks;
    for (int index = 0; index <= numDrafts; index++) {
      int word = 0;
      for (; word < maskStride / 2; word++, at += 2) {
        ints.put(at, plan.maskWord(row, index, word));
      }
      if (maskStride % 2 != 0) {
        ints.put(at++, (int) plan.maskWord(row, index, word));
      }
    }
    return masks;
  }

  // ---- attention and header

  private void packAttention() {
    int decodeInts = attention.numDecodeItems() * ITEM_INTS;
    int prefillInts = attention.numPrefillItems() * ITEM_INTS;
    int mergeInts = attention.numMerges() * MERGE_INTS;
    int items = ints.section(decodeInts + prefillInts + mergeInts);
    attention.writeTo(ints.target(), items);
    ints.put(HEADER_NUM_DECODE_ITEMS, attention.numDecodeItems());
    ints.put(HEADER_NUM_PREFILL_ITEMS, attention.numPrefillItems());
    ints.put(HEADER_NUM_MERGES, attention.numMerges());
    ints.put(HEADER_DECODE_ITEMS, items);
    ints.put(HEADER_PREFILL_ITEMS, items + decodeInts);
    ints.put(HEADER_MERGES, items + decodeInts + prefillInts);
  }

  private void packHeader(StepPlan plan, int resultSlot, int flags) {
    ints.put(HEADER_STEP_ID, plan.stepId());
    ints.put(HEADER_NUM_ROWS, numRows);
    ints.put(HEADER_NUM_TOKENS, numTokens);
    ints.put(HEADER_NUM_LOGITS, numLogits);
    ints.put(HEADER_RESULT_SLOT, resultSlot);
    ints.put(HEADER_FLAGS, flags);
  }

  private void packConstants() {
    ints.put(HEADER_VOCABULARY_SIZE, vocabularySize);
    ints.put(HEADER_SLOT_STRIDE, slots.stride());
    ints.put(HEADER_SLOT_TABLE, slots.table());
    ints.put(HEADER_SLOT_STOPS, slots.stops());
    ints.put(HEADER_SLOT_BIASES, slots.biases());
    ints.put(HEADER_SLOT_HISTORY, slots.history());
    ints.put(HEADER_BLOCK_SHIFT, blockShift);
    ints.put(HEADER_MAX_TOKENS, maxTokens);
    ints.put(HEADER_RESULT_STRIDE, results.rowStride());
    ints.put(HEADER_MASK_STRIDE, maskStride);
    ints.put(HEADER_RESULT_AREA, (int) (results.bytes() / Integer.BYTES));
    ints.put(HEADER_RESULT_LOGPROBS, (int) (results.logprobOffset() / Integer.BYTES));
    ints.put(HEADER_RESULT_LOGPROB_STRIDE, results.logprobStride());
    ints.put(HEADER_LOGITS_STRIDE, logitsStride);
  }

  // ---- what was packed

  int numRows() {
    return numRows;
  }

  /** Tokens of the batch, without placeholders. */
  int numTokens() {
    return numTokens;
  }

  /** Rows of logits that are sampled. */
  int numLogits() {
    return numLogits;
  }

  /** True when drafts of a row are a tree, so that accepted ones may have to move. */
  boolean hasTrees() {
    return hasTrees;
  }

  /** KV blocks to copy. */
  int numCopies() {
    return numCopies;
  }

  /** True when a row that is sampled reports log-probabilities. */
  boolean wantsLogprobs() {
    return wantsLogprobs;
  }

  int numDecodeItems() {
    return attention.numDecodeItems();
  }

  int numPrefillItems() {
    return attention.numPrefillItems();
  }

  int numMerges() {
    return attention.numMerges();
  }
}
