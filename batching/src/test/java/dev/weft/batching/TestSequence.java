package dev.weft.batching;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;

/** A view of fixed facts, for what orders sequences and does not need a scheduler. */
record TestSequence(int handle, long arrivalIndex, long arrivalNanos, int priority,
    SequenceStatus status, int numComputedTokens) implements SequenceView {
  /** One that waits. */
  TestSequence(int handle, long arrivalIndex, long arrivalNanos, int priority) {
    this(handle, arrivalIndex, arrivalNanos, priority, SequenceStatus.WAITING, 0);
  }

  /** One that runs. */
  static TestSequence running(int arrivalIndex, int priority, int numComputedTokens) {
    return new TestSequence(arrivalIndex, arrivalIndex, 0, priority, SequenceStatus.RUNNING,
        numComputedTokens);
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

  @Override public long deadlineNanos() {
    return Request.NO_DEADLINE;
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

  @Override public int numPromptTokens() {
    return 1;
  }

  @Override public int numTokens() {
    return 1;
  }

  @Override public int numUnreadTokens() {
    return 0;
  }

  @Override public int numDraftTokens() {
    return 0;
  }

  @Override public int maxNumTokens() {
    return 2;
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
    return arrivalNanos();
  }

  @Override public int numPreemptions() {
    return 0;
  }
}
