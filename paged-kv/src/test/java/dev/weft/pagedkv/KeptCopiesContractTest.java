package dev.weft.pagedkv;

import dev.weft.schedulerapi.KvCache;
import dev.weft.testkit.KvAgreement;
import dev.weft.testkit.KvCacheConfig;
import dev.weft.testkit.KvCacheContract;
import dev.weft.testkit.KvCacheModel;

/** Idle equal blocks stay cached beside each other; half of the hash bits collide. */
class KeptCopiesContractTest extends KvCacheContract {
  @Override
  protected KvCache create(KvCacheConfig wanted) {
    return KvCaches.builder(wanted).keepingCopies().hashMask(0x5).anchorDistance(1).build();
  }

  @Override
  protected KvCache model(KvCacheConfig config) {
    return KvCacheModel.keepingCopies(config);
  }

  @Override
  protected KvAgreement agreement() {
    return KvAgreement.BLOCK_IDS;
  }
}
