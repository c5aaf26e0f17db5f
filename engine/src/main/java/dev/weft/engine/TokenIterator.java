package dev.weft.engine;

import java.util.NoSuchElementException;
import java.util.PrimitiveIterator;

/**
 * The tokens of one sample, as they come: {@link #hasNext} waits. For one thread at a time. Use it
 * with try-with-resources: closing it before the end cancels the request.
 */
public final class TokenIterator implements PrimitiveIterator.OfInt, AutoCloseable {
  private final Generation generation;
  private final int sampleIndex;
  private final SampleBuffer sample;
  private int numRead;

  TokenIterator(Generation generation, int sampleIndex) {
    this.generation = generation;
    this.sampleIndex = sampleIndex;
    sample = generation.sample(sampleIndex);
  }

  /**
   * Waits for the next token or the end of the sample.
   *
   * @return false when the sample has ended with a whole answer
   * @throws IncompleteGenerationException when the answer was cut off; all tokens were returned
   * @throws IllegalStateException         when the thread was interrupted, which it then still is;
   *     the request goes on
   */
  @Override public boolean hasNext() {
    try {
      generation.waiters().awaitUntil(() -> numRead < sample.numTokens() || hasEnded());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for token " + numRead
          + " of request " + generation.request().id(), e);
    }
    // Once more: the last tokens and the end may have come between the two looks above.
    if (numRead < sample.numTokens()) {
      return true;
    }
    if (!generation.isComplete(sampleIndex)) {
      throw new IncompleteGenerationException(generation, sampleIndex);
    }
    return false;
  }

  private boolean hasEnded() {
    return sample.reason() != null;
  }

  @Override public int nextInt() {
    if (!hasNext()) {
      throw new NoSuchElementException("request " + generation.request().id() + ": ended after "
          + numRead + " tokens");
    }
    return sample.token(numRead++);
  }

  /** The place of the next token among the output tokens of the sample. */
  public int outputIndex() {
    return numRead;
  }

  /** Cancels the request unless this sample has ended or was stopped. */
  @Override public void close() {
    if (!hasEnded() && generation.numTokensToKeep(sampleIndex) == Generation.GOES_ON) {
      generation.cancel();
    }
  }
}
