package dev.weft.pagedkv;

import static dev.weft.pagedkv.Texts.branch;
import static dev.weft.pagedkv.Texts.compute;
import static dev.weft.pagedkv.Texts.found;
import static dev.weft.pagedkv.Texts.resume;
import static dev.weft.pagedkv.Texts.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.EvictionRank;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.testkit.KvCacheConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvictionTest {
  private static PagedKvCache cache(int numBlocks) {
    return KvCaches.builder(KvCacheConfig.small(numBlocks, 4)).build();
  }

  private static PagedKvCache cache(int numBlocks, EvictionRank rank) {
    return KvCaches.builder(KvCacheConfig.small(numBlocks, 4)).evictionRank(rank).build();
  }

  private static int[] order(PagedKvCache cache) {
    int[] order = new int[cache.numFreeBlocks()];
    cache.copyFreeOrder(order);
    return order;
  }

  @Test
  void blocksAreHandedOutInAscendingOrderAtFirst() {
    PagedKvCache cache = cache(4);
    assertThat(order(cache)).containsExactly(1, 2, 3, 4);
    assertThat(cache.numFreeBlocks()).as("I14: usage 0").isEqualTo(cache.numBlocks());

    compute(cache, 0, text(0, 16));
    assertThat(cache.numFreeBlocks()).as("I14: usage 1").isZero();
  }

  @Test
  void uncachedBlocksGoFirstAndTheLastBlockBeforeTheOnesItContinues() {
    PagedKvCache cache = cache(6);
    compute(cache, 0, text(0, 10));
    cache.release(0);

    assertThat(order(cache)).containsExactly(3, 4, 5, 6, 2, 1);
  }

  @Test
  void theLeastRecentlyUsedPrefixIsForgottenLeavesFirst() {
    PagedKvCache cache = cache(5);
    compute(cache, 0, text(0, 8));
    compute(cache, 1, text(1, 8));
    cache.release(1);
    cache.release(0);
    resume(cache, 1, text(1, 9));
    cache.release(1);
    cache.open(2, new KvNamespace("other", 0, ""), true);
    assertThat(cache.reserve(2, 0, 8)).isTrue();

    assertThat(found(cache, 3, text(0, 8))).isEqualTo(4);
    assertThat(found(cache, 3, text(1, 8))).isEqualTo(8);
    assertThat(cache.numEvictions()).isEqualTo(1);
  }

  @Test
  void aSmallerRankGoesFirst() {
    PagedKvCache cache = cache(4, (blockIndex, numHits) -> numHits > 0 ? 5 : 1);
    compute(cache, 0, text(0, 8));
    cache.release(0);
    resume(cache, 0, branch(0, 8, 9, 9));
    cache.release(0);
    compute(cache, 1, text(1, 4));
    cache.release(1);
    compute(cache, 2, text(2, 8));

    assertThat(found(cache, 3, text(0, 8))).as("adopted once").isEqualTo(8);
    assertThat(found(cache, 3, text(1, 4))).as("used later, but never adopted").isZero();
  }

  @Test
  void whateverTheRankAParentStaysAsLongAsItsChildren() {
    PagedKvCache cache = cache(6, (blockIndex, numHits) -> blockIndex);
    compute(cache, 0, text(0, 16));
    cache.release(0);
    cache.open(1, new KvNamespace("other", 0, ""), true);
    for (int numFound = 16; numFound > 0; numFound -= 4) {
      assertThat(found(cache, 3, text(0, 16))).as("I25").isEqualTo(numFound);
      cache.reserve(1, 0, 8 + 20 - numFound);
    }
  }

  @Test
  void aRankOutOfRangeIsRefusedBeforeTheBlockIsGivenBack() {
    PagedKvCache cache = cache(6, (blockIndex, numHits) -> EvictionRank.NUM_RANKS);
    compute(cache, 0, text(0, 8));

    assertThatThrownBy(() -> cache.release(0)).hasMessage("eviction rank is 8, must be 0 to 7");
    assertThat(cache.numBlocks(0)).isEqualTo(2);
    cache.checkIntegrity();
  }

  @Test
  void hitsCountAdoptionsAndNothingElse() {
    List<Integer> hits = new ArrayList<>();
    PagedKvCache cache = cache(3, (blockIndex, numHits) -> {
      hits.add(numHits);
      return 0;
    });
    compute(cache, 0, text(0, 4));
    cache.open(1, KvNamespace.PLAIN, true);
    cache.match(1, branch(0, 4, 1, 16), 16);
    cache.match(1, branch(0, 4, 1, 16), 16);
    assertThat(cache.reserve(1, 4, 16)).as("too large").isFalse();
    cache.release(0);
    assertThat(hits).as("I27").containsExactly(0);

    assertThat(cache.reserve(1, 4, 8)).isTrue();
    cache.release(1);
    assertThat(hits).as("I27").containsExactly(0, 1);
  }

  @Test
  void afterAnUnpinWhatContinuesABlockIsForgottenWithIt() {
    PagedKvCache cache = cache(3);
    compute(cache, 0, text(0, 12));
    int last = cache.block(0, 2);
    cache.pin(last);
    cache.release(0);
    cache.unpin(last);
    assertThat(order(cache)).containsExactly(2, 1, 3);

    cache.open(1, new KvNamespace("other", 0, ""), true);
    assertThat(cache.reserve(1, 0, 4)).isTrue();
    assertThat(cache.block(1, 0)).isEqualTo(2);
    assertThat(found(cache, 3, text(0, 12))).as("I16").isEqualTo(4);
    assertThat(order(cache)).as("uncached first").containsExactly(3, 1);
    assertThat(cache.numEvictions()).isEqualTo(2);
    cache.checkIntegrity();
  }

  @Test
  void ofEqualBlocksTheHeldOneStaysFindable() {
    PagedKvCache cache = cache(4);
    twins(cache);
    cache.release(0);
    assertThat(order(cache)).as("worth nothing beside the other copy").containsExactly(2, 1);
    assertThat(found(cache, 3, text(0, 8))).isEqualTo(8);

    cache.release(1);
    assertThat(order(cache)).containsExactly(2, 1, 4, 3);
    assertThat(cache.numCachedBlocks()).isEqualTo(2);
    cache.checkIntegrity();
  }

  @Test
  void anIdleBlockGivesWayToANewHeldOneWithEqualContent() {
    PagedKvCache cache = cache(4);
    compute(cache, 0, text(0, 4));
    cache.release(0);
    cache.open(1, KvNamespace.PLAIN, false);
    assertThat(cache.reserve(1, 0, 4)).isTrue();
    cache.commit(1, text(0, 4), 4);

    assertThat(order(cache)).containsExactly(1, 3, 4);
    assertThat(cache.isCached(1)).isFalse();
    assertThat(cache.isCached(2)).isTrue();
    assertThat(found(cache, 3, text(0, 4))).isEqualTo(4);
  }

  @Test
  void equalIdleBlocksStayWhenCopiesAreKept() {
    PagedKvCache cache = KvCaches.builder(KvCacheConfig.small(4, 4)).keepingCopies().build();
    twins(cache);
    cache.release(0);
    cache.release(1);

    assertThat(order(cache)).containsExactly(2, 1, 4, 3);
    assertThat(cache.numCachedBlocks()).isEqualTo(2);
    assertThat(List.of(1, 2, 3, 4)).allMatch(cache::isCached);
    cache.checkIntegrity();
  }

  @Test
  void aWithdrawnCopyLeavesTheOtherOneFindable() {
    PagedKvCache cache = cache(4);
    twins(cache);
    assertThat(cache.uncommit(0, 0)).isTrue();

    assertThat(found(cache, 3, text(0, 8))).isEqualTo(8);
    assertThat(cache.isCached(cache.block(0, 0))).isFalse();
    cache.checkIntegrity();
  }

  /** Two sequences compute the same two blocks side by side. */
  private static void twins(PagedKvCache cache) {
    for (int sequence = 0; sequence < 2; sequence++) {
      cache.open(sequence, KvNamespace.PLAIN, true);
      assertThat(cache.reserve(sequence, 0, 8)).isTrue();
    }
    cache.commit(0, text(0, 8), 8);
    cache.commit(1, text(0, 8), 8);
    assertThat(cache.numCachedBlocks()).isEqualTo(2);
  }
}
