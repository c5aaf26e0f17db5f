package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvLayout;
import dev.weft.testkit.KvCacheConfig;

/** Caches for tests. */
final class KvCaches {
  private KvCaches() {}

  static PagedKvCacheBuilder builder(KvCacheConfig wanted) {
    PagedKvCacheBuilder builder = PagedKvCache.builder()
        .layout(KvLayout.fullAttention(wanted.blockSize()))
        .numBlocks(wanted.numBlocks() + 1)
        .maxNumSequences(wanted.maxNumSequences())
        .maxNumHolders(wanted.maxNumHolders())
        .maxNumBlocksPerSequence(wanted.maxNumBlocksPerSequence())
        .evictionRank(wanted.evictionRank());
    return wanted.cachesPrefixes() ? builder : builder.withoutPrefixes();
  }
}
