package dev.weft.batching.policies;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.FullPromptGate;
import dev.weft.batching.KindLimitGate;
import dev.weft.batching.SequenceLongs;
import dev.weft.schedulerapi.AdmissionGate.Verdict;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * Earliest deadline first (Liu and Layland, Journal of the ACM 1973), and those that are late last:
 * the deadline is arrival plus the wanted time to the first token ({@link
 * dev.weft.schedulerapi.RequestHints#firstTokenTargetNanos}). Under overload plain deadline order
 * makes everybody late, each a little; so a request without a first token that has waited for more
 * than 0.9 of that time goes behind all that can still make it, by arrival, and at most 4 late ones
 * run at once. (A rule of our own, to be reported with its late tail: the late wait long.)
 *
 * <p>An order of the waiting list; {@link #toBuilder} adds the limit. Live with that. Not free of
 * starvation: late ones wait for as long as others arrive that can make it.
 *
 * <p>Cost O(n) for n waiting in every {@code reevaluationNanos}, and O(n log n) if one has become
 * late since; allocates nothing.
 */
public final class DeadlineOrder implements WaitingOrder {
  private static final int MAX_NUM_LATE = 4;
  private static final long LATE = 1L << 62; // Behind all deadlines.
  private static final long NEVER = 1L << 61; // In 73 years.
  private final SequenceLongs rank = new SequenceLongs();
  private final long targetNanos;
  private final long reevaluationNanos;

  /**
   * @param targetNanos       for requests without a hint; 0 for no deadline
   * @param reevaluationNanos how soon it is noticed that one is late, 0 for every step
   */
  public DeadlineOrder(long targetNanos, long reevaluationNanos) {
    this.targetNanos = targetNanos == 0 ? NEVER : targetNanos;
    this.reevaluationNanos = reevaluationNanos;
  }

  /** A builder with this order, few late ones at once, and one percent of the blocks spared. */
  public ContinuousBatchingPolicy.Builder toBuilder() {
    return ContinuousBatchingPolicy.builder().order(this).gate(new KindLimitGate(
        this::isLate, MAX_NUM_LATE, Verdict.STOP, FullPromptGate.sparingPercent(1)));
  }

  private boolean isLate(SequenceView sequence) {
    return rank.get(sequence) >= LATE;
  }

  @Override public void onEnter(SequenceView entering) {
    if (entering.numPreemptions() == 0) { // Else it keeps its rank.
      long hint = entering.hints().firstTokenTargetNanos();
      rank.set(entering, entering.arrivalNanos() + (hint > 0 ? hint : targetNanos));
    }
  }

  @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
    long byRank = rank.get(entering) - rank.get(waiting);
    return byRank != 0 ? byRank < 0 : entering.arrivalIndex() < waiting.arrivalIndex();
  }

  @Override public long reevaluationNanos() {
    return reevaluationNanos;
  }

  @Override public boolean reevaluate(StepFacts facts, SequenceView waiting) {
    long target = rank.get(waiting) - waiting.arrivalNanos();
    boolean hasOutput = waiting.numTokens() > waiting.numPromptTokens();
    return !isLate(waiting) && !hasOutput
        && facts.nowNanos() - waiting.arrivalNanos() > target - target / 10
        && rank.set(waiting, LATE + waiting.arrivalIndex());
  }
}
