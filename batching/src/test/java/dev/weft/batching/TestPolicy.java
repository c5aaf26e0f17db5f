package dev.weft.batching;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Consumer;

/** A policy each of whose methods a test can replace; as it comes it is {@link #everybody}. */
final class TestPolicy implements SchedulingPolicy {
  Consumer<StepBuilder> plan = TestPolicy::everybody;
  WaitingOrder order = WaitingOrder.ARRIVAL;
  BiPredicate<SequenceView, StepFacts> accepts = (sequence, facts) -> true;
  Consumer<SequenceView> onAdd = sequence -> {};
  Consumer<StepFeedback> onStep = feedback -> {};
  BiConsumer<SequenceView, FinishReason> onFinish = (sequence, reason) -> {};

  @Override public void plan(StepBuilder step) {
    plan.accept(step);
  }

  @Override public WaitingOrder waitingOrder() {
    return order;
  }

  @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
    return accepts.test(sequence, facts);
  }

  @Override public void onAdd(SequenceView sequence) {
    onAdd.accept(sequence);
  }

  @Override public void onStep(StepFeedback feedback) {
    onStep.accept(feedback);
  }

  @Override public void onFinish(SequenceView sequence, FinishReason reason) {
    onFinish.accept(sequence, reason);
  }

  /**
   * All that is pending of running sequences, then of waiting ones, in order. The newest running
   * one loses its blocks to an older one; in such a step nobody is admitted.
   */
  static void everybody(StepBuilder step) {
    SequenceList running = step.running();
    boolean hasPreempted = false;
    for (int i = 0; i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      while (sequence.status() == SequenceStatus.RUNNING
          && scheduleAll(step, sequence) == Grant.NO_BLOCKS && step.preempt(newest(running))) {
        hasPreempted = true;
      }
    }
    SequenceList waiting = step.waiting();
    Grant grant = Grant.GRANTED;
    for (int i = 0; i < waiting.size() && !hasPreempted && grant != Grant.NO_BLOCKS; i++) {
      grant = scheduleAll(step, waiting.get(i));
    }
  }

  private static SequenceView newest(SequenceList running) {
    int last = running.size() - 1;
    while (running.get(last).status() != SequenceStatus.RUNNING) {
      last--;
    }
    return running.get(last);
  }

  /** As many tokens as are pending and in the budget. */
  static Grant scheduleAll(StepBuilder step, SequenceView sequence) {
    int numTokens = Math.min(step.numPendingTokens(sequence), step.tokenBudget());
    return numTokens > 0 ? step.schedule(sequence, numTokens) : Grant.NO_TOKENS;
  }

  /** Running sequences alone. */
  static void running(StepBuilder step) {
    for (int i = 0; i < step.running().size(); i++) {
      scheduleAll(step, step.running().get(i));
    }
  }
}
