package dev.weft.pagedkv;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvLayout;

/** Describes a {@link PagedKvCache}: its pool, its limits and how it caches. */
public final class PagedKvCacheBuilder {
  private static final int MAX_NUM_BLOCKS = 1 << 20;

  KvLayout layout = KvLayout.fullAttention(16);
  int numBlocks = 1 << 10;
  int maxNumSequences = 1 << 10;
  int maxNumHolders = 1 << 8;
  int maxNumBlocksPerSequence = 1 << 8;
  boolean cachesPrefixes = true;
  boolean keepsCopies;
  int numDroppedHitBlocks;
  EvictionRank evictionRank = EvictionRank.LEAST_RECENTLY_USED;
  long hashSeed;
  long hashMask = -1;
  int anchorDistance = 128;

  PagedKvCacheBuilder() {}

  /** What a block holds; one group of layers with full attention. */
  public PagedKvCacheBuilder layout(KvLayout layout) {
    boolean isServed = layout.groups().size() == 1
        && layout.groups().get(0).kind() == KvLayout.GroupKind.FULL_ATTENTION;
    if (!isServed) {
      throw new IllegalArgumentException("layout with groups " + layout.groups()
          + ", only one of FULL_ATTENTION is served");
    }
    this.layout = layout;
    return this;
  }

  /** Blocks of the pool with the null block 0, which is never handed out: 2 to 2^20. */
  public PagedKvCacheBuilder numBlocks(int numBlocks) {
    this.numBlocks = inRange("numBlocks", numBlocks, 2, MAX_NUM_BLOCKS);
    return this;
  }

  /** Sequences that are open at once: their handles are smaller than this. */
  public PagedKvCacheBuilder maxNumSequences(int maxNumSequences) {
    this.maxNumSequences = inRange("maxNumSequences", maxNumSequences, 1, Integer.MAX_VALUE - 8);
    return this;
  }

  /** Sequences that hold blocks at once. */
  public PagedKvCacheBuilder maxNumHolders(int maxNumHolders) {
    this.maxNumHolders = inRange("maxNumHolders", maxNumHolders, 1, Integer.MAX_VALUE - 8);
    return this;
  }

  /** Length of a block table. */
  public PagedKvCacheBuilder maxNumBlocksPerSequence(int maxNumBlocksPerSequence) {
    this.maxNumBlocksPerSequence =
        inRange("maxNumBlocksPerSequence", maxNumBlocksPerSequence, 1, Integer.MAX_VALUE - 8);
    return this;
  }

  /** Nothing is ever found or told. */
  public PagedKvCacheBuilder withoutPrefixes() {
    cachesPrefixes = false;
    return this;
  }

  /** Equal blocks stay cached beside each other when they are idle, as in vLLM. */
  public PagedKvCacheBuilder keepingCopies() {
    keepsCopies = true;
    return this;
  }

  /** Blocks at the end of a hit that are computed again: a drafter needs the states there. */
  public PagedKvCacheBuilder numDroppedHitBlocks(int numDroppedHitBlocks) {
    this.numDroppedHitBlocks = inRange("numDroppedHitBlocks", numDroppedHitBlocks, 0, 1 << 10);
    return this;
  }

  /** Which idle cached blocks are forgotten first. */
  public PagedKvCacheBuilder evictionRank(EvictionRank evictionRank) {
    this.evictionRank = evictionRank;
    return this;
  }

  /** Moves prefixes to other buckets, so that nobody can aim at one. Changes no decision. */
  public PagedKvCacheBuilder hashSeed(long hashSeed) {
    this.hashSeed = hashSeed;
    return this;
  }

  /** Bits of the hash that are used; 0 makes all prefixes collide. */
  PagedKvCacheBuilder hashMask(long hashMask) {
    this.hashMask = hashMask;
    return this;
  }

  /** How far above the end of a match it is walked again when its end was forgotten. */
  PagedKvCacheBuilder anchorDistance(int anchorDistance) {
    this.anchorDistance = anchorDistance;
    return this;
  }

  /** Allocates the cache. */
  public PagedKvCache build() {
    requireArray("numBlocks x block size", numBlocks, layout.blockSize());
    requireArray("maxNumBlocksPerSequence x block size", maxNumBlocksPerSequence,
        layout.blockSize());
    requireArray("maxNumHolders x maxNumBlocksPerSequence", maxNumHolders, maxNumBlocksPerSequence);
    return new PagedKvCache(this);
  }

  private static int inRange(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          field + " is " + value + ", must be " + min + " to " + max);
    }
    return value;
  }

  private static void requireArray(String product, int a, int b) {
    if ((long) a * b > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(product + " is " + (long) a * b + ", must be "
          + (Integer.MAX_VALUE - 8) + " at most");
    }
  }
}
