package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.KvCache;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A cache under test and the model, driven side by side. */
final class KvCachePair {
  private final KvCache cache;
  private final KvCacheDriver driver;
  private final KvCacheDriver modelDriver;
  private final KvAgreement agreement;
  private int numSeenEvents;

  KvCachePair(KvCache cache, KvCache model, KvCacheConfig config, KvAgreement agreement) {
    this.cache = cache;
    this.agreement = agreement;
    driver = new KvCacheDriver(cache, config);
    modelDriver = new KvCacheDriver(model, config);
  }

  void apply(KvAction action) {
    List<Integer> answer = driver.apply(action);
    cache.checkIntegrity();
    checkBooks(driver.snapshot());
    if (agreement != KvAgreement.BOOKS) {
      assertThat(answer).as("answer, as the model's").isEqualTo(modelDriver.apply(action));
      compare(driver.snapshot(), modelDriver.snapshot());
    }
  }

  /** Ends all sequences and transfers: everything is free again. */
  void closeAll() {
    driver.closeAll();
    cache.checkIntegrity();
    assertThat(cache.numFreeBlocks()).as("I13: free at the end").isEqualTo(cache.numBlocks());
    assertThat(cache.clearPrefixes()).as("I26: cleared at the end").isTrue();
    cache.checkIntegrity();
  }

  private void checkBooks(KvCacheSnapshot seen) {
    Map<Integer, Integer> holders = new HashMap<>();
    seen.tables().values().forEach(table -> table.forEach(b -> holders.merge(b, 1, Integer::sum)));
    for (int block = 1; block <= cache.numBlocks(); block++) {
      assertThat(seen.numHolders().get(block - 1)).as("I2: holders of block %d", block)
          .isEqualTo(holders.getOrDefault(block, 0));
    }
    assertThat(holders).as("I4: held blocks").doesNotContainKey(0);
    assertThat(seen.numFree() + seen.numPending() + holders.size())
        .as("I1: free, pending and held").isEqualTo(cache.numBlocks());
    assertThat(seen.numCached()).as("I72: cached blocks").isEqualTo(driver.index().size());
  }

  private void compare(KvCacheSnapshot own, KvCacheSnapshot expected) {
    if (agreement == KvAgreement.COUNTS) {
      assertThat(own.withoutIds()).as("as the model, but for ids").isEqualTo(expected.withoutIds());
      return;
    }
    assertThat(own).as("as the model").isEqualTo(expected);
    List<String> events = driver.index().log();
    List<String> expectedEvents = modelDriver.index().log();
    assertThat(events.subList(numSeenEvents, events.size())).as("events, as the model's")
        .isEqualTo(expectedEvents.subList(numSeenEvents, expectedEvents.size()));
    numSeenEvents = events.size();
  }
}
