package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import java.util.Arrays;

/**
 * Which positions of each KV block hold an entry once all plans shown so far have run, and who may
 * read them. Checks that a plan reads what was written and writes what nobody else holds.
 */
final class BlockShadow {
  private static final int NOBODY = -1;

  private final int blockSize;
  /** By block: so many positions, the first ones, hold entries. */
  private final int[] numWritten;
  /** By block: the row that writes it in the plan being checked. */
  private final int[] writer;

  BlockShadow(ExecutorSpec spec) {
    blockSize = spec.blockSize();
    numWritten = new int[spec.numBlocks()];
    writer = new int[spec.numBlocks()];
  }

  /** Checks a plan that the slots have taken in, and takes it in. */
  void check(StepPlan plan, SlotShadow slots) {
    copy(plan);
    Arrays.fill(writer, NOBODY);
    for (int row = 0; row < plan.numRows(); row++) {
      write(plan, row, slots.slot(plan.slot(row)));
    }
    for (int row = 0; row < plan.numRows(); row++) {
      read(plan, row, slots.slot(plan.slot(row)));
    }
    checkHolders(plan, slots);
  }

  private void copy(StepPlan plan) {
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      int source = plan.copySource(i);
      require(numWritten[source] > 0, "I71", plan, "copies block " + source
          + ", which holds nothing");
      numWritten[plan.copyTarget(i)] = numWritten[source];
    }
  }

  private void write(StepPlan plan, int row, SlotShadow.Slot slot) {
    int start = plan.startPosition(row);
    for (int position = start; position < start + plan.numTokens(row); position++) {
      int block = slot.table[position / blockSize];
      int offset = position % blockSize;
      require(writer[block] == NOBODY || writer[block] == row, "I7", plan,
          "rows " + writer[block] + " and " + row + " write block " + block);
      require(numWritten[block] >= offset, "I31", plan, "row " + row + " writes position "
          + position + ", offset " + offset + " of block " + block + ", which holds "
          + numWritten[block]);
      writer[block] = row;
      numWritten[block] = offset + 1;
    }
  }

  private void read(StepPlan plan, int row, SlotShadow.Slot slot) {
    int start = plan.startPosition(row);
    for (int index = 0; index * blockSize < start; index++) {
      int numNeeded = Math.min(blockSize, start - index * blockSize);
      int block = slot.table[index];
      require(numWritten[block] >= numNeeded, "I19", plan, "row " + row + " reads " + numNeeded
          + " positions of block " + block + ", which holds " + numWritten[block]);
    }
  }

  /**
   * What a row writes must be computed tokens of no other slot; one that is attached in this plan
   * may read what the plan writes.
   */
  private void checkHolders(StepPlan plan, SlotShadow slots) {
    for (int i = 0; i < slots.numSlots(); i++) {
      SlotShadow.Slot slot = slots.slot(i);
      boolean isSettled = slot.isAttached && slot.attachedByStepId < plan.stepId();
      for (int index = 0; isSettled && index * blockSize < slot.numComputed; index++) {
        int row = writer[slot.table[index]];
        require(row == NOBODY || plan.slot(row) == i, "I7", plan, "row " + row + " writes block "
            + slot.table[index] + ", in which slot " + i + " has computed tokens");
      }
    }
  }

  private static void require(boolean holds, String invariant, StepPlan plan, String message) {
    SlotShadow.require(holds, invariant, plan, message);
  }
}
