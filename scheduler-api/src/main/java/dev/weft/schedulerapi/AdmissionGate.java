package dev.weft.schedulerapi;

/**
 * Judges a waiting sequence that comes up for admission. A gate that admits nobody for long while
 * nothing runs is a stall: after {@link SchedulerLimits#maxNumEmptySteps} plans the scheduler ends
 * the oldest sequence.
 */
@FunctionalInterface
public interface AdmissionGate {
  /** Admit it, pass over it and look at the next one, or admit nobody else in this step. */
  enum Verdict { ADMIT, SKIP, STOP }

  /**
   * Told before the first candidate of a step is judged, when the rows of running sequences that go
   * before are granted.
   */
  default void begin(StepFacts step) {}

  /** Judges a candidate whose first row would get {@code numTokens} tokens. */
  Verdict judge(StepFacts step, SequenceView candidate, int numTokens);

  /** Told that a sequence was admitted; it has its first row. */
  default void onAdmit(StepFacts step, SequenceView admitted) {}

  /**
   * True when the gate only spares others, so that its verdict is waived where otherwise nobody
   * would get anything done.
   */
  default boolean isWaivedWhenIdle() {
    return false;
  }
}
