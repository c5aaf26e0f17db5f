package dev.weft.schedulerapi;

/**
 * The answer to adding a request. A refused request changed nothing.
 *
 * @param refusal NONE when it was accepted
 * @param message field, value and limit in words; empty when it was accepted
 */
public record AddResult(Refusal refusal, String message) {
  /** The request waits now. */
  public static final AddResult ACCEPTED = new AddResult(Refusal.NONE, "");

  /** Why a request cannot wait. */
  public enum Refusal {
    NONE,
    /** No room among the waiting; later it may fit. */
    FULL,
    /** A live request has this id. */
    DUPLICATE_ID,
    /** The prompt leaves no room for a token below the model's length. */
    PROMPT_TOO_LONG,
    /** Its KV entries would never fit into the pool. */
    NEVER_FITS,
    /** More samples than sequences can run at once. */
    TOO_MANY_SAMPLES,
    /** A token id outside the vocabulary, in the prompt or in the sampling parameters. */
    INVALID_TOKEN,
    /** The executor cannot do what it asks for. */
    UNSUPPORTED,
    /** Its deadline has passed. */
    EXPIRED,
    /** The policy does not accept it. */
    POLICY,
    /** The scheduler was shut down. */
    SHUT_DOWN
  }

  public static AddResult refused(Refusal refusal, String message) {
    return new AddResult(refusal, message);
  }

  public boolean isAccepted() {
    return refusal == Refusal.NONE;
  }
}
