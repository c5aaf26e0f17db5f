package dev.weft.engine;

/**
 * The state of an engine, for probes.
 *
 * @param state   whether it serves
 * @param message why it does not; empty while it serves
 */
public record Health(State state, String message) {
  /** What an engine can do now. */
  public enum State {
    /** Accepts requests and works. */
    SERVING,
    /** Accepts none, and finishes what it has. */
    DRAINING,
    /** Has requests, but its loop has not come round for longer than a step may take. */
    STALLED,
    /** Its executor died, hung, or broke its contract. */
    FAILED,
    /** Was closed. */
    CLOSED
  }

  /** For a readiness probe: may be sent requests. */
  public boolean isReady() {
    return state == State.SERVING;
  }

  /** For a liveness probe: false when only a restart helps. */
  public boolean isLive() {
    return state == State.SERVING || state == State.DRAINING;
  }
}
