package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvCache;
import dev.weft.testkit.KvAgreement;
import dev.weft.testkit.KvCacheConfig;
import dev.weft.testkit.KvCacheContract;

class PagedKvCacheContractTest extends KvCacheContract {
  @Override
  protected KvCache create(KvCacheConfig wanted) {
    return KvCaches.builder(wanted).build();
  }

  @Override
  protected KvAgreement agreement() {
    return KvAgreement.BLOCK_IDS;
  }
}
