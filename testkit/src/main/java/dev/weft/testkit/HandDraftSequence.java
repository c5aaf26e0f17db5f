package dev.weft.testkit;

import dev.weft.schedulerapi.TokenSequence;
import java.util.Objects;

/**
 * A running sequence with nothing in flight, written by hand, as a drafter sees it: all tokens but
 * the last are computed. It can be made unreadable, as the real ones are after a call.
 */
final class HandDraftSequence extends PlainSequence implements TokenSequence {
  private final int numPromptTokens;
  private final int[] tokens;
  private boolean isOver;

  HandDraftSequence(int handle, int numPromptTokens, int[] tokens) {
    super(handle);
    this.numPromptTokens = Objects.checkIndex(numPromptTokens, tokens.length + 1);
    this.tokens = tokens.clone();
  }

  /** From now on everything fails that tells it from others. */
  void end() {
    isOver = true;
  }

  private HandDraftSequence alive() {
    if (isOver) {
      throw new AssertionError("the sequence of handle " + super.handle()
          + " was kept and used after the call that handed it out");
    }
    return this;
  }

  @Override public int handle() {
    alive();
    return super.handle();
  }

  @Override public int numPromptTokens() {
    return alive().numPromptTokens;
  }

  @Override public int numTokens() {
    return alive().tokens.length;
  }

  @Override public int token(int position) {
    return alive().tokens[position];
  }

  @Override public void copyTokens(int position, int[] target, int offset, int numTokens) {
    System.arraycopy(alive().tokens, position, target, offset, numTokens);
  }
}
