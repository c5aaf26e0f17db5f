package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/**
 * Checks every plan of a scheduler against the limits, the spec and a shadow of the device: slots,
 * tables, positions, and which blocks hold what. It must see all plans, in order, and all results.
 *
 * <p>Checked are the invariants of docs/invariants.md whose numbers begin the messages: I4, I7,
 * I12, I19, I28 to I36, I51, I53, I56 to I58, I61, I63, I70, I71 and I79. Cost of a plan: O(rows +
 * blocks held).
 */
public final class PlanChecker {
  private final SchedulerLimits limits;
  private final ExecutorSpec spec;
  private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
  private SlotShadow slots;
  private BlockShadow blocks;
  private LiveCaps caps;
  private boolean expectsContinuingFirst;

  /** A checker that takes the device for new. */
  public PlanChecker(SchedulerLimits limits, ExecutorSpec spec) {
    this.limits = limits;
    this.spec = spec;
    slots = SlotShadow.ofScheduler(spec);
    blocks = new BlockShadow(spec);
    caps = LiveCaps.of(limits);
  }

  /** Demands of every plan that rows of sequences already running come before the admitted ones. */
  public PlanChecker expectContinuingFirst() {
    expectsContinuingFirst = true;
    return this;
  }

  /** Limits that hold from the next plan on. */
  public void setCaps(LiveCaps value) {
    caps = value;
  }

  /**
   * Checks the next plan; an empty one is not in flight afterwards.
   *
   * @throws AssertionError whose message begins with the invariant that does not hold
   */
  public void check(StepPlan plan) {
    try {
      if (plan.isEmpty()) {
        require(plan.numTableWrites() + plan.numBlockCopies() + plan.numAttached() == 0, "I54",
            plan, "is empty and changes slots, tables or blocks");
        return;
      }
      checkLimits(plan);
      SlotShadow.Prepared prepared = slots.prepare(plan);
      checkOrder(plan);
      slots.commit(prepared);
      checkSlots(plan);
      blocks.check(plan, slots);
    } catch (IllegalArgumentException e) {
      throw new AssertionError(e.getMessage(), e);
    }
    inFlight.add(new InFlight(plan));
  }

  /**
   * Checks the next result; it must be that of the oldest plan in flight.
   *
   * @throws AssertionError whose message begins with the invariant that does not hold
   */
  public void checkResult(StepResult result) {
    InFlight step = inFlight.poll();
    if (step == null || step.stepId != result.stepId()
        || step.maxNumTokens.length != result.numRows()) {
      throw new AssertionError("I56 step " + result.stepId() + ": result of " + result.numRows()
          + " rows, expected " + step);
    }
    for (int row = 0; row < result.numRows(); row++) {
      int max = step.maxNumTokens[row];
      boolean isFine = result.numTokens(row) <= max;
      if (!isFine) {
        throw new AssertionError((max == 0 ? "I57" : "I58") + " step " + result.stepId() + ": row "
            + row + " yields " + result.numTokens(row) + " tokens of " + max);
      }
    }
    slots.complete(result);
  }

  /** Forgets the device: the next plan is for a new one. */
  public void onDeviceLost() {
    slots = SlotShadow.ofScheduler(spec);
    blocks = new BlockShadow(spec);
    inFlight.clear();
  }

  private void checkLimits(StepPlan plan) {
    int numSlots = plan.numTokens() + plan.numRows() * limits.numExtraRowTokens();
    require(numSlots <= caps.maxNumBatchedTokens(), "I28", plan, numSlots
        + " tokens and extra slots of " + caps.maxNumBatchedTokens());
    for (int row = 0; row < plan.numRows(); row++) {
      int end = plan.startPosition(row) + plan.numTokens(row);
      // What is behind a placeholder is never kept, so it may stand where no token is computed.
      int maxEnd = limits.maxModelLen() - (plan.hasPlaceholders(row) ? 0 : 1);
      require(end <= maxEnd, "I33", plan, "row " + row + " ends at " + end + " of " + maxEnd);
      require(plan.numDraftTokens(row) <= limits.maxNumDraftTokens(), "I58", plan, "row " + row
          + " has " + plan.numDraftTokens(row) + " drafts of " + limits.maxNumDraftTokens());
    }
  }

  private void checkSlots(StepPlan plan) {
    int numAttached = 0;
    for (int slot = 0; slot < slots.numSlots(); slot++) {
      numAttached += slots.slot(slot).isAttached ? 1 : 0;
    }
    require(numAttached <= limits.maxNumSeqs(), "I29", plan, numAttached
        + " sequences hold a slot of " + limits.maxNumSeqs());
    Set<Integer> adapters = new HashSet<>();
    for (int row = 0; row < plan.numRows(); row++) {
      SlotShadow.Slot slot = slots.slot(plan.slot(row));
      if (slot.adapterId != 0) {
        adapters.add(slot.adapterId);
      }
      int end = plan.startPosition(row) + plan.numTokens(row) + limits.numLookaheadTokens();
      int numPositions = Math.min(end, limits.maxModelLen());
      require((long) slot.table.length * spec.blockSize() >= numPositions, "I33", plan, "row " + row
          + " may write up to " + numPositions + ", its table has " + slot.table.length
          + " blocks of " + spec.blockSize());
    }
    require(limits.maxNumAdapters() == 0 || adapters.size() <= limits.maxNumAdapters(), "I34", plan,
        adapters.size() + " adapters of " + limits.maxNumAdapters());
  }

  /** A further sample begins beside its first one and so counts as running. */
  private void checkOrder(StepPlan plan) {
    Set<Integer> attached = new HashSet<>();
    for (int i = 0; i < plan.numAttached(); i++) {
      attached.add(plan.attachedSlot(i));
    }
    int firstAdmitted = plan.numRows();
    for (int row = 0; expectsContinuingFirst && row < plan.numRows(); row++) {
      boolean isAdmitted = attached.contains(plan.slot(row));
      require(isAdmitted || row < firstAdmitted, "I36", plan, "row " + row
          + " of a running sequence comes after admitted row " + firstAdmitted);
      if (isAdmitted && plan.sampleIndex(row) == 0) {
        firstAdmitted = Math.min(firstAdmitted, row);
      }
    }
  }

  private static void require(boolean holds, String invariant, StepPlan plan, String message) {
    SlotShadow.require(holds, invariant, plan, message);
  }

  /** What a result is compared with. */
  private static final class InFlight {
    private final long stepId;
    private final int[] maxNumTokens;

    private InFlight(StepPlan plan) {
      stepId = plan.stepId();
      maxNumTokens = new int[plan.numRows()];
      for (int row = 0; row < maxNumTokens.length; row++) {
        maxNumTokens[row] = plan.isSampled(row) ? 1 + plan.numDraftTokens(row) : 0;
      }
    }

    @Override public String toString() {
      return "step " + stepId + " of " + maxNumTokens.length + " rows";
    }
  }
}
