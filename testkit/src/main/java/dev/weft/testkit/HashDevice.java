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
    for (int i = 0; i < plan.numTokens(row); i++) {
      boolean isOnDevice = i == 0 && plan.isFirstTokenOnDevice(row);
      int token = isOnDevice ? slot.lastSampledToken : plan.token(row, i);
      int position = plan.startPosition(row) + i;
      entries[address(slot, position)] = HashModel.entry(token, position, slot.adapterId);
    }
  }

  private void writeDeepEntries(StepPlan plan, int row) {
    Slot slot = slots[plan.slot(row)];
    int start = plan.startPosition(row);
    long folded = 0;
    for (int position = 0; position < start + plan.numTokens(row); position++) {
      int address = address(slot, position);
      folded = HashModel.fold(folded, entries[address]);
      if (position >= start) {
        deepEntries[address] = HashModel.deepEntry(entries[address], folded);
      }
    }
  }

  /**
   * Coupled sampling: draws at every draft as plain decoding would, and goes on while they agree.
   */
  private void sample(StepPlan plan, int row, StepResult result) {
    Slot slot = slots[plan.slot(row)];
    int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
    int numVerified = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
    int position = plan.startPosition(row) + firstDraft;
    long logits = 0;
    for (int i = 0; i < position; i++) {
      logits = HashModel.fold(logits, deepEntries[address(slot, i)]);
    }
    long @Nullable [] mask = plan.hasMask(row) ? mask(plan, row) : null;
    for (int i = 0; ; i++, position++) {
      SamplingParameters sampling = Objects.requireNonNull(slot.sampling);
      int token = model.choose(logits, sampling, slot.seed, slot.numPromptTokens, position, mask);
      if (token == HashModel.NOTHING_PERMITTED) {
        result.failRow(row);
        return;
      }
      slot.lastSampledToken = token;
      result.addToken(row, token);
      report(result, row, logits, token, sampling.numLogprobs());
      if (i == numVerified || plan.token(row, firstDraft + i) != token) {
        return;
      }
      logits = HashModel.fold(logits, deepEntries[address(slot, position)]);
    }
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

  private long[] mask(StepPlan plan, int row) {
    long[] words = new long[(spec.vocabularySize() + 63) / 64];
    Arrays.setAll(words, word -> plan.maskWord(row, 0, word));
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
