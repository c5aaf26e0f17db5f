package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs plans on {@link HashModel}: slots, block tables, and a KV memory {@code [layer][block *
 * blockSize + offset]} through which every context is read back. All rows write a layer before any
 * row reads it.
 */
final class HashDevice {
  private static final long POISON = 0xDEAD_BEEF_DEAD_BEEFL;

  /** The node of a draft tree that all drafts descend from. */
  private static final int ROOT = -1;

  private static final int NO_DRAFT = -2;

  private final ExecutorSpec spec;
  private final HashModel model;
  private final Slot[] slots;
  private final long[] entries;
  private final long[] deepEntries;

  HashDevice(ExecutorSpec spec) {
    this.spec = spec;
    model = new HashModel(spec.vocabularySize());
    slots = new Slot[spec.numSlots()];
    Arrays.setAll(slots, slot -> new Slot());
    entries = new long[spec.numBlocks() * spec.blockSize()];
    deepEntries = new long[entries.length];
  }

  /**
   * Computes a plan that was checked when it was submitted.
   *
   * @param failingRows rows that yield no token, because their logits are no numbers
   */
  void run(StepPlan plan, StepResult result, Set<Integer> failingRows) {
    changeSlots(plan);
    copyBlocks(plan);
    for (int row = 0; row < plan.numRows(); row++) {
      writeEntries(plan, row);
    }
    for (int row = 0; row < plan.numRows(); row++) {
      writeDeepEntries(plan, row);
    }
    for (int row = 0; row < plan.numRows(); row++) {
      if (failingRows.contains(row)) {
        result.failRow(row);
      } else if (plan.isSampled(row)) {
        sample(plan, row, result);
      }
    }
  }

