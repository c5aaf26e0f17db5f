package dev.weft.testkit;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import java.util.ArrayList;
import java.util.List;

/** A live request of {@link NaiveScheduler}, as plain as it gets. */
final class NaiveSequence implements SequenceView {
  final Request request;
  final List<Integer> tokens = new ArrayList<>();
  private final int handle;
  private final long arrivalIndex;
  private final long arrivalNanos;
  private final int maxNumTokens;
  long seed;
  SequenceStatus status = SequenceStatus.WAITING;
  int numComputed;
  int slot = -1;
  boolean isAttached;
  boolean isScheduled;
  boolean hasSampled;
  boolean isSkipped;
  int numPreemptions;
  long lastRowNanos;
  /** Blocks of the table that the device knows. */
  int numBlocksKnown;

  NaiveSequence(Request request, int handle, long arrivalIndex, long arrivalNanos,
  int maxModelLen) {
    this.request = request;
    this.handle = handle;
    this.arrivalIndex = arrivalIndex;
    this.arrivalNanos = arrivalNanos;
    lastRowNanos = arrivalNanos;
    for (int i = 0; i < request.numPromptTokens(); i++) {
      tokens.add(request.promptToken(i));
    }
    long longest = (long) tokens.size() + request.sampling().maxNewTokens();
    maxNumTokens = (int) Math.min(longest, maxModelLen);
  }

  int numPending() {
    return Math.min(tokens.size(), maxNumTokens - 1) - numComputed;
  }

  int numOutput() {
    return tokens.size() - request.numPromptTokens();
  }

  @Override public int handle() {
    return handle;
  }

  @Override public long requestId() {
    return request.id();
  }

  @Override public int numSamplesToBegin() {
    return 0;
  }

  @Override public int sampleIndex() {
    return 0;
  }

  @Override public long arrivalIndex() {
    return arrivalIndex;
  }

  @Override public long arrivalNanos() {
    return arrivalNanos;
  }

  @Override public long deadlineNanos() {
    return request.deadlineNanos();
  }

  @Override public int priority() {
    return request.priority();
  }

  @Override public String tenant() {
    return request.tenant();
  }

  @Override public int adapterId() {
    return request.adapterId();
  }

  @Override public RequestHints hints() {
    return request.hints();
  }

  @Override public SequenceStatus status() {
    return status;
  }

  @Override public int numPromptTokens() {
    return request.numPromptTokens();
  }

  @Override public int numTokens() {
    return tokens.size();
  }

  @Override public int numUnreadTokens() {
    return 0;
  }

  @Override public int numComputedTokens() {
    return numComputed;
  }

  @Override public int numDraftTokens() {
    return 0;
  }

  @Override public int maxNumTokens() {
    return maxNumTokens;
  }

  @Override public boolean isPrefill() {
    return status == SequenceStatus.RUNNING && !hasSampled;
  }

  @Override public boolean isScheduled() {
    return isScheduled;
  }

  @Override public boolean isSkipped() {
    return isSkipped;
  }

  @Override public long lastRowNanos() {
    return lastRowNanos;
  }

  @Override public int numPreemptions() {
    return numPreemptions;
  }
}
