package dev.weft.batching;

import static dev.weft.batching.SequenceTable.BLOCKED;
import static dev.weft.batching.SequenceTable.FINISHED;
import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;
import static dev.weft.batching.SequenceTable.UNBORN;
import static dev.weft.batching.SequenceTable.WAITING;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;

/**
 * The turns in the life of a sequence: begins, runs, loses its blocks, forks, ends. Each turn is
 * taken here and nowhere else, so that blocks, slots and pages have one way in and one way out.
 */
final class Lifecycle {
  private final Core core;
  private final SequenceTable table;

  Lifecycle(Core core) {
    this.core = core;
    table = core.table;
  }

  /** Opens all samples of a request; none is in a list yet. Returns the handle of the first. */
  int open(Request request, long seed, long nowNanos) {
    int leader = table.open(request, seed, nowNanos, core.limits.maxModelLen());
    KvNamespace namespace = new KvNamespace(request.cacheSalt(), request.adapterId(), "");
    for (int handle = leader; handle != NONE; handle = table.nextSample[handle]) {
      core.tokens.open(handle, table.maxNumTokens[handle]);
      core.kvCache.open(handle, namespace, core.canShareBlocks() && !request.skipsCacheRead());
    }
    core.tokens.appendAll(leader, request);
    return leader;
  }

  /** Forgets a request that was opened and then refused: nobody hears of it. */
  void discard(int leader) {
    for (int handle = leader; handle != NONE; handle = table.nextSample[handle]) {
      table.status[handle] = FINISHED;
      core.kvCache.close(handle);
      core.tokens.close(handle);
    }
    table.undoOpen(leader);
  }

  /** Lets an accepted request wait, or stay blocked until somebody unblocks it. */
  void begin(int leader) {
    Request request = table.requestOf(leader);
    core.leaders.put(request.id(), leader);
    core.numUnborn += request.sampling().numSamples() - 1;
    if (request.deadlineNanos() != Request.NO_DEADLINE) {
      for (int handle = leader; handle != NONE; handle = table.nextSample[handle]) {
        core.deadlines.add(handle, request.deadlineNanos());
      }
    }
    if (request.blockReason() == null) {
      core.policy.onAdd(table.view[leader]);
      startWaiting(leader);
    } else {
      table.status[leader] = BLOCKED;
      core.numBlocked++;
      core.policy.onAdd(table.view[leader]);
    }
  }

  void unblock(int handle) {
    core.numBlocked--;
    startWaiting(handle);
  }

  private void startWaiting(int handle) {
    table.status[handle] = WAITING;
    core.waiting.add(handle);
  }

  /** Takes a slot for a sequence that begins to run; the caller lists it. */
  void run(int handle, int numComputed) {
    table.status[handle] = RUNNING;
    table.slot[handle] = core.slots.take();
    table.numComputed[handle] = numComputed;
    table.isPrefill[handle] = true;
    table.isSkipped[handle] = false;
    core.numRunning++;
  }

  /**
   * The one way in which a sequence that goes on loses its blocks. It waits from now on; the caller
   * lists it. Tokens that steps in flight sample for it are still to be delivered.
   */
  void loseBlocks(int handle, PreemptReason reason, long forRequestId, long nowNanos) {
    int numLost = table.numComputed[handle];
    int numBlocks = core.kvCache.numBlocks(handle);
    core.kvCache.release(handle);
    leaveSlot(handle);
    table.numComputed[handle] = 0;
    table.numDrafts[handle] = 0;
    table.numPreemptions[handle]++;
    table.blockEpoch[handle]++;
    table.status[handle] = WAITING;
    table.isPrefill[handle] = true;
    core.numRunning--;
    core.preempted.add(table.requestId[handle]);
    core.stats.numPreemptions++;
    core.listener.onPreempt(table.requestId[handle], table.sampleIndex[handle], forRequestId,
        reason, numLost, numBlocks, nowNanos);
  }

