package dev.weft.batching;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.Objects;

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

  /** The policy's order; where that throws, the order of arrival. */
  WaitingOrder waitingOrder() {
    WaitingOrder order = Objects.requireNonNull(policy.waitingOrder(), "waitingOrder");
    return new GuardedOrder(order, listener);
  }

  boolean acceptsWhatNeverFits() {
    return policy.acceptsWhatNeverFits();
  }

  DraftBooks draftBooks() {
    return Objects.requireNonNull(policy.draftBooks(), "draftBooks");
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

  /** An order that throws would leave a place in the waiting list half found. */
  private record GuardedOrder(WaitingOrder order, SchedulerListener listener)
      implements WaitingOrder {
    @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
      try {
        return order.precedes(entering, waiting);
      } catch (RuntimeException e) {
        listener.onPolicyFailure(0, e);
        return ARRIVAL.precedes(entering, waiting);
      }
    }

    @Override public boolean isByEntry() {
      return order.isByEntry();
    }

    @Override public long reevaluationNanos() {
      try {
        return order.reevaluationNanos();
      } catch (RuntimeException e) {
        listener.onPolicyFailure(0, e);
        return NEVER;
      }
    }

    /** What it had changed before it threw is unknown: all is put in order. */
    @Override public boolean reevaluate(StepFacts facts) {
      try {
        return order.reevaluate(facts);
      } catch (RuntimeException e) {
        listener.onPolicyFailure(0, e);
        return true;
      }
    }

    @Override public boolean reevaluate(StepFacts facts, SequenceView waiting) {
      try {
        return order.reevaluate(facts, waiting);
      } catch (RuntimeException e) {
        listener.onPolicyFailure(0, e);
        return true;
      }
    }

    @Override public void onEnter(SequenceView entering) {
      try {
        order.onEnter(entering);
      } catch (RuntimeException e) {
        listener.onPolicyFailure(0, e);
      }
    }

    @Override public void onLeave(SequenceView leaving) {
      try {
        order.onLeave(leaving);
      } catch (RuntimeException e) {
        listener.onPolicyFailure(0, e);
      }
    }
  }
}
