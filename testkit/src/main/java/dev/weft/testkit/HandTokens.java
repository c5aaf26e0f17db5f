package dev.weft.testkit;

import dev.weft.schedulerapi.TokenSequence;

/** Tokens written by hand. */
final class HandTokens implements TokenSequence {
  private final int[] tokens;

  HandTokens(int... tokens) {
    this.tokens = tokens.clone();
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
