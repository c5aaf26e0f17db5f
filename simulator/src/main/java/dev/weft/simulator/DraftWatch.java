package dev.weft.simulator;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * Watches what becomes of drafts: counts what rarely happens to them, and checks that they evict
 * nobody (I62) and that no row has more than its request allows (I65).
 */
final class DraftWatch implements SchedulerListener {
  private final KvCache kvCache;
  private final DraftBooks books;
  private final Coverage coverage;
  /** By handle: tokens of the row granted in this step; 0 for none. */
  private final int[] numGranted;
  private final ArrayDeque<Row[]> inFlight = new ArrayDeque<>();
  private final Map<Long, Integer> mostDrafts = new HashMap<>();

  DraftWatch(Scenario scenario, KvCache kvCache, DraftBooks books, Coverage coverage) {
    this.kvCache = kvCache;
    this.books = books;
    this.coverage = coverage;
    numGranted = new int[scenario.limits.maxNumHandles()];
  }

  // ---- while a step is planned

  /**
   * Grants rows of at most so many tokens by a call, to sequences of the list; counts what their
   * drafts lost at once, and checks what they evicted.
   */
  int grant(
      StepBuilder step, SequenceList list, int from, int mostTokens, IntSupplier call) {
    int[] numAsked = new int[list.size()];
    int[] numNeeded = new int[list.size()];
    for (int i = from; i < numAsked.length; i++) {
      SequenceView sequence = list.get(i);
      if (sequence.status() != SequenceStatus.FINISHED && !sequence.isScheduled()) {
        int numPending = step.numPendingTokens(sequence);
        int numKnown = Math.min(mostTokens, numPending - sequence.numDraftTokens());
        if (numKnown > 0) { // Else the step has something to say, and must be asked.
          numAsked[i] = Math.min(mostTokens, numPending);
          numNeeded[i] = step.numBlocksNeeded(
              sequence, step.numPositions(step.startPosition(sequence) + numKnown));
        }
      }
    }
    int numFree = kvCache.numFreeBlocks();
    long numEvictions = kvCache.numEvictions();
    int answer = call.getAsInt();
    int numRows = 0;
    int numForKnown = 0;
    for (int i = from; i < numAsked.length; i++) {
      if (numAsked[i] > 0 && list.get(i).isScheduled()) {
        noteGrant(step, list.get(i), numAsked[i]);
        numForKnown += numNeeded[i];
        numRows++;
      }
    }
    int numForDrafts = numFree - kvCache.numFreeBlocks() - numForKnown;
    boolean evicts = kvCache.numEvictions() > numEvictions;
    if (books == DraftBooks.EXACT && numRows == 1 && evicts && numForDrafts > 0) {
      throw new AssertionError("I62: a row that evicts takes " + numForDrafts
          + " blocks for drafts");
    }
    return answer;
  }

  private void noteGrant(StepBuilder step, SequenceView sequence, int numAsked) {
    int numTokens = step.numScheduledTokens(sequence);
    numGranted[sequence.handle()] = numTokens;
    coverage.numDraftsCut += numTokens < numAsked && sequence.numDraftTokens() > 0 ? 1 : 0;
  }

  /** A policy is done: counts who lost drafts behind its grant, and who awaits its token. */
  void afterPolicy(StepBuilder step) {
    SequenceList running = step.running();
    for (int i = 0; i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      if (sequence.isScheduled()) {
        int numLost = numGranted[sequence.handle()] - step.numScheduledTokens(sequence);
        coverage.numDraftsTakenBack += numLost > 0 ? 1 : 0;
      } else if (awaitsToken(step, sequence)) {
        coverage.numHeld++;
      }
    }
    Arrays.fill(numGranted, 0);
  }

  private boolean awaitsToken(StepBuilder step, SequenceView sequence) {
    return sequence.status() == SequenceStatus.RUNNING && sequence.numUnreadTokens() > 0
        && sequence.numTokens() < sequence.maxNumTokens() && step.numPendingTokens(sequence) == 0
        && !hasDraftsInFlight(sequence);
  }

  private boolean hasDraftsInFlight(SequenceView sequence) {
    for (Row[] rows : inFlight) {
      for (Row row : rows) {
        if (row.tokens.length > 0 && row.requestId == sequence.requestId()
            && row.sampleIndex == sequence.sampleIndex()) {
          return true;
        }
      }
    }
    return false;
  }

  // ---- steps

  /** Takes in a plan that is not empty. */
  void onSubmit(StepPlan plan) {
    Row[] rows = new Row[plan.numRows()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new Row(plan, i);
      int most = mostDrafts.getOrDefault(plan.requestId(i), Integer.MAX_VALUE);
      if (!plan.hasPlaceholders(i) && rows[i].tokens.length > most) {
        throw new AssertionError("I65: request " + plan.requestId(i) + " has "
            + rows[i].tokens.length + " drafts, wants " + most);
      }
      coverage.numDraftTrees += plan.hasDraftTree(i) ? 1 : 0;
      coverage.numDistributions += rows[i].hasDistribution ? 1 : 0;
      coverage.numMaskedDrafts += plan.hasMask(i) ? rows[i].tokens.length : 0;
    }
    inFlight.add(rows);
  }

  /** Takes in a result that is about to be applied. */
  void onResult(StepResult result) {
    Row[] rows = inFlight.remove();
    for (int i = 0; i < rows.length; i++) {
      coverage.numBranchesAccepted += rows[i].acceptsLaterSibling(result, i) ? 1 : 0;
    }
  }

  /** The executor died with all steps in flight. */
  void onDeviceLost() {
    inFlight.clear();
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    mostDrafts.put(request.id(), request.maxNumDraftTokens());
  }

  @Override public void onDraftingFailure(RuntimeException failure, long nowNanos) {
    coverage.numDraftingFailures++;
  }

  /** The drafts of one row in flight. */
  private static final class Row {
    private final long requestId;
    private final int sampleIndex;
    private final int[] tokens;
    private final int[] parents;
    private final boolean hasDistribution;

    private Row(StepPlan plan, int row) {
      requestId = plan.requestId(row);
      sampleIndex = plan.sampleIndex(row);
      tokens = new int[plan.numDraftTokens(row)];
      parents = new int[tokens.length];
      boolean hasAny = false;
      for (int draft = 0; draft < tokens.length; draft++) {
        tokens[draft] = plan.token(row, plan.numTokens(row) - tokens.length + draft);
        parents[draft] = plan.draftParent(row, draft);
        hasAny |= plan.numDraftChoices(row, draft) > 0;
      }
      hasDistribution = hasAny;
    }

    /** True when a draft was accepted that is not the first one of its parent. */
    private boolean acceptsLaterSibling(StepResult result, int row) {
      int at = -1;
      boolean passesBy = false;
      for (int i = 0; i < result.numTokens(row) - 1; i++) {
        int next = at + 1;
        while (parents[next] != at || tokens[next] != result.token(row, i)) {
          passesBy |= parents[next++] == at;
        }
        at = next;
      }
      return passesBy;
    }
  }
}
