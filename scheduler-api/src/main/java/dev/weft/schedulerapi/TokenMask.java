package dev.weft.schedulerapi;

/**
 * Says which tokens may come next: a grammar, a schema, a list of words. One mask belongs to one
 * request and is asked on the scheduler thread, once for each attempt to schedule a row that is to
 * be sampled. Within one step it must give the same answer to the same tokens, "not ready" too; a
 * sequence whose mask is never ready waits for ever.
 */
@FunctionalInterface
public interface TokenMask {
  /**
   * Fills one row of bits, or says that it cannot yet.
   *
   * @param tokens      prompt and generated tokens so far, all of them read
   * @param sampleIndex which of the request's samples
   * @param words       bit {@code t % 64} of {@code words[t / 64]} permits token {@code t}; all
   *                    zero when called; owned by the scheduler, must not be kept
   * @return false when the answer is not ready: the sequence gets no row in this step ({@link
   *     Grant#BLOCKED}) and is asked again in the next one
   */
  boolean fill(TokenSequence tokens, int sampleIndex, long[] words);
}
