package dev.weft.batching;

import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/**
 * Priority improved by one level for every {@code ageingNanos} since arrival. It is worked out for
 * the time of the last reevaluation, so that all answers between two of them fit together.
 *
 * <p>Of two sequences the difference of urgencies takes two neighbouring values as time goes by,
 * never one below and one above 0: so by strict comparison only one of them can ever take the place
 * of the other.
 */
final class AgeingUrgency implements Urgency {
  private final long ageingNanos;
  private long nowNanos = Long.MIN_VALUE;

  AgeingUrgency(long ageingNanos) {
    this.ageingNanos = ageingNanos;
  }

  @Override public long of(SequenceView sequence) {
    return sequence.priority() - ageNanos(sequence) / ageingNanos;
  }

  private long ageNanos(SequenceView sequence) {
    if (sequence.arrivalNanos() >= nowNanos) {
      return 0;
    }
    long age = nowNanos - sequence.arrivalNanos();
    return age < 0 ? Long.MAX_VALUE : age; // Negative when it arrived more than 292 years ago.
  }

  @Override public long reevaluationNanos() {
    return ageingNanos;
  }

  @Override public boolean reevaluate(StepFacts facts) {
    nowNanos = facts.nowNanos();
    return true;
  }
}
