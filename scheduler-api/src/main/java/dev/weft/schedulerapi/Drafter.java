package dev.weft.schedulerapi;

/**
 * Guesses the next tokens of sequences, so that one step can verify several (Leviathan et al., Fast
 * Inference from Transformers via Speculative Decoding, ICML 2023). Called by the owner of the
 * scheduler between update and plan. A drafter may propose nothing or throw: then the step has no
 * drafts. While it computes, the step waits, so one that can be slow must bound its own time.
 *
 * <p>Whatever it proposes, the output does not change, unless a request asked for a
 * {@link Verification} that says so.
 */
public interface Drafter extends AutoCloseable {
  /** Most tokens that it proposes for one sequence, 1 or more. */
  int maxNumDraftTokens();

  /** Looks at the sequences of the batch and proposes drafts for as many as it likes. */
  void propose(DraftBatch batch);

  /**
   * A sequence ended, or will not be seen again for long: whatever was kept for its handle can be
   * dropped. Also told of sequences that it never saw.
   *
   * @param sequence valid during the call, as all that it says
   * @param tokens   prompt and output, all of it; valid during the call
   */
  default void onFinish(SequenceView sequence, TokenSequence tokens) {}

  /** Frees what it holds. Idempotent. */
  @Override default void close() {}
}
