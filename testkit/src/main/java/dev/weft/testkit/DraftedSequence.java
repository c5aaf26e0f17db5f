package dev.weft.testkit;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;

/** A sequence of a {@link DraftLengthRun}: it decodes, and nothing else ever happens to it. */
final class DraftedSequence implements SequenceView {
  private final int handle;
  final long requestId;
  final int numPromptTokens;
  final int maxNumDraftTokens;
  final RequestHints hints;
  int numTokens;
  int length;
  int numDrafts;
  int numAccepted;

  DraftedSequence(int handle, long requestId, int numPromptTokens, int maxNumDraftTokens,
      RequestHints hints) {
    this.handle = handle;
    this.requestId = requestId;
    this.numPromptTokens = numPromptTokens;
    this.maxNumDraftTokens = maxNumDraftTokens;
    this.hints = hints;
    numTokens = numPromptTokens + 1;
  }

  @Override public int handle() {
    return handle;
  }

  @Override public long requestId() {
    return requestId;
  }

  @Override public int sampleIndex() {
    return 0;
  }

  @Override public int numSamplesToBegin() {
    return 0;
  }

  @Override public long arrivalIndex() {
    return requestId;
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
    return hints;
  }

  @Override public SequenceStatus status() {
    return SequenceStatus.RUNNING;
  }

  @Override public int numPromptTokens() {
    return numPromptTokens;
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
