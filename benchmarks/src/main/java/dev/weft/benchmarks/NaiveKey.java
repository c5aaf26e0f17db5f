package dev.weft.benchmarks;

import java.util.List;

/** Names the content of a full block of {@link NaivePool}: its tokens and what is before them. */
final class NaiveKey {
  private final long hash;
  private final List<Integer> tokens;

  /** The block of these tokens behind a prefix with the given hash; the list is copied. */
  NaiveKey(long prefixHash, List<Integer> tokens) {
    this.tokens = List.copyOf(tokens);
    long chained = prefixHash;
    for (int token : this.tokens) {
      chained = (chained + token + 1) * 0x9E3779B97F4A7C15L;
      chained ^= chained >>> 29;
    }
    hash = chained;
  }

  long hash() {
    return hash;
  }

  @Override public boolean equals(Object other) {
    return other instanceof NaiveKey key && key.hash == hash && key.tokens.equals(tokens);
  }

  @Override public int hashCode() {
    return Long.hashCode(hash);
  }
}
