package dev.weft.schedulerapi;

/** Whether a {@link StepExecutor} can go on. */
public enum ExecutorState {
  READY,
  /** The device failed for good; steps in flight are lost. */
  DEAD,
  CLOSED
}
