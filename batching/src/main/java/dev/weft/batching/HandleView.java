package dev.weft.batching;

import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;

/** The read-only face of one handle. */
final class HandleView implements SequenceView {
  private static final SequenceStatus[] STATUS = SequenceStatus.values();
  final SequenceTable table;
  final int handle;

  HandleView(SequenceTable table, int handle) {
    this.table = table;
    this.handle = handle;
  }

  @Override public int handle() {
    return handle;
  }

  @Override public long requestId() {
    return table.requestId[handle];
  }

  @Override public int sampleIndex() {
    return table.sampleIndex[handle];
  }

  @Override public int numSamplesToBegin() {
    int next = table.nextSample[handle];
    boolean isLeader = table.sampleIndex[handle] == 0 && next != SequenceTable.NONE;
    return isLeader && table.status[next] == SequenceTable.UNBORN
        ? table.numLiveSamples[handle] - 1 : 0;
  }

  @Override public long arrivalIndex() {
    return table.arrivalIndex[handle];
  }

  @Override public long arrivalNanos() {
    return table.arrivalNanos[handle];
  }

  @Override public long deadlineNanos() {
    return table.requestOf(handle).deadlineNanos();
  }

  @Override public int priority() {
    return table.priority[handle];
  }

  @Override public String tenant() {
    return table.requestOf(handle).tenant();
  }

  @Override public int adapterId() {
    return table.adapter[handle];
  }

  @Override public RequestHints hints() {
    return table.requestOf(handle).hints();
  }

  /** Who is not yet born or judged does not wait in a list, but is about to. */
  @Override public SequenceStatus status() {
    byte status = table.status[handle];
    return status == SequenceTable.UNBORN ? SequenceStatus.WAITING : STATUS[status];
  }

  @Override public int numPromptTokens() {
    return table.numPrompt[handle];
  }

  @Override public int numTokens() {
    return table.numTokens[handle];
  }

  @Override public int numUnreadTokens() {
    return table.numUnread[handle];
  }

  @Override public int numComputedTokens() {
    return table.numComputed[handle];
  }

  @Override public int numDraftTokens() {
    return table.numDrafts[handle];
  }

  @Override public int maxNumTokens() {
    return table.maxNumTokens[handle];
  }

  @Override public boolean isPrefill() {
    return table.isPrefill[handle];
  }

  @Override public boolean isScheduled() {
    return table.row[handle] >= 0;
  }

  @Override public boolean isSkipped() {
    return table.isSkipped[handle];
  }

  @Override public long lastRowNanos() {
    return table.lastRowNanos[handle];
  }

  @Override public int numPreemptions() {
    return table.numPreemptions[handle];
  }

  @Override public String toString() {
    return table.name(handle);
  }
}
