package dev.weft.pagedkv;

import static dev.weft.pagedkv.Texts.resume;
import static dev.weft.pagedkv.Texts.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.KvNamespace;
import dev.weft.testkit.KvCacheConfig;
import org.junit.jupiter.api.Test;

class NamespacesTest {
  private final PagedKvCache cache = KvCaches.builder(KvCacheConfig.small(4, 4)).build();

  private static KvNamespace tenant(int number) {
    return new KvNamespace("tenant " + number, 0, "");
  }

  @Test
  void aNamespaceIsForgottenWithItsLastSequenceWhenNothingIsCached() {
    cache.open(0, tenant(0), true);
    cache.open(1, tenant(0), true);
    cache.close(0);
    assertThat(cache.namespaces.size()).isEqualTo(1);

    cache.close(1);
    assertThat(cache.namespaces.size()).as("I13").isZero();
  }

  @Test
  void aNamespaceStaysWhileABlockOfItIsCached() {
    cache.open(0, tenant(0), true);
    resume(cache, 0, text(0, 8));
    cache.close(0);
    assertThat(cache.namespaces.size()).isEqualTo(1);
    cache.open(1, tenant(0), true);
    assertThat(cache.match(1, text(0, 8), 8)).isEqualTo(4);
    cache.close(1);

    cache.clearPrefixes();
    assertThat(cache.namespaces.size()).as("I13").isZero();
  }

  @Test
  void thousandsOfTenantsInTurnCostAsManyNamespacesAsThereAreBlocks() {
    for (int i = 0; i < 5000; i++) {
      cache.open(0, tenant(i), true);
      resume(cache, 0, text(0, 8));
      cache.close(0);
      assertThat(cache.namespaces.size()).isLessThanOrEqualTo(4);
    }
    assertThat(cache.namespaces.numRoots()).isLessThanOrEqualTo(8);
    cache.checkIntegrity();
  }
}
