package dev.weft.engine.journal;

import dev.weft.schedulerapi.StepPlan;

/**
 * Everything in a plan beside its rows, as counts and check sums of 32 bits: enough to see that two
 * plans differ, and in what.
 */
final class PlanSums {
  /** What is summed; each has a count and, unless it is zero, a sum. */
  enum Part { DETACHED, ATTACHED, TABLE_WRITES, BLOCK_COPIES, PREEMPTED, RELEASED }

  /** Most bytes that all parts take. */
  static final int MAX_SIZE = 9 * Part.values().length;
  private static final int NUM_PARTS = Part.values().length;
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
  final int[] count = new int[NUM_PARTS];
  final int[] sum = new int[NUM_PARTS];
  private long folded;

  /** Sums up a plan; cost O(changes of slots and tables). */
  void of(StepPlan plan) {
    folded = 0;
    for (int i = 0; i < plan.numDetached(); i++) {
      fold(plan.detachedSlot(i));
    }
    end(Part.DETACHED, plan.numDetached());
    for (int i = 0; i < plan.numAttached(); i++) {
      fold(plan.attachedSlot(i));
      fold(plan.attachedRequestId(i));
      fold(plan.attachedSampleIndex(i));
      fold(plan.attachedSeed(i));
      fold(plan.attachedNumPromptTokens(i));
      fold(plan.attachedAdapterId(i));
      fold(plan.attachedNumTokens(i));
    }
    end(Part.ATTACHED, plan.numAttached());
    for (int i = 0; i < plan.numTableWrites(); i++) {
      fold(plan.tableWriteSlot(i));
      fold((long) plan.tableWriteIndex(i) << Integer.SIZE | plan.tableWriteBlock(i));
    }
    end(Part.TABLE_WRITES, plan.numTableWrites());
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      fold((long) plan.copySource(i) << Integer.SIZE | plan.copyTarget(i));
    }
    end(Part.BLOCK_COPIES, plan.numBlockCopies());
    for (int i = 0; i < plan.numPreempted(); i++) {
      fold(plan.preemptedRequestId(i));
    }
    end(Part.PREEMPTED, plan.numPreempted());
    for (int i = 0; i < plan.numReleased(); i++) {
      fold(plan.releasedRequestId(i));
    }
    end(Part.RELEASED, plan.numReleased());
  }

  private void fold(long value) {
    folded = Long.rotateLeft((folded ^ value) * MULTIPLIER, 29);
  }

  private void end(Part part, int numFolded) {
    count[part.ordinal()] = numFolded;
    sum[part.ordinal()] = numFolded == 0 ? 0 : (int) (folded ^ folded >>> Integer.SIZE);
    folded = 0;
  }

  void write(RecordWriter out) {
    for (int i = 0; i < NUM_PARTS; i++) {
      out.number(count[i]);
      if (count[i] > 0) {
        out.int32(sum[i]);
      }
    }
  }

  void read(RecordReader in) throws JournalFormatException {
    for (int i = 0; i < NUM_PARTS; i++) {
      count[i] = in.number("number of changes", Integer.MAX_VALUE);
      sum[i] = count[i] > 0 ? in.int32() : 0;
    }
  }
}
