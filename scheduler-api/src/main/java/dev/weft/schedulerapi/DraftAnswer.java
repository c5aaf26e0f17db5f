package dev.weft.schedulerapi;

/**
 * What became of proposed drafts. A refusal costs that sequence its drafts, of which none is left,
 * and nobody else anything.
 *
 * @param refusal NONE, or why they were not taken
 * @param message names request, field, value and limit; empty when they were taken
 */
public record DraftAnswer(Refusal refusal, String message) {
  /** Why drafts are not taken. */
  public enum Refusal {
    /** They are taken. */
    NONE,
    /** More than {@link DraftBatch#maxNumDraftTokens}. */
    TOO_MANY,
    /** A token outside the vocabulary. */
    UNKNOWN_TOKEN,
    /** A draft whose parent does not come before it, as in a cycle. */
    BAD_PARENT,
    /** Two drafts with the same parent and the same token. */
    EQUAL_SIBLINGS,
    /** A tree, where the executor verifies chains alone. */
    NO_TREES,
    /**
     * A distribution with a probability that is no number, not above 0, or above 1, or a token
     * outside the vocabulary or twice; whose sum is not 1; that lacks the draft itself; or that has
     * more than {@link DraftBatch#MAX_NUM_CHOICES} tokens.
     */
    BAD_DISTRIBUTION
  }

  /** The drafts are verified with the next row of their sequence, as far as that has room. */
  public static final DraftAnswer TAKEN = new DraftAnswer(Refusal.NONE, "");

  /** A refusal with its explanation. */
  public static DraftAnswer refused(Refusal refusal, String message) {
    return new DraftAnswer(refusal, message);
  }

  /** True when they were taken. */
  public boolean isTaken() {
    return refusal == Refusal.NONE;
  }
}
