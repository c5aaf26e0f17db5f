package dev.weft.testkit;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Objects;

/**
 * A running sequence with nothing in flight, written by hand, as a drafter sees it: all tokens but
 * the last are computed. It can be made unreadable, as the real ones are after a call.
 */
final class HandDraftSequence implements SequenceView, TokenSequence {
  private final int handle;
  private final int numPromptTokens;
  private final int[] tokens;
  private boolean isOver;

  HandDraftSequence(int handle, int numPromptTokens, int[] tokens) {
    this.handle = handle;
    this.numPromptTokens = Objects.checkIndex(numPromptTokens, tokens.length + 1);
    this.tokens = tokens.clone();
  }

  /** From now on everything fails but what tests ask. */
  void end() {
    isOver = true;
  }

  private HandDraftSequence alive() {
    if (isOver) {
      throw new AssertionError("the sequence of handle " + handle
          + " was kept and used after the call that handed it out");
    }
    return this;
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

  @Override public int handle() {
    return alive().handle;
  }

  @Override public long requestId() {
    return alive().handle;
  }

  @Override public int sampleIndex() {
    return 0;
  }

  @Override public int numSamplesToBegin() {
    return 0;
  }

  @Override public long arrivalIndex() {
    return alive().handle;
  }

  @Override public long arrivalNanos() {
    return 0;
  }

  @Override public long deadlineNanos() {
    return Request.NO_DEADLINE;
  }

  @Override public int priority() {
    return 0;
  }

  @Override public String tenant() {
    return "";
  }

  @Override public int adapterId() {
    return 0;
  }

  @Override public RequestHints hints() {
    return RequestHints.NONE;
  }

  @Override public SequenceStatus status() {
    return SequenceStatus.RUNNING;
  }

  @Override public int numPromptTokens() {
    return alive().numPromptTokens;
  }

  @Override public int numUnreadTokens() {
    return 0;
  }

  @Override public int numComputedTokens() {
    return numTokens() - 1;
  }

  @Override public int numDraftTokens() {
    return 0;
  }

  @Override public int maxNumTokens() {
    return Integer.MAX_VALUE;
  }

  @Override public boolean isPrefill() {
    return false;
  }

  @Override public boolean isScheduled() {
    return false;
  }

  @Override public boolean isSkipped() {
    return false;
  }

  @Override public long lastRowNanos() {
    return 0;
  }

  @Override public int numPreemptions() {
    return 0;
  }
}
