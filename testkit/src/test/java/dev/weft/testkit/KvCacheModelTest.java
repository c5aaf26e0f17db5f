package dev.weft.testkit;

import dev.weft.schedulerapi.KvCache;

/** The model alone keeps the contract, too. */
class KvCacheModelTest extends KvCacheContract {
  @Override
  protected KvCache create(KvCacheConfig wanted) {
    return new KvCacheModel(wanted);
  }
}
