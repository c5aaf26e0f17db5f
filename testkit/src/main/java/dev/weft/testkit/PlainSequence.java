package dev.weft.testkit;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;

/**
 * A running sequence that decodes, with nothing in flight, of a request that asks for nothing but
 * its tokens. A test of a policy, an order or a drafter that needs no scheduler extends it, says
 * how many tokens there are, and overrides what it is about.
 */
public abstract class PlainSequence implements SequenceView {
  private final int handle;

  /** @param handle is its request id and its place among the arrivals, too */
  protected PlainSequence(int handle) {
    this.handle = handle;
  }

  @Override public int handle() {
    return handle;
  }

  @Override public long requestId() {
    return handle();
  }

  @Override public int sampleIndex() {
    return 0;
  }

  @Override public int numSamplesToBegin() {
    return 0;
  }

  @Override public long arrivalIndex() {
    return requestId();
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
    return arrivalNanos();
  }

  @Override public int numPreemptions() {
    return 0;
  }
}
