package dev.weft.batching;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * Priorities without starvation: a sequence becomes more urgent by one level for every {@code
 * ageingNanos} since it arrived, waiting and running alike, so that in the end nobody who comes
 * later goes ahead of it (ageing as in classic operating systems; Silberschatz et al., Operating
 * System Concepts). Otherwise as {@link ContinuousBatchingPolicy#withPriorities}: the strictly more
 * urgent takes the place of others.
 *
 * <p>Live, and free of starvation under finite overload: a sequence of priority p is overtaken by
 * arrivals of priority q during (p - q + 1) {@code ageingNanos} at most. Cost of a step as there,
 * and once every {@code ageingNanos} O(n log n) for n waiting; allocates nothing.
 */
public final class PriorityPolicy implements SchedulingPolicy {
  private final ContinuousBatchingPolicy batch;

  /** @param ageingNanos time that makes up for one level of priority, 1 or more */
  public PriorityPolicy(long ageingNanos) {
    if (ageingNanos < 1) {
      throw new IllegalArgumentException("ageingNanos is " + ageingNanos + ", must be 1 or more");
    }
    batch = ContinuousBatchingPolicy.builder().urgency(new AgeingUrgency(ageingNanos)).build();
  }

  @Override public WaitingOrder waitingOrder() {
    return batch.waitingOrder();
  }

  @Override public void plan(StepBuilder step) {
    batch.plan(step);
  }
}
