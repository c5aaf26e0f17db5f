package dev.weft.batching.policies;

import dev.weft.batching.SequenceLongs;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * The longest cached prefix first, so that a prefix is used before it is evicted (lpm of SGLang:
 * Zheng et al., NeurIPS 2024; {@code schedule_policy.py}, state of 2026). With more than {@code
 * maxNumSorted} waiting, first come, first served, as there. Worked out before every step. Beyond
 * SGLang, who has waited for {@code maxWaitNanos} goes first, oldest first, because without that
 * one with a short prefix waits for as long as others with a longer one arrive. Left out: holding
 * back all but one of several that begin alike.
 *
 * <p>An order of the waiting list, for {@code ContinuousBatchingPolicy.builder().order(...)}; live
 * with that, and free of starvation under finite overload by {@code maxWaitNanos}.
 *
 * <p>Cost of a step O(m log m) for m waiting up to {@code maxNumSorted}, with one lookup each for
 * blocks cached since the last; O(1) beyond. Allocates nothing.
 */
public final class LongestPrefixFirst implements WaitingOrder {
  private final SequenceLongs numCached = new SequenceLongs();
  private final int maxNumSorted;
  private final long maxWaitNanos;
  private boolean byArrival;

  /** Up to 128 are sorted, as in SGLang, and nobody waits more than 10 seconds behind others. */
  public LongestPrefixFirst() {
    this(128, 10_000_000_000L);
  }

  /** Up to {@code maxNumSorted} are sorted; ahead of others goes who has waited so long. */
  public LongestPrefixFirst(int maxNumSorted, long maxWaitNanos) {
    this.maxNumSorted = maxNumSorted;
    this.maxWaitNanos = maxWaitNanos;
  }

  @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
    long byPrefix = numCached.get(entering) - numCached.get(waiting);
    return byPrefix != 0 ? byPrefix > 0 : entering.arrivalIndex() < waiting.arrivalIndex();
  }

  @Override public void onEnter(SequenceView entering) {
    numCached.set(entering, 0); // Until the next step, before which all are looked up.
  }

  @Override public long reevaluationNanos() {
    return 0;
  }

  @Override public boolean reevaluate(StepFacts facts) {
    boolean wasByArrival = byArrival;
    byArrival = facts.waiting().size() > maxNumSorted;
    return !byArrival || !wasByArrival;
  }

  @Override public boolean reevaluate(StepFacts facts, SequenceView waiting) {
    boolean isOverdue = facts.nowNanos() - waiting.arrivalNanos() >= maxWaitNanos;
    long now = byArrival ? 0 : isOverdue ? Integer.MAX_VALUE : facts.startPosition(waiting);
    return numCached.set(waiting, now);
  }
}
