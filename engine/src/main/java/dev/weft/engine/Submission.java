package dev.weft.engine;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The answer to submitting a request, given at once. A submission not accepted left no trace. */
public final class Submission {
  /** What became of it. */
  public enum Status {
    /** It waits; {@link Submission#generation} is its handle, and it will end exactly once. */
    ACCEPTED,
    /** No room among the waiting, for anybody or for its tenant: try again later. */
    FULL,
    /** The engine drains, is closed or has failed: try another one. */
    CLOSED,
    /** It can never be served as it is: {@link Submission#refusal} and message say why. */
    INVALID
  }

  private final Status status;
  private final Refusal refusal;
  private final String message;
  private final Duration retryAfter;
  private final @Nullable Generation generation;

  private Submission(Status status, Refusal refusal, String message, Duration retryAfter,
      @Nullable Generation generation) {
    this.status = status;
    this.refusal = refusal;
    this.message = message;
    this.retryAfter = retryAfter;
    this.generation = generation;
  }

  static Submission accepted(Generation generation) {
    return new Submission(Status.ACCEPTED, Refusal.NONE, "", Duration.ZERO, generation);
  }

  static Submission full(String message, long retryAfterNanos) {
    return new Submission(
        Status.FULL, Refusal.FULL, message, Duration.ofNanos(retryAfterNanos), null);
  }

  static Submission closed(String message) {
    return new Submission(Status.CLOSED, Refusal.SHUT_DOWN, message, Duration.ZERO, null);
  }

  static Submission invalid(AddResult result) {
    return new Submission(
        Status.INVALID, result.refusal(), result.message(), Duration.ZERO, null);
  }

  public boolean isAccepted() {
    return status == Status.ACCEPTED;
  }

  public Status status() {
    return status;
  }

  /** The reason in detail; NONE when it was accepted. */
  public Refusal refusal() {
    return refusal;
  }

  /** Field, value and limit in words; empty when it was accepted. */
  public String message() {
    return message;
  }

  /**
   * When a place may be free, estimated from how fast requests end now, and 1 s before any has
   * ended; zero unless FULL.
   */
  public Duration retryAfter() {
    return retryAfter;
  }

  /**
   * The handle of the accepted request.
   *
   * @throws IllegalStateException when it was not accepted, with the message
   */
  public Generation generation() {
    if (generation == null) {
      throw new IllegalStateException(status + ": " + message);
    }
    return generation;
  }

  @Override public String toString() {
    return isAccepted() ? "ACCEPTED" : status + ": " + message;
  }
}
