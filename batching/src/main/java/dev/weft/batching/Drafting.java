package dev.weft.batching;

import static dev.weft.batching.SequenceTable.RUNNING;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceView;
import java.util.Arrays;

/**
 * Has drafts made for the sequences that were sampled since it last did: first the policy chooses
 * how many each should get, then the drafter is shown those that can take any.
 *
 * <p>Drafts leave room for what is known. With exact books they get at most what one known token
 * of every running sequence leaves of the budget of a step, and half of that while prompts are to
 * be computed; what is chosen beyond is cut where it is longest.
 */
final class Drafting implements DraftLengths {
  private final Core core;
  private final SequenceTable table;
  private final DraftCalls calls;
  private final PendingDrafts batch;
  private final IntColumn handles = new IntColumn();
  /** Result epoch of each listed handle: another one means that its sequence ended. */
  private final IntColumn epochs = new IntColumn();
  private final boolean[] isListed;
  /** By draft length: how many sequences have it. */
  private final int[] numOfLength;
  /** Drafts that one sequence may have, by limits and drafter. */
  private int most;
  private long nowNanos;
  private boolean isChoosing;

  Drafting(Core core, DraftMasks masks) {
    this.core = core;
    table = core.table;
    calls = core.draftCalls;
    batch = new PendingDrafts(core, this, masks);
    isListed = new boolean[core.limits.maxNumHandles()];
    numOfLength = new int[core.limits.maxNumDraftTokens() + 1];
  }

  /** Lists the sequences that an applied plan sampled and that are still there. */
  void list(PlanBuffer applied, long now) {
    most = Math.min(core.limits.maxNumDraftTokens(), calls.maxNumDraftTokens(now));
    if (most == 0) {
      return;
    }
    for (int row = 0; row < applied.numRows; row++) {
      int handle = applied.handle[row];
      if (applied.isSampled[row] && !isListed[handle] && table.status[handle] == RUNNING
          && applied.resultEpoch[row] == table.resultEpoch[handle]) {
        isListed[handle] = true;
        handles.add(handle);
        epochs.add(table.resultEpoch[handle]);
      }
    }
  }

  /** Forgets who was sampled: a step has been planned meanwhile. */
  void clear() {
    for (int i = 0; i < handles.size(); i++) {
      isListed[handles.get(i)] = false;
    }
    handles.shrink(0);
    epochs.shrink(0);
  }

  /** Chooses lengths and has drafts made. */
  void run(long now) {
    nowNanos = now;
    dropGone();
    if (handles.size() > 0) {
      core.inputs.onDraft(now);
      isChoosing = true;
      calls.choose(this);
      isChoosing = false;
      for (int i = 0; i < handles.size(); i++) {
        table.draftLength[handles.get(i)] = draftLength(i);
      }
      if (core.draftBooks == DraftBooks.EXACT) {
        cutToBudget();
      }
      batch.begin(handles);
      if (batch.numSequences() > 0) {
        calls.propose(batch, now);
      }
      batch.end();
    }
  }

  /** Strikes off who has ended or lost its blocks since it was listed. */
  private void dropGone() {
    int kept = 0;
    for (int i = 0; i < handles.size(); i++) {
      int handle = handles.get(i);
      if (table.status[handle] == RUNNING && table.resultEpoch[handle] == epochs.get(i)) {
        handles.set(kept, handle);
        epochs.set(kept++, table.resultEpoch[handle]);
      } else {
        isListed[handle] = false;
      }
    }
    handles.shrink(kept);
    epochs.shrink(kept);
  }

  private void cutToBudget() {
    int numKnown = core.numRunning * (1 + core.limits.numExtraRowTokens());
    int numLeft = Math.max(0, core.caps.maxNumBatchedTokens() - numKnown);
    int longest = longestWithin(hasPrompts() ? numLeft / 2 : numLeft);
    for (int i = 0; i < handles.size(); i++) {
      int handle = handles.get(i);
      table.draftLength[handle] = Math.min(table.draftLength[handle], longest);
    }
  }

  private boolean hasPrompts() {
    if (core.waiting.size() > 0) {
      return true;
    }
    int size = core.running.size();
    for (int i = size - 1; i >= 0; i--) { // Prompts are most likely at the end.
      if (table.isPrefill[core.running.handleAt(i)]) {
        return true;
      }
    }
    return false;
  }

  /** The largest length to which all can be cut so that their sum is within the limit. */
  private int longestWithin(int limit) {
    Arrays.fill(numOfLength, 0);
    for (int i = 0; i < handles.size(); i++) {
      numOfLength[table.draftLength[handles.get(i)]]++;
    }
    long sum = 0;
    int numLonger = handles.size();
    for (int length = 0; length < numOfLength.length; length++) {
      sum += length == 0 ? 0 : numLonger;
      if (sum > limit) {
        return length - 1;
      }
      numLonger -= numOfLength[length];
    }
    return numOfLength.length - 1;
  }

  /** Drafts that a sequence has room for. */
  int room(int handle) {
    int wanted = Math.min(most, table.requestOf(handle).maxNumDraftTokens());
    if (core.draftBooks == DraftBooks.LAZY) {
      return wanted;
    }
    int beforeLast = table.maxNumTokens[handle] - 1 - table.numTokens[handle];
    return Math.max(0, Math.min(wanted, beforeLast));
  }

  // ---- the policy's view

  @Override public int numSequences() {
    return handles.size();
  }

  @Override public SequenceView sequence(int index) {
    return table.view[handles.get(index)];
  }

  @Override public int maxNumDraftTokens(int index) {
    return room(handles.get(index));
  }

  @Override public int draftLength(int index) {
    int handle = handles.get(index);
    return Math.min(table.chosenLength[handle], room(handle));
  }

  @Override public void set(int index, int numDraftTokens) {
    if (!isChoosing) {
      throw new IllegalStateException("lengths are set in DraftLengthPolicy.choose alone");
    }
    int handle = handles.get(index);
    if (numDraftTokens < 0 || numDraftTokens > room(handle)) {
      throw new IllegalArgumentException(table.name(handle) + ": draft length is "
          + numDraftTokens + ", must be 0 to " + room(handle));
    }
    if (table.chosenLength[handle] != numDraftTokens) {
      core.inputs.onDraftLength(index, numDraftTokens);
      table.chosenLength[handle] = numDraftTokens;
    }
  }

  @Override public int numRunning() {
    return core.numRunning;
  }

  @Override public int numWaiting() {
    return core.waiting.size();
  }

  @Override public int maxNumBatchedTokens() {
    return core.caps.maxNumBatchedTokens();
  }

  @Override public SchedulerLimits limits() {
    return core.limits;
  }

  @Override public long nowNanos() {
    return nowNanos;
  }
}
