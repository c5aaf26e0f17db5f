package dev.weft.pagedkv;

import static dev.weft.pagedkv.Texts.compute;
import static dev.weft.pagedkv.Texts.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvNamespace;
import dev.weft.testkit.KvCacheConfig;
import org.junit.jupiter.api.Test;

class ReservationsTest {
  private final PagedKvCache cache = KvCaches.builder(KvCacheConfig.small(12, 4)).build();

  @Test
  void aReservationThatTakesMoreThanForeseenIsNoticed() {
    compute(cache, 0, text(0, 8));
    int last = cache.block(0, 1);
    cache.release(0);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.match(1, text(0, 9), 9);
    cache.free.removeUncached(last);
    cache.counts.addHolder(last);

    assertThatThrownBy(() -> cache.reserve(1, 8, 8)).hasMessageStartingWith("I8: ");
  }

  @Test
  void whatIsAskedForWronglyIsNamedWithItsLimits() {
    compute(cache, 5, text(0, 10));
    assertThatThrownBy(() -> cache.reserve(5, 13, 14))
        .hasMessage("sequence 5: 13 as start position, must be 0 to 12");
    assertThatThrownBy(() -> cache.reserve(5, 10, 65))
        .hasMessage("sequence 5: 65 tokens to reserve, must be 0 to 64");
    assertThatThrownBy(() -> cache.commit(5, text(0, 13), 13))
        .hasMessage("sequence 5: 13 tokens to commit, must be 0 to 12");
    assertThatThrownBy(() -> cache.release(4)).hasMessage("sequence 4 is not open");
  }

  @Test
  void aMatchThatWasForgottenCannotBeReserved() {
    compute(cache, 0, text(0, 8));
    cache.open(1, KvNamespace.PLAIN, true);
    cache.match(1, text(0, 9), 9);
    cache.release(0);
    cache.clearPrefixes();

    assertThatThrownBy(() -> cache.reserve(1, 8, 9))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("sequence 1: what it matched was forgotten since, match again");
    assertThat(cache.numFreeBlocks()).isEqualTo(12);
  }

  @Test
  void aSharedBlockCannotBeCommittedWithOtherTokens() {
    cache.open(0, KvNamespace.PLAIN, true);
    cache.reserve(0, 0, 8);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.fork(0, 1, 8);
    cache.commit(0, text(0, 8), 8);

    assertThatThrownBy(() -> cache.commit(1, text(1, 8), 8))
        .isInstanceOf(IllegalStateException.class).hasMessageContaining("other tokens");
    cache.commit(1, text(0, 8), 8);
    assertThat(cache.numCachedBlocks()).isEqualTo(2);
    cache.checkIntegrity();
  }

  @Test
  void aForkOfAnotherNamespaceIsRefused() {
    compute(cache, 0, text(0, 8));
    cache.open(1, new KvNamespace("other", 0, ""), true);

    assertThatThrownBy(() -> cache.fork(0, 1, 8)).isInstanceOf(IllegalArgumentException.class);
    assertThat(cache.numBlocks(1)).isZero();
  }
}
