package dev.weft.batching;

import dev.weft.schedulerapi.TokenSequence;
import java.util.Objects;

/** Known tokens, and behind them the drafts on the way to one of them. */
final class DraftedTokens implements TokenSequence {
  private final int[] tokens;
  private final int[] parents;
  private final int[] path;
  private int numOnPath;
  private TokenSequence known = this;

  DraftedTokens(int maxNumDrafts) {
    tokens = new int[maxNumDrafts];
    parents = new int[maxNumDrafts];
    path = new int[maxNumDrafts];
  }

  /** Notes a draft; those before it stay. */
  void set(int draft, int token, int parent) {
    tokens[draft] = token;
    parents[draft] = parent;
  }

  /** Becomes the known tokens with the drafts from the root to one of those noted. */
  TokenSequence behind(TokenSequence knownTokens, int draft) {
    known = knownTokens;
    numOnPath = 0;
    for (int i = draft; i >= 0; i = parents[i]) {
      numOnPath++;
    }
    int at = numOnPath;
    for (int i = draft; i >= 0; i = parents[i]) {
      path[--at] = tokens[i];
    }
    return this;
  }

  @Override public int numTokens() {
    return known.numTokens() + numOnPath;
  }

  @Override public int token(int position) {
    int numKnown = known.numTokens();
    return position < numKnown ? known.token(position)
        : path[Objects.checkIndex(position - numKnown, numOnPath)];
  }

  @Override public void copyTokens(int position, int[] target, int offset, int numTokens) {
    for (int i = 0; i < numTokens; i++) {
      target[offset + i] = token(position + i);
    }
  }
}
