package dev.weft.batching;

import static dev.weft.batching.SequenceTable.BLOCKED;
import static dev.weft.batching.SequenceTable.FINISHED;
import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;
import static dev.weft.batching.SequenceTable.UNBORN;
import static dev.weft.batching.SequenceTable.WAITING;

/**
 * Recounts what the scheduler keeps by counting along; messages begin with the invariant's number.
 */
final class Integrity {
  private final Core core;
  private final SequenceTable table;

  Integrity(Core core) {
    this.core = core;
    table = core.table;
  }

  void check() {
    core.kvCache.checkIntegrity();
    core.waiting.checkIntegrity();
    core.tokens.checkIntegrity();
    core.deadlines.checkIntegrity();
    checkLists();
    checkHandles();
    checkInFlight();
  }

  /** I40: every live sequence is in exactly one place. */
  private void checkLists() {
    boolean[] isListed = new boolean[table.status.length];
    for (int i = 0; i < core.running.size(); i++) {
      int handle = core.running.handleAt(i);
      require(table.status[handle] == RUNNING, "I40", handle, "is listed as running");
      require(!isListed[handle], "I40", handle, "is listed as running twice");
      isListed[handle] = true;
    }
    for (int i = 0; i < core.waiting.size(); i++) {
      int handle = core.waiting.handleAt(i);
      require(table.status[handle] == WAITING, "I40", handle, "is listed as waiting");
    }
    requireEqual("I40: running sequences", core.numRunning, core.running.size());
  }

  private void checkHandles() {
    int numRunning = 0;
    int numWaiting = 0;
    int numBlocked = 0;
    int numUnborn = 0;
    int numLeaders = 0;
    for (int handle = 0; handle < table.status.length; handle++) {
      byte status = table.status[handle];
      numRunning += status == RUNNING ? 1 : 0;
      numWaiting += status == WAITING ? 1 : 0;
      numBlocked += status == BLOCKED ? 1 : 0;
      numUnborn += status == UNBORN ? 1 : 0;
      numLeaders += table.request[handle] != null && table.leader[handle] == handle ? 1 : 0;
      if (status != FINISHED) {
        checkHandle(handle, status);
      }
    }
    requireEqual("I40: running sequences", core.numRunning, numRunning);
    requireEqual("I40: waiting sequences", core.waiting.size(), numWaiting);
    requireEqual("I40: blocked sequences", core.numBlocked, numBlocked);
    requireEqual("I40: unborn samples", core.numUnborn, numUnborn);
    requireEqual("I40: requests", core.leaders.size(), numLeaders);
    requireEqual("I12: slots", core.spec.numSlots(), core.slots.numFree() + core.slots.numLeaving()
        + core.slots.numResting() + numRunning);
  }

  private void checkHandle(int handle, byte status) {
    boolean isRunning = status == RUNNING;
    int numBlocks = core.kvCache.numBlocks(handle);
    require(isRunning == (table.slot[handle] != NONE), "I12", handle,
        "has slot " + table.slot[handle]);
    require(isRunning || numBlocks == 0, "I12", handle, "holds " + numBlocks + " blocks");
    require(isRunning || table.numComputed[handle] == 0, "I59", handle,
        "counts " + table.numComputed[handle] + " computed tokens without a block");
    require((long) numBlocks * core.blockSize() >= table.numComputed[handle], "I6", handle,
        "has " + table.numComputed[handle] + " computed tokens in " + numBlocks + " blocks");
    require(table.row[handle] == NONE, "I54", handle, "keeps row " + table.row[handle]);
    if (isRunning && table.writableEnd[handle] > 0) {
      checkWritable(handle, numBlocks);
    }
    int numKept = core.tokens.numTokens(handle);
    int numKnown = status == UNBORN ? 0 : table.numKnown(handle);
    require(numKept == numKnown, "I51", handle,
        "keeps " + numKept + " tokens, known are " + numKnown);
    require(table.numTokens[handle] <= table.maxNumTokens[handle], "I33", handle, "has "
        + table.numTokens[handle] + " tokens of at most " + table.maxNumTokens[handle]);
    require(status != UNBORN || table.status[table.leader[handle]] != FINISHED, "L1", handle,
        "waits to be born by a leader that ended");
  }

  /** What rows may write without asking the cache is there and held by the sequence alone. */
  private void checkWritable(int handle, int numBlocks) {
    int end = table.writableEnd[handle] + core.limits.numLookaheadTokens();
    require(end <= numBlocks * core.blockSize(), "I7", handle,
        "may write up to position " + end + " in " + numBlocks + " blocks");
    for (int i = table.numComputed[handle] / core.blockSize(); i < numBlocks; i++) {
      int block = core.kvCache.block(handle, i);
      require(core.kvCache.numHolders(block) == 1, "I7", handle,
          "may write block " + block + ", which is shared");
    }
  }

  /** Unread tokens and drafts in flight are those of the rows in flight. */
  private void checkInFlight() {
    int[] numSampled = new int[table.status.length];
    int[] numDrafts = new int[table.status.length];
    for (int i = 0; i < core.plans.numInFlight(); i++) {
      PlanBuffer plan = core.plans.inFlight(i);
      for (int row = 0; row < plan.numRows; row++) {
        int handle = plan.handle[row];
        boolean isCurrent = plan.resultEpoch[row] == table.resultEpoch[handle];
        numSampled[handle] += plan.isSampled[row] && isCurrent ? 1 : 0;
        numDrafts[handle] += isCurrent ? plan.numDrafts[row] : 0;
      }
    }
    for (int handle = 0; handle < table.status.length; handle++) {
      if (table.status[handle] != FINISHED) {
        require(table.numUnread[handle] == numSampled[handle], "I50", handle, "has "
            + table.numUnread[handle] + " unread tokens, in flight are " + numSampled[handle]);
        require(table.numDraftsInFlight[handle] == numDrafts[handle], "I58", handle, "counts "
            + table.numDraftsInFlight[handle] + " drafts in flight of " + numDrafts[handle]);
      }
    }
  }

  private void require(boolean condition, String invariant, int handle, String message) {
    if (!condition) {
      throw new IllegalStateException(invariant + ": " + table.name(handle) + " with status "
          + table.status[handle] + " " + message);
    }
  }

  private static void requireEqual(String what, long expected, long found) {
    if (expected != found) {
      throw new IllegalStateException(
          what + " counted along are " + expected + ", recounted " + found);
    }
  }
}