  private void leaveSlot(int handle) {
    if (table.isAttached[handle]) {
      core.slots.leave(table.slot[handle]);
    } else {
      core.slots.giveBack(table.slot[handle]);
    }
    table.slot[handle] = NONE;
    table.isAttached[handle] = false;
  }

  /**
   * Makes full blocks whose tokens are read and computed findable, unless rows alone do that.
   */
  void commitComputed(int handle) {
    if (core.draftBooks == DraftBooks.LAZY) {
      return;
    }
    int numTokens = Math.min(table.numComputed[handle], table.numKnown(handle));
    core.kvCache.commit(handle, core.tokens.view(handle, numTokens), numTokens);
  }

  /** Forgets tokens in flight: they will be sampled again. */
  void discardUnread(int handle) {
    table.numTokens[handle] -= table.numUnread[handle];
    table.numUnread[handle] = 0;
    table.numDraftsInFlight[handle] = 0;
    table.resultEpoch[handle]++;
  }

  /**
   * The prompt of a request with several samples is computed by a step planned now: the other
   * samples begin, sharing its blocks where there is room to run at once. Each computes the last
   * prompt token again, in a block of its own, to sample with its own seed.
   */
  void forkSamples(int leader) {
    int numPrompt = table.numPrompt[leader];
    for (int child = table.nextSample[leader]; child != NONE; child = table.nextSample[child]) {
      if (table.status[child] != UNBORN) {
        continue;
      }
      core.numUnborn--;
      core.tokens.copyAll(leader, child, numPrompt);
      if (core.numFreeSlots() > 0) {
        core.kvCache.fork(leader, child, numPrompt);
        table.writableEnd[leader] = 0; // It shares its last block now.
        run(child, numPrompt - 1);
        core.running.addLast(child);
        core.stats.numForks++;
        core.policy.onAdd(table.view[child]);
      } else {
        core.policy.onAdd(table.view[child]);
        startWaiting(child);
      }
    }
  }

  /** Ends one sample; the last one ends the request. A leader takes the unborn samples along. */
  void finish(int handle, FinishReason reason, int numOutputTokens, long nowNanos) {
    boolean wasBorn = table.status[handle] != UNBORN;
    leaveLists(handle, reason);
    table.status[handle] = FINISHED;
    table.resultEpoch[handle]++;
    table.blockEpoch[handle]++;
    core.deadlines.remove(handle);
    if (wasBorn) {
      core.draftCalls.onFinish(
          table.view[handle], core.tokens.view(handle, table.numKnown(handle)), nowNanos);
    }
    core.kvCache.close(handle);
    core.tokens.close(handle);
    core.released.add(table.requestId[handle]);
    core.stats.numFinished[reason.ordinal()]++;
    if (wasBorn) { // Else the policy has never heard of it.
      core.policy.onFinish(table.view[handle], reason);
    }
    core.listener.onFinish(table.requestId[handle], table.sampleIndex[handle], reason,
        numOutputTokens, nowNanos);
    int leader = table.leader[handle];
    boolean isLast = --table.numLiveSamples[leader] == 0;
    if (isLast) {
      core.leaders.remove(table.requestId[leader]);
      table.closeRequest(leader);
    } else if (handle == leader) {
      finishUnborn(leader, reason, nowNanos);
    }
  }

  private void leaveLists(int handle, FinishReason reason) {
    byte status = table.status[handle];
    if (status == RUNNING) {
      if (reason != FinishReason.ERROR) {
        commitComputed(handle);
      }
      leaveSlot(handle);
      core.numRunning--;
    } else if (status == WAITING) {
      core.waiting.remove(handle);
    } else if (status == BLOCKED) {
      core.numBlocked--;
    } else if (status == UNBORN) {
      core.numUnborn--;
    }
  }

  private void finishUnborn(int leader, FinishReason reason, long nowNanos) {
    int child = table.nextSample[leader];
    while (child != NONE) {
      int next = table.nextSample[child]; // Read before the last one gives the handles back.
      if (table.status[child] == UNBORN) {
        finish(child, reason, 0, nowNanos);
      }
      child = next;
    }
  }
}
