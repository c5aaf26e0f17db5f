package dev.weft.schedulerapi;

/** Why a sequence ended. Only STOP and LENGTH are complete answers. */
public enum FinishReason {
  /** A stop token was sampled, or the host found a stop string. */
  STOP,
  /** The request's or the model's length limit is reached. */
  LENGTH,
  /** The caller aborted it. */
  ABORT,
  /** Its deadline passed. */
  DEADLINE,
  /** Its row failed: not-a-number logits, a failed step, a dead executor, a throwing mask. */
  ERROR,
  /** The scheduler was shut down. */
  SHUTDOWN,
  /** No step could be planned for too long while it was the oldest that could run. */
  NO_PROGRESS,
  /**
   * A queue before the scheduler took it and the scheduler then did not, say because the policy
   * does not accept it. Given by an engine, never by a scheduler.
   */
  REFUSED;

  /** True when the output is the whole answer rather than what there was when it was cut off. */
  public boolean isComplete() {
    return this == STOP || this == LENGTH;
  }
}
