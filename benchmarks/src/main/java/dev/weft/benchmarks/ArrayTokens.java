package dev.weft.benchmarks;

import dev.weft.schedulerapi.TokenSequence;

/** The tokens of an array. */
final class ArrayTokens implements TokenSequence {
  private final int[] tokens;

  ArrayTokens(int[] tokens) {
    this.tokens = tokens;
  }

  @Override public int numTokens() {
    return tokens.length;
  }

  @Override public int token(int position) {
    return tokens[position];
  }

  @Override public void copyTokens(int position, int[] target, int offset, int numTokens) {
    System.arraycopy(tokens, position, target, offset, numTokens);
  }
}
