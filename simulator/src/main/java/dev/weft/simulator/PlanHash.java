package dev.weft.simulator;

import dev.weft.schedulerapi.StepPlan;

/** Folds everything that plans say into one number: equal runs have equal numbers (I39). */
final class PlanHash {
  private long hash;

  long value() {
    return hash;
  }

  void add(StepPlan plan) {
    fold(plan.stepId());
    for (int i = 0; i < plan.numDetached(); i++) {
      fold(plan.detachedSlot(i));
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      fold(plan.attachedSlot(i));
      fold(plan.attachedRequestId(i));
      fold(plan.attachedSampleIndex(i));
      fold(plan.attachedSeed(i));
      fold(plan.attachedNumTokens(i));
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      fold(plan.tableWriteSlot(i));
      fold(plan.tableWriteIndex(i));
      fold(plan.tableWriteBlock(i));
    }
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      fold(plan.copySource(i));
      fold(plan.copyTarget(i));
    }
    for (int row = 0; row < plan.numRows(); row++) {
      addRow(plan, row);
    }
    for (int i = 0; i < plan.numPreempted(); i++) {
      fold(plan.preemptedRequestId(i));
    }
    for (int i = 0; i < plan.numReleased(); i++) {
      fold(plan.releasedRequestId(i));
    }
  }

  private void addRow(StepPlan plan, int row) {
    fold(plan.slot(row));
    fold(plan.requestId(row));
    fold(plan.sampleIndex(row));
    fold(plan.startPosition(row));
    fold(plan.numDraftTokens(row));
    for (int i = 0; i < plan.numTokens(row); i++) {
      fold(plan.token(row, i));
    }
    for (int i = 0; i < plan.numDraftTokens(row); i++) {
      fold(plan.draftParent(row, i));
    }
  }

  private void fold(long value) {
    hash = Long.rotateLeft((hash ^ value) * 0x9E3779B97F4A7C15L, 29);
  }
}
