package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvCache;
import dev.weft.testkit.KvAgreement;
import dev.weft.testkit.KvCacheConfig;
import dev.weft.testkit.KvCacheContract;

/** All prefixes have the same hash: nothing changes but the time it takes (I22). */
class CollidingHashContractTest extends KvCacheContract {
  @Override
  protected KvCache create(KvCacheConfig wanted) {
    return KvCaches.builder(wanted).hashMask(0).anchorDistance(3).build();
  }

  @Override
  protected KvAgreement agreement() {
    return KvAgreement.BLOCK_IDS;
  }
}
