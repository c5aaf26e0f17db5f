package dev.weft.schedulerapi;

/**
 * Told what the prefix cache can serve, so that a router outside can send a request where its
 * prefix is. Replayed into an empty index, the events give the content of the cache. Called on the
 * scheduler thread; must not call the cache. Event numbers ascend by one, so that a gap is seen.
 */
public interface KvEventListener {
  /** Ignores everything. */
  KvEventListener NONE = new KvEventListener() {};

  /**
   * A block can be found from now on.
   *
   * @param key       names the block's whole prefix; given once, never again
   * @param parentKey key of the block before it; 0 for a first block
   * @param tokens    the block's own ids at {@code offset} to {@code offset + numTokens - 1}; valid
   *                  during the call
   */
  default void onStored(long eventNumber, long key, long parentKey, KvNamespace namespace,
      int[] tokens, int offset, int numTokens) {}

  /** A block cannot be found any more; its children were removed before it. */
  default void onRemoved(long eventNumber, long key) {}

  /** No block can be found any more. */
  default void onCleared(long eventNumber) {}
}
