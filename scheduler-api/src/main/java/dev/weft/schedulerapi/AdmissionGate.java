package dev.weft.schedulerapi;

/** Judges a waiting sequence that comes up for admission. */
@FunctionalInterface
public interface AdmissionGate {
  /** Admit it, pass over it and look at the next one, or admit nobody else in this step. */
  enum Verdict { ADMIT, SKIP, STOP }

  /** Judges a candidate whose first row would get {@code numTokens} tokens. */
  Verdict judge(StepFacts step, SequenceView candidate, int numTokens);
}
