package dev.weft.batching;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;

/**
 * Calls the policy so that an exception of its own cannot hurt anybody: it is reported, and work
 * goes on.
 */
final class PolicyCalls {
  private final SchedulingPolicy policy;
  private final SchedulerListener listener;

  PolicyCalls(SchedulingPolicy policy, SchedulerListener listener) {
    this.policy = policy;
    this.listener = listener;
  }

  void plan(StepBuilder step, long stepId) {
    try {
      policy.plan(step);
    } catch (RuntimeException e) {
      listener.onPolicyFailure(stepId, e);
    }
  }

  /** A policy that cannot say refuses. */
  boolean accepts(SequenceView sequence, StepFacts facts) {
    try {
      return policy.accepts(sequence, facts);
    } catch (RuntimeException e) {
      listener.onPolicyFailure(0, e);
      return false;
    }
  }

  void onAdd(SequenceView sequence) {
    try {
      policy.onAdd(sequence);
    } catch (RuntimeException e) {
      listener.onPolicyFailure(0, e);
    }
  }

  void onStep(StepFeedback feedback) {
    try {
      policy.onStep(feedback);
    } catch (RuntimeException e) {
      listener.onPolicyFailure(feedback.stepId(), e);
    }
  }

  void onFinish(SequenceView sequence, FinishReason reason) {
    try {
      policy.onFinish(sequence, reason);
    } catch (RuntimeException e) {
      listener.onPolicyFailure(0, e);
    }
  }
}
