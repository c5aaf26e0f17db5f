package dev.weft.testkit;

import dev.weft.schedulerapi.StepPlan;

/** Folds what plans say into one number, to compare whole histories. */
final class PlanFingerprint {
  private PlanFingerprint() {}

  /** The fingerprint of all plans so far, with one more. */
  static long of(long before, StepPlan plan) {
    long hash = HashModel.fold(before, plan.stepId());
    for (int i = 0; i < plan.numDetached(); i++) {
      hash = HashModel.fold(hash, plan.detachedSlot(i));
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      hash = HashModel.fold(HashModel.fold(hash, plan.attachedSlot(i)), plan.attachedRequestId(i));
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      hash = HashModel.fold(hash, plan.tableWriteSlot(i));
      hash = HashModel.fold(HashModel.fold(hash, plan.tableWriteIndex(i)), plan.tableWriteBlock(i));
    }
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      hash = HashModel.fold(HashModel.fold(hash, plan.copySource(i)), plan.copyTarget(i));
    }
    for (int row = 0; row < plan.numRows(); row++) {
      hash = HashModel.fold(HashModel.fold(hash, plan.slot(row)), plan.startPosition(row));
      for (int i = 0; i < plan.numTokens(row); i++) {
        hash = HashModel.fold(hash, plan.token(row, i));
      }
    }
    return hash;
  }
}
