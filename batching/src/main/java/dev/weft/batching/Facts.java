package dev.weft.batching;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;

/** The read-only side of a step: what the verbs change is read from where they change it. */
class Facts implements StepFacts {
  final Core core;
  final SequenceTable table;
  final AdapterSet adapters;
  int numRows;
  int tokensLeft;
  long nowNanos;

  Facts(Core core) {
    this.core = core;
    table = core.table;
    adapters = new AdapterSet(core.limits.maxNumAdapters());
  }

  void beginFacts(long now) {
    adapters.clear();
    numRows = 0;
    nowNanos = now;
    tokensLeft = core.pause == PauseMode.ALL ? 0 : core.caps.maxNumBatchedTokens();
  }

  @Override public SequenceList running() {
    return core.running;
  }

  @Override public SequenceList waiting() {
    return core.waiting;
  }

  @Override public int numRunning() {
    return core.numRunning;
  }

  @Override public int maxNumRunning() {
    return core.maxNumRunning();
  }

  @Override public int numFreeSlots() {
    return core.numFreeSlots();
  }

  @Override public int numRows() {
    return numRows;
  }

  @Override public int tokenBudget() {
    return Math.max(0, tokensLeft - core.limits.numExtraRowTokens());
  }

  @Override public boolean hasAdapterRoom(SequenceView sequence) {
    return adapters.hasRoom(table.adapter[handleOf(sequence)]);
  }

  @Override public int startPosition(SequenceView sequence) {
    return startOf(handleOf(sequence));
  }

  @Override public int numPendingTokens(SequenceView sequence) {
    int handle = handleOf(sequence);
    return numPending(handle, startOf(handle));
  }

  @Override public int numScheduledTokens(SequenceView sequence) {
    return 0; // Only a step has rows.
  }

  @Override public int numFreeBlocks() {
    return core.kvCache.numFreeBlocks();
  }

  @Override public int numTotalBlocks() {
    return core.kvCache.numBlocks();
  }

  @Override public int numBlocks(SequenceView sequence) {
    return core.kvCache.numBlocks(handleOf(sequence));
  }

  @Override public int numBlocksFreedBy(SequenceView sequence) {
    int handle = handleOf(sequence);
    int numFreed = 0;
    for (int i = core.kvCache.numBlocks(handle) - 1; i >= 0; i--) {
      numFreed += core.kvCache.numHolders(core.kvCache.block(handle, i)) == 1 ? 1 : 0;
    }
    return numFreed;
  }

  @Override public int numBlocksNeeded(SequenceView sequence, int numTokens) {
    int handle = handleOf(sequence);
    return core.kvCache.numBlocksNeeded(handle, startOf(handle), numTokens);
  }

  @Override public SchedulerLimits limits() {
    return core.limits;
  }

  @Override public int blockSize() {
    return core.blockSize();
  }

  @Override public int chunkUnit() {
    return core.spec.chunkUnit();
  }

  @Override public long nowNanos() {
    return nowNanos;
  }

  final int startOf(int handle) {
    return table.status[handle] == SequenceTable.RUNNING
        ? table.numComputed[handle] : match(handle);
  }

  private int match(int handle) {
    int numKnown = table.numKnown(handle);
    return core.kvCache.match(handle, core.tokens.view(handle, numKnown), numKnown);
  }

  /**
   * Tokens and drafts behind {@code start}, up to the position before the last that the sequence
   * can come to have: the token there is never computed. 0 while drafts in flight leave the
   * position open, and while a sequence to be drafted awaits its token.
   */
  final int numPending(int handle, int start) {
    boolean isOpen = table.numDraftsInFlight[handle] > 0
        || (table.draftLength[handle] > 0 && table.numUnread[handle] > 0);
    if (isOpen) {
      return 0;
    }
    int end = table.numTokens[handle] + table.numDrafts[handle];
    return Math.min(end, endOfRows(handle, table.numDrafts[handle]) - 1) - start;
  }

  /** Positions that rows of the sequence may cover when one has so many drafts, plus 1. */
  final int endOfRows(int handle, int numDrafts) {
    return numDrafts > 0 && core.draftBooks == DraftBooks.LAZY
        ? core.limits.maxModelLen() : table.maxNumTokens[handle];
  }

  final int handleOf(SequenceView sequence) {
    if (!(sequence instanceof HandleView view) || view.table != table
        || table.status[view.handle] == SequenceTable.FINISHED) {
      throw new IllegalArgumentException("a sequence that does not live in this scheduler");
    }
    return view.handle;
  }
}
