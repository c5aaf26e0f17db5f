package dev.weft.schedulerapi;

/**
 * How an executor keeps KV entries. Whatever the kind, the scheduler counts memory in blocks; where
 * it is not {@link #BLOCK_TABLE}, no sequence is given a prefix that another one computed.
 */
public enum KvKind {
  /** In blocks of one pool, through a block table for each slot. */
  BLOCK_TABLE,
  /** In one region for each slot; nothing is shared. */
  FIXED_SLOT,
  /** Somewhere of its own for each sequence, as in engines that keep a context object. */
  OPAQUE_PER_SEQUENCE
}