  /**
   * Changes slots and tables as planned, and leaves wrong KV entries wherever the plan would write.
   */
  void runBadly(StepPlan plan) {
    changeSlots(plan);
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      int target = plan.copyTarget(i) * spec.blockSize();
      Arrays.fill(entries, target, target + spec.blockSize(), POISON);
      Arrays.fill(deepEntries, target, target + spec.blockSize(), POISON);
    }
    for (int row = 0; row < plan.numRows(); row++) {
      for (int i = 0; i < plan.numTokens(row); i++) {
        int address = address(slots[plan.slot(row)], plan.startPosition(row) + i);
        entries[address] = POISON;
        deepEntries[address] = POISON;
      }
    }
  }

  private void changeSlots(StepPlan plan) {
    for (int i = 0; i < plan.numDetached(); i++) {
      slots[plan.detachedSlot(i)] = new Slot();
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      Slot slot = new Slot();
      slot.sampling = plan.attachedSampling(i);
      slot.seed = plan.attachedSeed(i);
      slot.numPromptTokens = plan.attachedNumPromptTokens(i);
      slot.adapterId = plan.attachedAdapterId(i);
      slots[plan.attachedSlot(i)] = slot;
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      Slot slot = slots[plan.tableWriteSlot(i)];
      int index = plan.tableWriteIndex(i);
      slot.table = Arrays.copyOf(slot.table, Math.max(slot.table.length, index + 1));
      slot.table[index] = plan.tableWriteBlock(i);
    }
  }

  private void copyBlocks(StepPlan plan) {
    int size = spec.blockSize();
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      int source = plan.copySource(i) * size;
      int target = plan.copyTarget(i) * size;
      System.arraycopy(entries, source, entries, target, size);
      System.arraycopy(deepEntries, source, deepEntries, target, size);
    }
  }

  private void writeEntries(StepPlan plan, int row) {
    Slot slot = slots[plan.slot(row)];
    int numKnown = plan.numTokens(row) - plan.numDraftTokens(row);
    for (int i = 0; i < plan.numTokens(row); i++) {
      boolean isOnDevice = i == 0 && plan.isFirstTokenOnDevice(row);
      int token = isOnDevice ? slot.lastSampledToken : plan.token(row, i);
      int place = plan.startPosition(row) + i;
      int position = i < numKnown
          ? place
          : plan.startPosition(row) + numKnown + depth(plan, row, i - numKnown);
      entries[address(slot, place)] = HashModel.entry(token, position, slot.adapterId);
    }
  }

  /** Drafts between the last known token and this one. */
  private static int depth(StepPlan plan, int row, int draft) {
    int depth = 0;
    for (int d = plan.draftParent(row, draft); d >= 0; d = plan.draftParent(row, d)) {
      depth++;
    }
    return depth;
  }

  private void writeDeepEntries(StepPlan plan, int row) {
    Slot slot = slots[plan.slot(row)];
    int start = plan.startPosition(row);
    int firstDraft = firstDraft(plan, row);
    long folded = 0;
    for (int position = 0; position < firstDraft; position++) {
      int address = address(slot, position);
      folded = HashModel.fold(folded, entries[address]);
      if (position >= start) {
        deepEntries[address] = HashModel.deepEntry(entries[address], folded);
      }
    }
    long[] foldedBehind = new long[plan.numDraftTokens(row)];
    for (int draft = 0; draft < foldedBehind.length; draft++) {
      int parent = plan.draftParent(row, draft);
      int address = address(slot, firstDraft + draft);
      long before = parent < 0 ? folded : foldedBehind[parent];
      foldedBehind[draft] = HashModel.fold(before, entries[address]);
      deepEntries[address] = HashModel.deepEntry(entries[address], foldedBehind[draft]);
    }
  }

  /** Where the first draft lies, or would lie. */
  private static int firstDraft(StepPlan plan, int row) {
    return plan.startPosition(row) + plan.numTokens(row) - plan.numDraftTokens(row);
  }

  /**
   * Coupled sampling: draws at every draft as plain decoding would, and goes on while they agree.
   * Accepted drafts move to where they stand; a draft never moves up, and never onto a later one.
   */
  private void sample(StepPlan plan, int row, StepResult result) {
    Slot slot = slots[plan.slot(row)];
    int firstDraft = firstDraft(plan, row);
    long logits = 0;
    for (int i = 0; i < firstDraft; i++) {
      logits = HashModel.fold(logits, deepEntries[address(slot, i)]);
    }
    int node = ROOT;
    for (int position = firstDraft; ; position++) {
      SamplingParameters sampling = Objects.requireNonNull(slot.sampling);
      long @Nullable [] mask = plan.hasMask(row) ? mask(plan, row, 1 + node) : null;
      int token = model.choose(logits, sampling, slot.seed, slot.numPromptTokens, position, mask);
      if (token == HashModel.NOTHING_PERMITTED) {
        result.failRow(row);
        return;
      }
      slot.lastSampledToken = token;
      result.addToken(row, token);
      report(result, row, logits, token, sampling.numLogprobs());
      node = draftBehind(plan, row, node, token);
      if (node == NO_DRAFT) {
        return;
      }
      int from = address(slot, firstDraft + node);
      int to = address(slot, position);
      entries[to] = entries[from];
      deepEntries[to] = deepEntries[from];
      logits = HashModel.fold(logits, deepEntries[to]);
    }
  }

  /** The draft behind a node that is this token. */
  private static int draftBehind(StepPlan plan, int row, int node, int token) {
    int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    int first = plan.numTokens(row) - plan.numDraftTokens(row);
    for (int draft = node + 1; draft < numDrafts; draft++) {
      if (plan.draftParent(row, draft) == node && plan.token(row, first + draft) == token) {
        return draft;
      }
    }
    return NO_DRAFT;
  }

  private void report(StepResult result, int row, long logits, int token, int numLogprobs) {
    if (numLogprobs == SamplingParameters.NO_LOGPROBS || spec.maxNumLogprobs() < 0) {
      return;
    }
    result.setLogprob(row, model.logprob(logits, token));
    int numTop = Math.min(Math.min(numLogprobs, spec.maxNumLogprobs()), spec.vocabularySize());
    for (int rank = 0; rank < numTop; rank++) {
      int top = model.topToken(logits, rank);
      result.setTopLogprob(row, rank, top, model.logprob(logits, top));
    }
  }

  private long[] mask(StepPlan plan, int row, int index) {
    long[] words = new long[(spec.vocabularySize() + 63) / 64];
    Arrays.setAll(words, word -> plan.maskWord(row, index, word));
    return words;
  }

  private int address(Slot slot, int position) {
    return slot.table[position / spec.blockSize()] * spec.blockSize() + position % spec.blockSize();
  }

  /** What the device holds for one sequence. */
  private static final class Slot {
    private @Nullable SamplingParameters sampling;
    private long seed;
    private int numPromptTokens;
    private int adapterId;
    private int[] table = {};
    private int lastSampledToken;
  }
}
