package dev.weft.testkit.conformance;

/**
 * What a scenario's drafter asks of the scheduler.
 *
 * @param numDraftTokens     most drafts of a row
 * @param numLookaheadTokens KV positions reserved behind the tokens of a row
 * @param numExtraRowTokens  input slots that a row costs beside its tokens
 * @param dropsLastHitBlock  whether the last block of a prefix hit is computed again
 */
public record Speculation(int numDraftTokens, int numLookaheadTokens, int numExtraRowTokens,
    boolean dropsLastHitBlock) {
  /** No drafter. */
  public static final Speculation NONE = new Speculation(0, 0, 0, false);
}
