package dev.weft.examples.tour;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.jspecify.annotations.Nullable;

/** Computes one step at a time with {@link Parrot}, when it is asked for the result. */
final class ParrotExecutor implements StepExecutor {
  /** Says what it cannot do, so that the engine never asks for it. */
  static final ExecutorSpec SPEC = ExecutorSpec.builder().vocabularySize(128)
      .numSlots(8).maxNumRows(8).maxNumLogprobs(-1).kvKind(KvKind.FIXED_SLOT)
      .supportsBlockCopies(false).supportsMasks(false).supportsAdapters(false).build();

  private final ParrotSlots slots = new ParrotSlots();
  private @Nullable StepPlan inFlight;
  private boolean isClosed;
  private long lastGoodStepId;

  @Override public boolean submit(StepPlan plan) {
    if (inFlight != null) {
      throw new IllegalStateException("step " + inFlight.stepId() + " is in flight");
    }
    slots.check(plan);
    inFlight = isClosed ? null : plan; // It stays readable until its result was applied.
    return !isClosed;
  }

  @Override public boolean poll(StepResult result) {
    StepPlan plan = inFlight;
    if (plan == null) {
      return false;
    }
    inFlight = null;
    lastGoodStepId = plan.stepId();
    result.reset(plan.stepId(), plan.numRows());
    slots.change(plan);
    for (int row = 0; row < plan.numRows(); row++) {
      Parrot parrot = slots.get(plan.slot(row));
      int start = plan.startPosition(row);
      for (int i = plan.isFirstTokenOnDevice(row) ? 1 : 0; i < plan.numTokens(row); i++) {
        parrot.hear(start + i, plan.token(row, i));
      }
      if (plan.isSampled(row)) {
        result.addToken(row, parrot.say(start + plan.numTokens(row)));
      }
    }
    return true;
  }

  @Override public boolean await(long timeoutNanos) {
    return inFlight != null;
  }

  @Override public ExecutorSpec spec() {
    return SPEC;
  }

  @Override public ExecutorState state() {
    return isClosed ? ExecutorState.CLOSED : ExecutorState.READY;
  }

  @Override public String failureMessage() {
    return "";
  }

  @Override public long lastGoodStepId() {
    return lastGoodStepId;
  }

  @Override public void close() {
    isClosed = true;
    inFlight = null;
  }
}
