package dev.weft.schedulerapi;

/**
 * Guesses the next tokens of sequences, so that one step can verify several (Leviathan et al., Fast
 * Inference from Transformers via Speculative Decoding, ICML 2023). Called by the owner of the
 * scheduler between update and plan. A drafter may be slow, propose nothing or fail: then steps
 * have no drafts.
 */
public interface Drafter extends AutoCloseable {
  /** Most tokens that it proposes for one sequence. */
  int maxNumDraftTokens();

  /** Looks at the sequences of the batch and proposes drafts for as many as it likes. */
  void propose(DraftBatch batch);

  /** A sequence ended: whatever was kept for this handle can be dropped. */
  default void onFinish(int handle) {}

  /** Frees what it holds. Idempotent. */
  @Override default void close() {}
}
