package dev.weft.batching;

/** What becomes of the sequences that run when their executor dies. */
public enum DeadExecutorMode {
  /** They end with {@link dev.weft.schedulerapi.FinishReason#ERROR}. */
  END,
  /** They wait again, with the tokens delivered so far, for another executor. */
  REQUEUE
}
