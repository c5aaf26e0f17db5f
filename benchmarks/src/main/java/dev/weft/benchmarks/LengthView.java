package dev.weft.benchmarks;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;

/** A sequence of a {@link LengthWorkload}: it decodes, and grows by what is accepted. */
final class LengthView implements SequenceView {
  private static final int NUM_PROMPT_TOKENS = 1024;
  private final int handle;
  int numTokens = NUM_PROMPT_TOKENS + 1;
  int length;
  int numAccepted;

  LengthView(int handle) {
    this.handle = handle;
  }

  @Override public int handle() {
    return handle;
  }

  @Override public long requestId() {
    return handle;
  }

  @Override public int sampleIndex() {
    return 0;
  }

  @Override public int numSamplesToBegin() {
    return 0;
  }

  @Override public long arrivalIndex() {
    return handle;
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
    return NUM_PROMPT_TOKENS;
  }

  @Override public int numTokens() {
    return numTokens;
  }

  @Override public int numUnreadTokens() {
    return 0;
  }

  @Override public int numComputedTokens() {
    return numTokens - 1;
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
