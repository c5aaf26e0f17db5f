package dev.weft.testkit;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SchedulerStats;

/** Checks that no KV block is lost or counted twice. */
public final class BooksChecker {
  private static final double ROUNDING = 1e-6;
  private final KvCache kvCache;

  public BooksChecker(KvCache kvCache) {
    this.kvCache = kvCache;
  }

  /**
   * Lets the cache recount itself, and recounts its blocks from outside.
   *
   * @throws AssertionError naming the invariant that does not hold
   */
  public void check() {
    try {
      kvCache.checkIntegrity();
    } catch (IllegalStateException e) {
      throw new AssertionError(e.getMessage(), e);
    }
    int numHeld = numHeld();
    int numFree = kvCache.numFreeBlocks();
    int numPending = kvCache.numPendingBlocks();
    if (numHeld + numFree + numPending != kvCache.numBlocks()) {
      throw new AssertionError("I1: " + numHeld + " blocks held + " + numFree + " free + "
          + numPending + " pending, of " + kvCache.numBlocks());
    }
  }

  /** Checks the share of blocks in use that is shown. */
  public void check(SchedulerStats stats) {
    check();
    double expected = 1 - (double) kvCache.numFreeBlocks() / kvCache.numBlocks();
    if (!(Math.abs(stats.kvUsage() - expected) <= ROUNDING)) { // Written so that NaN fails as well.
      throw new AssertionError("I14: kvUsage is " + stats.kvUsage() + ", recounted " + expected);
    }
  }

  /** Checks that all blocks came back, when nothing is live any more. */
  public void checkAllFree() {
    check();
    if (kvCache.numFreeBlocks() != kvCache.numBlocks()) {
      throw new AssertionError("I13: " + kvCache.numFreeBlocks() + " blocks free of "
          + kvCache.numBlocks() + " after everything ended");
    }
  }

  private int numHeld() {
    int numHeld = 0;
    for (int block = 1; block <= kvCache.numBlocks(); block++) {
      numHeld += kvCache.numHolders(block) > 0 ? 1 : 0;
    }
    return numHeld;
  }
}
