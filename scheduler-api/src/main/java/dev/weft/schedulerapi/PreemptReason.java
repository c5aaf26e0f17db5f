package dev.weft.schedulerapi;

/** Why a sequence lost its KV blocks. */
public enum PreemptReason {
  /** The policy preempted it. */
  POLICY,
  /** The host reset the prefix cache and asked for running sequences to be preempted. */
  RESET,
  /** A step failed, and its KV entries can no longer be trusted. */
  FAILED_STEP
}
