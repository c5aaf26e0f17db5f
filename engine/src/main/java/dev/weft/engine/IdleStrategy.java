package dev.weft.engine;

/**
 * What the thread of the loop does while there is nothing to do. An executor that goes on only
 * while it is awaited needs PARK.
 */
public enum IdleStrategy {
  /**
   * Waits for the device while it computes, else parks until something is submitted. Takes no CPU
   * time; a wake-up costs some microseconds. The default.
   */
  PARK,
  /** Looks again and again, letting other threads run between. */
  YIELD,
  /** Looks again and again: the lowest latency, for a core of its own. */
  SPIN
}
