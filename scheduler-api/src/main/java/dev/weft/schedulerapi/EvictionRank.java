package dev.weft.schedulerapi;

/**
 * Says how long an idle cached block should stay: of two, the one with the smaller rank is
 * forgotten first; among equals the one that was used least recently. Whatever it answers, a block
 * stays at least as long as the blocks that continue it.
 */
@FunctionalInterface
public interface EvictionRank {
  /** Ranks are 0 to this, exclusive. */
  int NUM_RANKS = 8;

  /** Least recently used first. */
  EvictionRank LEAST_RECENTLY_USED = (blockIndex, numHits) -> 0;

  /**
   * Ranks a block that becomes idle.
   *
   * @param blockIndex its place in its prefix, from 0
   * @param numHits    how often it was adopted from the cache
   * @return 0 to {@link #NUM_RANKS} - 1
   */
  int rank(int blockIndex, int numHits);
}
