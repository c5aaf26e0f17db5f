package dev.weft.schedulerapi;

/**
 * Where a sequence is in its life. WAITING and RUNNING alternate under preemption; FINISHED is
 * final.
 */
public enum SequenceStatus {
  /** In the waiting list; holds no KV block, no slot and no row. */
  WAITING,
  /** Holds KV blocks and a slot. */
  RUNNING,
  /** Waits for something outside, is in no list, holds nothing; see {@link BlockReason}. */
  BLOCKED,
  /** Ended; its tokens are final. */
  FINISHED
}
