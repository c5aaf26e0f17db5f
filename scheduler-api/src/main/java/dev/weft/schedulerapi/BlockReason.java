package dev.weft.schedulerapi;

/** What a {@link SequenceStatus#BLOCKED} sequence waits for outside the scheduler. */
public enum BlockReason {
  /** A grammar or another mask is being compiled. */
  MASK,
  /** KV entries are on their way from another place. */
  REMOTE_KV,
  /** An adapter's weights are being loaded. */
  ADAPTER,
  /** Anything only the host knows of. */
  HOST
}
