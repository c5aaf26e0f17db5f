package dev.weft.batching;

import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;
import static dev.weft.batching.SequenceTable.UNBORN;

import dev.weft.schedulerapi.FinishReason;
import java.util.Arrays;

/**
 * Ends the planning of a step: copies into the plan what the executor reads, counts what is planned
 * as computed, and brings the lists to the state after the step.
 */
final class PlanFreezer {
  private static final int ON_DEVICE = -1;
  private static final int PLACEHOLDER = -1;
  private final Core core;
  private final SequenceTable table;
  private final Lifecycle lifecycle;
  /** Tokens of the rows frozen so far. */
  private int numTokensCopied;

  PlanFreezer(Core core, Lifecycle lifecycle) {
    this.core = core;
    table = core.table;
    this.lifecycle = lifecycle;
  }

  void freeze(PlanBuffer plan, Step step) {
    plan.compact(table);
    freezeRows(plan, step.nowNanos);
    writeTables(plan);
    writeCopiedBlocks(plan);
    core.stats.numBlockCopies += plan.numBlockCopies();
    settleLists(step);
    forkSamples(plan);
    failMasks(step);
    core.slots.detachInto(plan, plan.stepId);
    report(plan);
  }

  private void freezeRows(PlanBuffer plan, long nowNanos) {
    numTokensCopied = 0;
    int row = 0;
    while (row < plan.numRows) {
      row = freezeDecodes(plan, row, nowNanos);
      if (row < plan.numRows) {
        nameRow(plan, row);
        plan.setFirstToken(row, numTokensCopied);
        numTokensCopied = copyTokens(plan, row, numTokensCopied);
        attach(plan, row);
        advance(plan, row++, nowNanos);
      }
    }
  }

  /** Nobody reads an empty plan: what it would report stays for the next one. */
  private void report(PlanBuffer plan) {
    plan.preempted.clear();
    plan.released.clear();
    if (!plan.isEmpty()) {
      core.preempted.moveTo(plan.preempted);
      core.released.moveTo(plan.released);
    }
  }

  /** The same as for any row, where there is nothing to attach; one loop. */
  private int freezeDecodes(PlanBuffer plan, int from, long nowNanos) {
    SequenceTable t = table;
    int at = numTokensCopied;
    long numRecomputed = 0;
    int row = from;
    for (; row < plan.numRows && plan.isDecode[row]; row++) {
      nameRow(plan, row);
      plan.setFirstToken(row, at);
      int handle = plan.handle[row];
      int start = plan.start[row];
      int numDrafts = plan.numDrafts[row];
      int numTokens = t.numTokens[handle];
      plan.tokens[at++] = t.numUnread[handle]++ == 0 ? core.tokens.last(handle) : ON_DEVICE;
      if (numDrafts > 0) {
        core.drafts.copyTokens(handle, plan.tokens, at, numDrafts);
        plan.drafts.add(row, handle, core.drafts, numDrafts);
        at += numDrafts;
      }
      int end = start + 1 + numDrafts;
      int seen = t.maxComputed[handle];
      numRecomputed += Math.max(0, Math.min(end, seen) - start);
      t.row[handle] = NONE;
      t.lastRowNanos[handle] = nowNanos;
      t.numDrafts[handle] = 0;
      t.numComputed[handle] = end;
      t.maxComputed[handle] = Math.max(seen, Math.min(end, numTokens));
      t.numTokens[handle] = numTokens + 1;
      t.numDraftsInFlight[handle] = numDrafts;
    }
    core.stats.numScheduledTokens += at - numTokensCopied;
    numTokensCopied = at;
    core.stats.numRecomputedTokens += numRecomputed;
    return row;
  }

  private void nameRow(PlanBuffer plan, int row) {
    int handle = plan.handle[row];
    plan.slot[row] = table.slot[handle];
    plan.requestId[row] = table.requestId[handle];
    plan.sampleIndex[row] = table.sampleIndex[handle];
    plan.resultEpoch[row] = table.resultEpoch[handle];
    plan.blockEpoch[row] = table.blockEpoch[handle];
  }

  /** Known tokens first, then the one that is still on the device, then drafts or placeholders. */
  private int copyTokens(PlanBuffer plan, int row, int firstToken) {
    int handle = plan.handle[row];
    int start = plan.start[row];
    int end = start + plan.numRowTokens[row];
    int at = firstToken;
    int numKnown = Math.max(0, Math.min(end, table.numKnown(handle)) - start);
    if (numKnown > 0) {
      core.tokens.copy(handle, start, plan.tokens, at, numKnown);
      at += numKnown;
    }
    int position = start + numKnown;
    if (position < end && position < table.numTokens[handle]) {
      plan.tokens[at++] = ON_DEVICE;
      position++;
    }
    copyDrafts(plan, row, at);
    return at + end - position;
  }

