package dev.weft.schedulerapi;

/** What the scheduler holds back. */
public enum PauseMode {
  /** Nothing. */
  NONE,
  /** Admissions: who holds KV blocks goes on. */
  NEW,
  /** Everything: steps are empty. */
  ALL
}
