package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a device knows by slot once all plans shown so far have run: who is attached, its block
 * table and how many tokens it has computed. A plan is first prepared, which checks it against this
 * state and changes nothing, and then committed.
 */
final class SlotShadow {
  /** Value of {@link Slot#numComputed} between the attaching and the first row. */
  static final int ANY_START = -1;

  /** Whose plans are shown. */
  private enum Author {
    /** A scheduler: it computes every position once, and drafts what masks permit. */
    SCHEDULER,
    /** Whoever keeps to what executors must take. */
    ANYBODY
  }

  private final ExecutorSpec spec;
  private final Author author;
  private final int maxNumBlocksPerSlot;
  private final Slot[] slots;
  private final ArrayDeque<Prepared> inFlight = new ArrayDeque<>();
  private long lastStepId;
  private long lastCompletedStepId;

  private SlotShadow(ExecutorSpec spec, Author author) {
    this.spec = spec;
    this.author = author;
    maxNumBlocksPerSlot = (spec.maxModelLen() + spec.blockSize() - 1) / spec.blockSize();
    slots = new Slot[spec.numSlots()];
    java.util.Arrays.setAll(slots, slot -> new Slot());
  }

  /** For plans of a scheduler, of which more is demanded. */
  static SlotShadow ofScheduler(ExecutorSpec spec) {
    return new SlotShadow(spec, Author.SCHEDULER);
  }

  /** For all plans that an executor must take. */
  static SlotShadow ofExecutor(ExecutorSpec spec) {
    return new SlotShadow(spec, Author.ANYBODY);
  }

  Slot slot(int slot) {
    return slots[slot];
  }

  int numSlots() {
    return slots.length;
  }

  /**
   * Checks a plan and says what it would change; changes nothing.
   *
   * @throws IllegalArgumentException naming the invariant that the plan breaks
   */
  Prepared prepare(StepPlan plan) {
    Prepared step = new Prepared(plan.stepId(), plan.numRows());
    require(lastStepId == 0 || plan.stepId() == lastStepId + 1, "I56", plan,
        "comes after step " + lastStepId);
    for (int i = 0; i < plan.numDetached(); i++) {
      detach(plan, step, plan.detachedSlot(i));
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      attach(plan, step, i);
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      writeTable(plan, step, i);
    }
    new RowChecks(spec, plan, step).checkAll();
    return step;
  }

  /** Makes a prepared plan the state. */
  void commit(Prepared step) {
    step.changed.forEach((slot, state) -> slots[slot] = state);
    lastStepId = step.stepId;
    inFlight.add(step);
  }

  /** Takes notice of the next result, which says how many drafts were rejected. */
  void complete(StepResult result) {
    Prepared step = inFlight.remove();
    lastCompletedStepId = step.stepId;
    for (int row = 0; row < step.slotOfRow.length; row++) {
      Slot state = slots[step.slotOfRow[row]];
      boolean isSame = state.isAttached && state.attachedByStepId == step.attachedByStepId[row];
      if (isSame && step.numDrafts[row] > 0) {
        int numAccepted = Math.max(0, result.numTokens(row) - 1);
        state.numComputed -= step.numDrafts[row] - numAccepted;
        state.awaitsDrafts = false;
      }
    }
  }

  private void detach(StepPlan plan, Prepared step, int slot) {
    requireSlot(plan, slot);
    Slot state = step.changeable(slot);
    require(state.isAttached, "I12", plan, "detaches slot " + slot + ", which is not attached");
    state.isAttached = false;
    state.detachedByStepId = plan.stepId();
  }

  private void attach(StepPlan plan, Prepared step, int index) {
    int slot = plan.attachedSlot(index);
    requireSlot(plan, slot);
    Slot before = step.changeable(slot);
    require(!before.isAttached, "I53", plan, "attaches slot " + slot + ", which is attached");
    require(before.detachedByStepId <= lastCompletedStepId, "I53", plan, "attaches slot " + slot
        + ", which step " + before.detachedByStepId + " detaches and has not completed");
    int numTokens = plan.attachedNumTokens(index);
    require(numTokens >= 0 && plan.attachedNumPromptTokens(index) >= 1
        && plan.attachedAdapterId(index) >= 0 && plan.attachedSampling(index) != null, "I70", plan,
        "attaches slot " + slot + " with " + numTokens + " tokens");
    checkDemands(plan, index);
    Slot state = new Slot();
    state.isAttached = true;
    state.attachedByStepId = plan.stepId();
    state.requestId = plan.attachedRequestId(index);
    state.sampleIndex = plan.attachedSampleIndex(index);
    state.adapterId = plan.attachedAdapterId(index);
    state.tokens = new int[numTokens];
    java.util.Arrays.setAll(state.tokens, position -> plan.attachedToken(index, position));
    step.changed.put(slot, state);
  }

