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
    checkLists();
    checkHandles();
    checkUnread();
  }

  /** I40: every live sequence is in exactly one place. */
  private void checkLists() {
    for (int i = 0; i < core.running.size(); i++) {
      int handle = core.running.handleAt(i);
      require(table.status[handle] == RUNNING, "I40", handle, "is listed as running");
      for (int j = 0; j < i; j++) {
        require(core.running.handleAt(j) != handle, "I40", handle, "is listed as running twice");
      }
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
    require(table.numUnread[handle] >= 0, "I50", handle,
        "has " + table.numUnread[handle] + " unread tokens");
    require(table.numTokens[handle] <= table.maxNumTokens[handle], "I33", handle, "has "
        + table.numTokens[handle] + " tokens of at most " + table.maxNumTokens[handle]);
    require(status != UNBORN || table.status[table.leader[handle]] != FINISHED, "L1", handle,
        "waits to be born by a leader that ended");
  }

  /** I50: unread tokens are those that rows in flight sample. */
  private void checkUnread() {
    int numUnread = 0;
    for (int handle = 0; handle < table.status.length; handle++) {
      numUnread += table.status[handle] == FINISHED ? 0 : table.numUnread[handle];
    }
    int numInFlight = 0;
    for (int i = 0; i < core.plans.numInFlight(); i++) {
      PlanBuffer plan = core.plans.inFlight(i);
      for (int row = 0; row < plan.numRows; row++) {
        boolean isCurrent = plan.resultEpoch[row] == table.resultEpoch[plan.handle[row]];
        numInFlight += plan.isSampled[row] && isCurrent ? 1 : 0;
      }
    }
    requireEqual("I50: unread tokens", numUnread, numInFlight);
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
