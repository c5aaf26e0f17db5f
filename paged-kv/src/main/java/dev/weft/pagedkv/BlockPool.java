package dev.weft.pagedkv;

/**
 * Hands out blocks and takes them back. A block is held by sequences, pending (pinned, but held by
 * nobody) or free; a free block that is cached is <em>idle</em> and stays so until its memory is
 * wanted.
 */
final class BlockPool {
  private final BlockCounts counts;
  private final FreeQueue free;
  private final PrefixCache cache;
  private long numEvictions;

  BlockPool(BlockCounts counts, FreeQueue free, PrefixCache cache) {
    this.counts = counts;
    this.free = free;
    this.cache = cache;
  }

  /** Hands out a free block; what it cached is forgotten. */
  int take() {
    int block = free.first();
    if (cache.isCached(block)) {
      numEvictions += cache.forget(block);
    }
    free.removeUncached(block); // It is one now.
    counts.addHolder(block);
    return block;
  }

  /** One more sequence holds a block that is held already. */
  void share(int block) {
    counts.addHolder(block);
  }

  /** Lets a sequence hold the block that serves a node. */
  int adopt(int node) {
    int block = cache.block(node);
    if (counts.isFree(block)) {
      free.removeCached(block);
    }
    counts.addHolder(block);
    cache.countHit(node);
    return block;
  }

  /**
   * One sequence less holds the block.
   *
   * @param left the uncached block that came back before it in the same release, 0 for none
   * @return this block if it came back uncached, else {@code left}
   */
  int giveBack(int block, int left) {
    if (counts.numHolders(block) > 1) {
      counts.removeHolder(block);
      return left;
    }
    if (cache.isSpare(block)) {
      cache.dropSpare(block);
    }
    int rank = rank(block);
    counts.removeHolder(block);
    return counts.isFree(block) ? becomeFree(block, rank, left) : left;
  }

  void pin(int block) {
    counts.addPin(block);
  }

  void unpin(int block) {
    boolean becomesFree = counts.numPins(block) == 1 && !counts.isHeld(block);
    int rank = becomesFree ? rank(block) : 0;
    counts.removePin(block);
    if (becomesFree) {
      becomeFree(block, rank, 0);
    }
  }

  private int rank(int block) {
    return cache.isCached(block) ? cache.rank(block) : 0;
  }

  private int becomeFree(int block, int rank, int left) {
    if (cache.isCached(block)) {
      free.addCachedLast(rank, block);
      return left;
    }
    free.addUncachedAfter(left, block);
    return block;
  }

  /** Blocks that can be handed out: all but the null block. */
  int numBlocks() {
    return counts.numBlocks() - 1;
  }

  int numFree() {
    return free.size();
  }

  /** Blocks that can be handed out and that nobody can find. */
  int numUncachedFree() {
    return free.numUncached();
  }

  long numEvictions() {
    return numEvictions;
  }
}
