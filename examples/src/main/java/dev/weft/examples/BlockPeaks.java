package dev.weft.examples;

import dev.weft.schedulerapi.KvCache;

/** The most KV blocks that were held, and that were held by more than one sequence, at any look. */
final class BlockPeaks {
  private final KvCache kvCache;
  private int numHeldBlocks;
  private int numSharedBlocks;

  BlockPeaks(KvCache kvCache) {
    this.kvCache = kvCache;
  }

  /** Counts again; cost O(blocks). */
  void look() {
    int numShared = 0;
    for (int block = 1; block <= kvCache.numBlocks(); block++) {
      numShared += kvCache.numHolders(block) > 1 ? 1 : 0;
    }
    numSharedBlocks = Math.max(numSharedBlocks, numShared);
    numHeldBlocks = Math.max(numHeldBlocks, kvCache.numBlocks() - kvCache.numFreeBlocks());
  }

  int numBlocks() {
    return kvCache.numBlocks();
  }

  int numHeldBlocks() {
    return numHeldBlocks;
  }

  int numSharedBlocks() {
    return numSharedBlocks;
  }
}
