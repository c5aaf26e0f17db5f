package dev.weft.testkit;

import dev.weft.schedulerapi.KvCache;

/** Counts nothing; knows the share of blocks in use. */
final class NaiveStats extends ZeroStats {
  private final KvCache kvCache;

  NaiveStats(KvCache kvCache) {
    this.kvCache = kvCache;
  }

  @Override public double kvUsage() {
    return 1 - (double) kvCache.numFreeBlocks() / kvCache.numBlocks();
  }
}