  private void copyDrafts(PlanBuffer plan, int row, int at) {
    int numDrafts = plan.numDrafts[row];
    if (numDrafts > 0 && plan.isPadded[row]) {
      Arrays.fill(plan.tokens, at, at + numDrafts, PLACEHOLDER);
      plan.drafts.addPlaceholders(row);
    } else if (numDrafts > 0) {
      core.drafts.copyTokens(plan.handle[row], plan.tokens, at, numDrafts);
      plan.drafts.add(row, plan.handle[row], core.drafts, numDrafts);
    }
  }

  private void attach(PlanBuffer plan, int row) {
    int handle = plan.handle[row];
    if (!table.isAttached[handle]) {
      table.isAttached[handle] = true;
      attach(plan, handle, plan.slot[row]);
      plan.numOldBlocks[row] = 0;
    }
  }

  private void attach(PlanBuffer plan, int handle, int slot) {
    plan.attachedSlot.add(slot);
    plan.attachedHandle.add(handle);
    plan.attachedSample.add(table.sampleIndex[handle]);
    plan.attachedSeed.add(table.seed[handle]);
    plan.addAttachedRequest(table.requestOf(handle));
    plan.attachedFirstToken.add(plan.attachedTokens.size());
    if (table.requestOf(handle).sampling().hasPenalties()) {
      int numKnown = table.numKnown(handle);
      for (int position = 0; position < numKnown; position++) {
        plan.attachedTokens.add(core.tokens.token(handle, position));
      }
    }
  }

  private void writeTables(PlanBuffer plan) {
    for (int row = 0; row < plan.numRows; row++) {
      if (plan.numOldBlocks[row] != PlanBuffer.ALL_OLD) {
        int handle = plan.handle[row];
        int numBlocks = core.kvCache.numBlocks(handle);
        for (int i = plan.numOldBlocks[row]; i < numBlocks; i++) {
          plan.addWrite(plan.slot[row], i, core.kvCache.block(handle, i));
        }
      }
    }
  }

  /** A copy replaced a block in the part of the table that the device knows already. */
  private static void writeCopiedBlocks(PlanBuffer plan) {
    for (int i = 0; i < plan.copySource.size(); i++) {
      int row = plan.copyRow.get(i);
      int index = plan.copyTableIndex.get(i);
      if (index < plan.numOldBlocks[row]) {
        plan.addWrite(plan.slot[row], index, plan.copyTarget.get(i));
      }
    }
  }

  private void advance(PlanBuffer plan, int row, long nowNanos) {
    int handle = plan.handle[row];
    table.lastRowNanos[handle] = nowNanos;
    int start = plan.start[row];
    int end = start + plan.numRowTokens[row];
    boolean isSampled = plan.isSampled[row];
    core.stats.numScheduledTokens += end - start;
    core.stats.numRecomputedTokens += Math.max(0, Math.min(end, table.maxComputed[handle]) - start);
    core.stats.numChunkedRows += isSampled ? 0 : 1;
    table.row[handle] = NONE;
    table.numDrafts[handle] = 0;
    table.numComputed[handle] = end;
    table.maxComputed[handle] =
        Math.max(table.maxComputed[handle], Math.min(end, table.numTokens[handle]));
    table.isPrefill[handle] = !isSampled;
    if (isSampled) {
      table.numTokens[handle]++;
      table.numUnread[handle]++;
      table.numDraftsInFlight[handle] = plan.numDrafts[row];
    }
  }

  private void settleLists(Step step) {
    for (int i = 0; i < step.preempted.size(); i++) {
      int handle = step.preempted.get(i);
      table.row[handle] = NONE;
      core.waiting.add(handle);
    }
    if (step.preempted.size() > 0) {
      core.running.retain();
    }
    for (int i = 0; i < step.admitted.size(); i++) {
      int handle = step.admitted.get(i);
      table.row[handle] = NONE;
      if (table.status[handle] == RUNNING) {
        core.waiting.remove(handle);
        core.running.addLast(handle);
      }
    }
  }

  private void forkSamples(PlanBuffer plan) {
    for (int row = 0; row < plan.numRows && core.numUnborn > 0; row++) {
      int handle = plan.handle[row];
      int next = table.nextSample[handle];
      if (plan.isSampled[row] && next != NONE && table.leader[handle] == handle
          && table.status[next] == UNBORN) {
        lifecycle.forkSamples(handle);
      }
    }
  }

  private void failMasks(Step step) {
    for (int i = 0; i < step.failedMasks.size(); i++) {
      int handle = step.failedMasks.get(i);
      table.row[handle] = NONE;
      lifecycle.finish(handle, FinishReason.ERROR, table.numOutput(handle), step.nowNanos());
    }
    if (step.failedMasks.size() > 0) {
      core.running.retain();
    }
  }
}
