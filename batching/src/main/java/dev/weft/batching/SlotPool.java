package dev.weft.batching;

/**
 * The device's rows of state. A slot that was attached rests after its sequence gave it up: the
 * next plan tells the device to detach it, and only when that plan's step has completed can it be
 * attached again.
 */
final class SlotPool {
  private final int[] free;
  private int numFree;
  /** Given up since the last plan. */
  private final int[] leaving;
  private int numLeaving;
  /** Detached by steps in flight, oldest first: a ring. */
  private final int[] resting;
  private final long[] restingUntilStep;
  private int restingHead;
  private int numResting;

  SlotPool(int numSlots) {
    free = new int[numSlots];
    for (int i = 0; i < numSlots; i++) {
      free[i] = numSlots - 1 - i;
    }
    numFree = numSlots;
    leaving = new int[numSlots];
    resting = new int[numSlots];
    restingUntilStep = new long[numSlots];
  }

  int numFree() {
    return numFree;
  }

  int take() {
    return free[--numFree];
  }

  /** Gives back a slot of which the device was never told. */
  void giveBack(int slot) {
    free[numFree++] = slot;
  }

  /** Gives up a slot that the next plan must detach. */
  void leave(int slot) {
    leaving[numLeaving++] = slot;
  }

  int numLeaving() {
    return numLeaving;
  }

  /** Moves all leaving slots into the plan of this step. */
  void detachInto(PlanBuffer plan, long stepId) {
    for (int i = 0; i < numLeaving; i++) {
      plan.addDetached(leaving[i]);
      int at = (restingHead + numResting++) % resting.length;
      resting[at] = leaving[i];
      restingUntilStep[at] = stepId;
    }
    numLeaving = 0;
  }

  /** A step completed: what it detached is free. */
  void onCompleted(long stepId) {
    while (numResting > 0 && restingUntilStep[restingHead] <= stepId) {
      free[numFree++] = resting[restingHead];
      restingHead = (restingHead + 1) % resting.length;
      numResting--;
    }
  }

  /** The device is gone: nothing rests or leaves any more. */
  void onDeviceLost() {
    for (; numLeaving > 0; numLeaving--) {
      free[numFree++] = leaving[numLeaving - 1];
    }
    onCompleted(Long.MAX_VALUE);
  }

  int numResting() {
    return numResting;
  }
}
