package dev.weft.engine;

/**
 * Natural logarithms of the probabilities at one position of the output, as the executor reports
 * them. Immutable.
 */
public final class TokenLogprobs {
  private final int token;
  private final float logprob;
  private final int[] topTokens;
  private final float[] topLogprobs;

  TokenLogprobs(int token, float logprob, int[] topTokens, float[] topLogprobs) {
    this.token = token;
    this.logprob = logprob;
    this.topTokens = topTokens;
    this.topLogprobs = topLogprobs;
  }

  /** The token that was chosen. */
  public int token() {
    return token;
  }

  /** The log-probability of the chosen token. */
  public float logprob() {
    return logprob;
  }

  /** Alternatives reported: as many as the request asked for. */
  public int numTop() {
    return topTokens.length;
  }

  /** The most likely token for rank 0, the next for 1, and so on. */
  public int topToken(int rank) {
    return topTokens[rank];
  }

  /** The log-probability of {@link #topToken}. */
  public float topLogprob(int rank) {
    return topLogprobs[rank];
  }
}
