package dev.weft.testkit;

import dev.weft.schedulerapi.EvictionRank;

/**
 * The KV cache that a test wants.
 *
 * @param numBlocks               blocks that can be handed out; the null block comes on top
 * @param blockSize               positions of a block
 * @param maxNumSequences         handles are smaller than this
 * @param maxNumHolders           sequences that hold blocks at once
 * @param maxNumBlocksPerSequence longest block table
 * @param cachesPrefixes          false when nothing is to be found
 * @param evictionRank            how long idle cached blocks stay; never null
 */
public record KvCacheConfig(
    int numBlocks,
    int blockSize,
    int maxNumSequences,
    int maxNumHolders,
    int maxNumBlocksPerSequence,
    boolean cachesPrefixes,
    EvictionRank evictionRank) {
  /** A small pool that caches prefixes and evicts the least recently used ones. */
  public static KvCacheConfig small(int numBlocks, int blockSize) {
    return new KvCacheConfig(
        numBlocks, blockSize, 6, 6, 16, true, EvictionRank.LEAST_RECENTLY_USED);
  }

  /** Most positions of one sequence. */
  int maxNumTokens() {
    return maxNumBlocksPerSequence * blockSize;
  }
}
