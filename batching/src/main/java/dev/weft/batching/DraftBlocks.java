package dev.weft.batching;

import static dev.weft.batching.SequenceTable.RUNNING;

import dev.weft.schedulerapi.DraftBooks;

/**
 * Keeps drafts from taking blocks that somebody else needs: they open blocks only while some are
 * free that cache nothing, and give them back before anybody is refused a block. So drafts evict no
 * cached prefix, preempt nobody, and no known token does without because of them.
 *
 * <p>Cost O(1) for a row whose blocks are there, else that of asking the cache; O(running) where
 * blocks have run out. Does nothing with lazy books, whose owner wants the decisions of vLLM.
 */
final class DraftBlocks {
  private final Core core;
  private final SequenceTable table;
  private final boolean isActive;

  DraftBlocks(Core core) {
    this.core = core;
    table = core.table;
    isActive = core.limits.maxNumDraftTokens() > 0 && core.draftBooks == DraftBooks.EXACT;
  }

  /**
   * How many of a row's drafts may be computed.
   *
   * @param numKnown tokens of the row that are no drafts
   */
  int numAllowed(Step step, int handle, int start, int numKnown, int numDrafts) {
    int knownEnd = start + numKnown;
    if (!isActive || numDrafts == 0 || knownEnd + numDrafts <= table.writableEnd[handle]) {
      return numDrafts;
    }
    int numPositions = step.numPositions(knownEnd);
    int forKnown = core.kvCache.numBlocksNeeded(handle, start, numPositions);
    int forAll =
        core.kvCache.numBlocksNeeded(handle, start, step.numPositions(knownEnd + numDrafts));
    if (forAll == forKnown || forAll <= core.kvCache.numUncachedFreeBlocks()) {
      return numDrafts;
    }
    return Math.min(numDrafts, numThatFit(knownEnd, numBlocks(numPositions)));
  }

  /** Drafts behind a position for which there is room in so many blocks. */
  private int numThatFit(int knownEnd, int numBlocks) {
    int end = numBlocks * core.blockSize() - core.limits.numLookaheadTokens();
    return Math.max(0, end - knownEnd);
  }

  private int numBlocks(int numPositions) {
    return (numPositions + core.blockSize() - 1) / core.blockSize();
  }

  /**
   * Takes back blocks that only drafts use, if that is enough for a row: rows of this step lose the
   * drafts that lie there, other sequences hold them for drafts that were rejected. Drafts in
   * flight keep theirs.
   *
   * @return false when there are too few, and nothing was changed
   */
  boolean takeBack(Step step, int forHandle, int numNeeded) {
    int numMissing = numNeeded - core.kvCache.numFreeBlocks();
    if (!isActive || !canTakeBack(step, forHandle, numMissing)) {
      return false;
    }
    for (int i = core.running.size() - 1; i >= 0 && numMissing > 0; i--) {
      int handle = core.running.handleAt(i);
      int numFreed = handle == forHandle ? 0 : numToTakeBack(step, handle);
      if (numFreed > 0) {
        takeBack(step, handle);
        numMissing -= numFreed;
      }
    }
    return true;
  }

  private boolean canTakeBack(Step step, int forHandle, int numMissing) {
    int numLeft = numMissing;
    for (int i = core.running.size() - 1; i >= 0 && numLeft > 0; i--) {
      int handle = core.running.handleAt(i);
      numLeft -= handle == forHandle ? 0 : numToTakeBack(step, handle);
    }
    return numLeft <= 0;
  }

  /** Blocks of a sequence that only drafts use and that become free when it gives them back. */
  private int numToTakeBack(Step step, int handle) {
    int row = table.row[handle];
    if (table.status[handle] != RUNNING || table.numDraftsInFlight[handle] > 0
        || (row >= 0 && step.plan.isPadded[row])) { // Placeholders give a row its shape.
      return 0;
    }
    int numFreed = 0;
    for (int i = core.kvCache.numBlocks(handle) - 1; i >= numKept(step, handle); i--) {
      int block = core.kvCache.block(handle, i);
      numFreed +=
          core.kvCache.numHolders(block) == 1 && !core.kvCache.isPinned(block) ? 1 : 0;
    }
    return numFreed;
  }

  private void takeBack(Step step, int handle) {
    int numKept = numKept(step, handle);
    if (table.row[handle] >= 0) {
      step.cutDrafts(table.row[handle], numThatFit(knownEnd(step, handle), numKept));
    }
    core.kvCache.truncate(handle, numKept * core.blockSize());
    core.noteBlocks(handle);
  }

  private int numKept(Step step, int handle) {
    return numBlocks(step.numPositions(knownEnd(step, handle)));
  }

  /** Behind the last position of a sequence that is computed, or planned, for a known token. */
  private int knownEnd(Step step, int handle) {
    int row = table.row[handle];
    return row < 0 ? table.numComputed[handle]
        : step.plan.start[row] + step.plan.numRowTokens[row] - step.plan.numDrafts[row];
  }
}
