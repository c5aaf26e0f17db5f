package dev.weft.schedulerapi;

import java.util.Objects;

/**
 * Decides as another policy. A policy that stands around one extends it and overrides what it does
 * otherwise; everything else, and what {@link SchedulingPolicy} comes to ask, is passed on.
 */
public abstract class ForwardingPolicy implements SchedulingPolicy {
  private final SchedulingPolicy policy;

  /** @param policy is asked everything */
  protected ForwardingPolicy(SchedulingPolicy policy) {
    this.policy = Objects.requireNonNull(policy, "policy");
  }

  @Override public void plan(StepBuilder step) {
    policy.plan(step);
  }

  @Override public WaitingOrder waitingOrder() {
    return policy.waitingOrder();
  }

  @Override public boolean acceptsWhatNeverFits() {
    return policy.acceptsWhatNeverFits();
  }

  @Override public DraftBooks draftBooks() {
    return policy.draftBooks();
  }

  @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
    return policy.accepts(sequence, facts);
  }

  @Override public void onAdd(SequenceView sequence) {
    policy.onAdd(sequence);
  }

  @Override public void onStep(StepFeedback feedback) {
    policy.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence, FinishReason reason) {
    policy.onFinish(sequence, reason);
  }
}
