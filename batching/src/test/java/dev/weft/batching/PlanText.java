package dev.weft.batching;

import dev.weft.schedulerapi.StepPlan;
import java.util.function.LongFunction;

/** Every field of a plan as text, which stays when the plan's buffers are used again. */
final class PlanText {
  private final StringBuilder text = new StringBuilder();
  private final StepPlan plan;
  private final LongFunction<?> nameOf;

  private PlanText(StepPlan plan, LongFunction<?> nameOf) {
    this.plan = plan;
    this.nameOf = nameOf;
  }

  static String of(StepPlan plan) {
    return of(plan, requestId -> requestId);
  }

  /** With requests called by names of the caller's own. */
  static String of(StepPlan plan, LongFunction<?> nameOf) {
    return new PlanText(plan, nameOf).write();
  }

  /** The rows alone, {@code request/sample@start+tokens}, and what sets them apart. */
  static String rows(StepPlan plan) {
    PlanText text = new PlanText(plan, requestId -> requestId);
    for (int row = 0; row < plan.numRows(); row++) {
      text.writeRow(row);
    }
    return text.text.toString().trim();
  }

  private String write() {
    text.append("step ").append(plan.stepId());
    for (int i = 0; i < plan.numDetached(); i++) {
      text.append(" detach ").append(plan.detachedSlot(i));
    }
    for (int i = 0; i < plan.numAttached(); i++) {
      writeAttached(i);
    }
    for (int i = 0; i < plan.numTableWrites(); i++) {
      text.append(" table ").append(plan.tableWriteSlot(i))
          .append('[').append(plan.tableWriteIndex(i)).append("]=").append(plan.tableWriteBlock(i));
    }
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      text.append(" copy ").append(plan.copySource(i)).append("->").append(plan.copyTarget(i));
    }
    for (int row = 0; row < plan.numRows(); row++) {
      writeRow(row);
      writeTokens(row);
    }
    for (int i = 0; i < plan.numPreempted(); i++) {
      text.append(" preempted ").append(nameOf.apply(plan.preemptedRequestId(i)));
    }
    for (int i = 0; i < plan.numReleased(); i++) {
      text.append(" released ").append(nameOf.apply(plan.releasedRequestId(i)));
    }
    return text.toString();
  }

  private void writeAttached(int index) {
    text.append(" attach ").append(plan.attachedSlot(index)).append(' ')
        .append(nameOf.apply(plan.attachedRequestId(index))).append('/')
        .append(plan.attachedSampleIndex(index)).append(" seed ").append(plan.attachedSeed(index))
        .append(" prompt ").append(plan.attachedNumPromptTokens(index))
        .append(" adapter ").append(plan.attachedAdapterId(index))
        .append(' ').append(plan.attachedSampling(index)).append(" tokens");
    for (int position = 0; position < plan.attachedNumTokens(index); position++) {
      text.append(' ').append(plan.attachedToken(index, position));
    }
  }

  private void writeRow(int row) {
    text.append(' ').append(nameOf.apply(plan.requestId(row))).append('/')
        .append(plan.sampleIndex(row)).append('@').append(plan.startPosition(row))
        .append('+').append(plan.numTokens(row));
    if (plan.numDraftTokens(row) > 0) {
      text.append(plan.hasPlaceholders(row) ? " placeholders " : " drafts ")
          .append(plan.numDraftTokens(row));
    }
    if (!plan.isSampled(row)) {
      text.append(" unsampled");
    }
  }

  private void writeTokens(int row) {
    text.append(" slot ").append(plan.slot(row));
    if (plan.isFirstTokenOnDevice(row)) {
      text.append(" device");
    }
    for (int offset = 0; offset < plan.numTokens(row); offset++) {
      text.append(' ').append(plan.token(row, offset));
    }
    if (plan.hasMask(row)) {
      text.append(" mask ").append(Long.toHexString(plan.maskWord(row, 0, 0)));
    }
  }
}