  private void checkDemands(StepPlan plan, int index) {
    String who = "request " + plan.attachedRequestId(index) + " asks for ";
    int adapterId = plan.attachedAdapterId(index);
    require(adapterId == 0 || spec.supportsAdapters(), "I87", plan, who + "adapter " + adapterId
        + ", supportsAdapters is false");
    SamplingParameters sampling = plan.attachedSampling(index);
    require(spec.verifications().contains(sampling.verification()), "I87", plan, who
        + "verification " + sampling.verification() + ", verifications is "
        + spec.verifications());
    require(sampling.numLogprobs() <= spec.maxNumLogprobs(), "I87", plan, who + "numLogprobs "
        + sampling.numLogprobs() + ", maxNumLogprobs is " + spec.maxNumLogprobs());
  }

  private void writeTable(StepPlan plan, Prepared step, int write) {
    int slot = plan.tableWriteSlot(write);
    int index = plan.tableWriteIndex(write);
    int block = plan.tableWriteBlock(write);
    requireSlot(plan, slot);
    Slot state = step.changeable(slot);
    require(state.isAttached, "I70", plan, "writes the table of slot " + slot + ", not attached");
    require(index >= 0 && index <= state.table.length && index < maxNumBlocksPerSlot, "I70", plan,
        "writes index " + index + " of the table of slot " + slot + ", which has "
        + state.table.length + " of at most " + maxNumBlocksPerSlot + " blocks");
    require(block >= 1 && block < spec.numBlocks(), "I4", plan, "writes block " + block + " of "
        + spec.numBlocks() + " into the table of slot " + slot);
    state.table = java.util.Arrays.copyOf(state.table, Math.max(state.table.length, index + 1));
    state.table[index] = block;
  }

  private void requireSlot(StepPlan plan, int slot) {
    require(slot >= 0 && slot < slots.length, "I29", plan, "slot " + slot + " of " + slots.length);
  }

  static void require(boolean holds, String invariant, StepPlan plan, String message) {
    if (!holds) {
      throw new IllegalArgumentException(invariant + " step " + plan.stepId() + ": " + message);
    }
  }

  /** One slot; copied before it is changed. */
  static final class Slot {
    boolean isAttached;
    long attachedByStepId;
    long detachedByStepId;
    long requestId;
    int sampleIndex;
    int adapterId;
    int[] table = {};
    int[] tokens = {};
    int numComputed = ANY_START;
    boolean hasSampled;
    boolean awaitsDrafts;

    private Slot copy() {
      Slot copy = new Slot();
      copy.isAttached = isAttached;
      copy.attachedByStepId = attachedByStepId;
      copy.detachedByStepId = detachedByStepId;
      copy.requestId = requestId;
      copy.sampleIndex = sampleIndex;
      copy.adapterId = adapterId;
      copy.table = table;
      copy.tokens = tokens;
      copy.numComputed = numComputed;
      copy.hasSampled = hasSampled;
      copy.awaitsDrafts = awaitsDrafts;
      return copy;
    }
  }

  /** What one plan changes. */
  final class Prepared {
    private final long stepId;
    private final Map<Integer, Slot> changed = new HashMap<>();
    private final Set<Integer> slotsWithRow = new HashSet<>();
    private final int[] slotOfRow;
    private final long[] attachedByStepId;
    private final int[] numDrafts;

    private Prepared(long stepId, int numRows) {
      this.stepId = stepId;
      slotOfRow = new int[numRows];
      attachedByStepId = new long[numRows];
      numDrafts = new int[numRows];
    }

    Slot changeable(int slot) {
      return changed.computeIfAbsent(slot, s -> slots[s].copy());
    }

    /** The slot of a row, or null when there is no such slot or it has a row already. */
    @Nullable Slot slotOfNewRow(int slot) {
      boolean isFree = slot >= 0 && slot < slots.length && slotsWithRow.add(slot);
      return isFree ? changeable(slot) : null;
    }

    boolean isOfScheduler() {
      return author == Author.SCHEDULER;
    }

    /** True when a row of this slot may start at that position. */
    boolean mayStart(Slot slot, int position) {
      boolean isBefore = slot.numComputed == ANY_START
          || (!isOfScheduler() && position < slot.numComputed);
      return isBefore ? position >= 0 : position == slot.numComputed;
    }

    /** Notes a checked row. */
    void addRow(int row, int slot, int numVerifiedDrafts) {
      slotOfRow[row] = slot;
      attachedByStepId[row] = changeable(slot).attachedByStepId;
      numDrafts[row] = numVerifiedDrafts;
    }
  }
}
