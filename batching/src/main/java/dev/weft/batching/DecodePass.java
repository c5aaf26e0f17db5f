package dev.weft.batching;

import static dev.weft.batching.SequenceTable.ASKS_OF_ROWS;
import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;

import dev.weft.schedulerapi.Grant;

/**
 * Plans rows of decodes one after another, for as long as nothing has to be decided. Most need not
 * even be asked about: no mask, no adapter, and all they write goes into blocks that they hold
 * alone. Those are planned in one loop over the columns of the {@link SequenceTable}, without a
 * call; between them come those that take a block or fill one.
 */
final class DecodePass {
  private final Core core;
  private final SequenceTable table;
  private final DraftBlocks draftBlocks;
  private final int numExtra;

  DecodePass(Core core, DraftBlocks draftBlocks) {
    this.core = core;
    this.draftBlocks = draftBlocks;
    table = core.table;
    numExtra = core.limits.numExtraRowTokens();
  }

  /** See {@link Step#scheduleDecodes}. */
  int schedule(Step step, int from, int maxNumTokens) {
    boolean hasShape = core.spec.mixesPrefillAndDecode() || step.numPrefillRows == 0;
    int next = from;
    while (hasShape) {
      next = addQuietRows(step, next, maxNumTokens);
      if (next == core.running.size()
          || !tryRow(step, core.running.handleAt(next), maxNumTokens)) {
        break;
      }
      next++;
    }
    return next;
  }

  /** Adds rows that need nothing of the cache; returns the place of the first other one. */
  private int addQuietRows(Step step, int from, int maxNumTokens) {
    SequenceTable t = table;
    PlanBuffer plan = step.plan;
    int[] handles = core.running.handles();
    int size = core.running.size();
    int row = plan.numRows;
    int maxNumRows = plan.maxNumRows();
    int left = step.tokensLeft - numExtra;
    int i = from;
    for (; i < size && row < maxNumRows; i++) {
      int handle = handles[i];
      if (!isDecode(handle)) {
        break;
      }
      int start = t.numComputed[handle];
      int numTokens = step.numPending(handle, start);
      if (numTokens <= 0) {
        continue;
      }
      if (numTokens > maxNumTokens || numTokens > left
          || start + numTokens > t.writableEnd[handle] || start + 1 >= t.nextFull[handle]) {
        break;
      }
      plan.setDecode(row, handle, start, numTokens);
      t.row[handle] = row++;
      left -= numTokens + numExtra;
    }
    count(step, row - plan.numRows, step.tokensLeft - numExtra - left);
    return i;
  }

  private void count(Step step, int numAdded, int numTokensUsed) {
    step.plan.numRows += numAdded;
    step.plan.totalTokens += numTokensUsed - numAdded * numExtra;
    step.tokensLeft -= numTokensUsed;
    step.numRows += numAdded;
    step.numDecodeRows += numAdded;
    core.stats.numGrants[Grant.GRANTED.ordinal()] += numAdded;
  }

  private boolean isDecode(int handle) {
    return table.status[handle] == RUNNING && table.row[handle] == NONE
        && !table.isPrefill[handle] && (table.asks[handle] & ASKS_OF_ROWS) == 0;
  }

  /** A decode that takes a block or fills one; what is refused is counted when it is asked for. */
  private boolean tryRow(Step step, int handle, int maxNumTokens) {
    if (!isDecode(handle) || step.plan.isFull()) {
      return false;
    }
    int start = table.numComputed[handle];
    int numTokens = step.numPending(handle, start);
    if (numTokens < 1 || numTokens > Math.min(maxNumTokens, step.tokenBudget())) {
      return false;
    }
    numTokens = 1 + draftBlocks.numAllowed(step, handle, start, 1, numTokens - 1);
    int end = start + numTokens;
    boolean takesBlocks = end > table.writableEnd[handle];
    int numOldBlocks = takesBlocks ? core.kvCache.numBlocks(handle) : 0;
    if (takesBlocks && !step.takeBlocks(handle, start, end)) {
      return false;
    }
    if (start + 1 >= table.nextFull[handle]) {
      step.commit(handle, end);
    }
    int row = step.plan.numRows;
    step.plan.setDecode(row, handle, start, numTokens);
    table.row[handle] = row;
    count(step, 1, numTokens + numExtra);
    if (takesBlocks) {
      step.plan.setNumOldBlocks(row, numOldBlocks);
      step.noteCopies(row);
    }
    return true;
  }
}
