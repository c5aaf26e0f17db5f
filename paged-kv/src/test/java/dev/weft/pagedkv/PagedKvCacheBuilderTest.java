package dev.weft.pagedkv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.KvLayout.Group;
import dev.weft.schedulerapi.KvLayout.GroupKind;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.testkit.KvCacheConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class PagedKvCacheBuilderTest {
  private static final Group FULL = new Group(GroupKind.FULL_ATTENTION, 1, 0);
  private static final Group WINDOW = new Group(GroupKind.SLIDING_WINDOW, 1, 64);

  @Test
  void onlyOneGroupWithFullAttentionIsServed() {
    List<List<Group>> unserved =
        List.of(List.of(WINDOW), List.of(FULL, WINDOW), List.of(FULL, FULL));
    for (List<Group> groups : unserved) {
      KvLayout layout = new KvLayout(16, groups);
      assertThatThrownBy(() -> PagedKvCache.builder().layout(layout))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("only one of FULL_ATTENTION is served");
    }
  }

  @Test
  void sizesOutOfRangeAreRefusedByName() {
    PagedKvCacheBuilder builder = PagedKvCache.builder();
    assertThatThrownBy(() -> builder.numBlocks(1)).hasMessage(
        "numBlocks is 1, must be 2 to 1048576");
    assertThatThrownBy(() -> builder.maxNumHolders(0)).hasMessageContaining("maxNumHolders is 0");
    builder.maxNumHolders(1 << 16).maxNumBlocksPerSequence(1 << 16);
    assertThatThrownBy(builder::build).hasMessageContaining(
        "maxNumHolders x maxNumBlocksPerSequence is 4294967296");
  }

  @Test
  void theLimitOfHoldersIsKept() {
    KvCacheConfig small = KvCacheConfig.small(8, 4);
    PagedKvCache cache = KvCaches.builder(small).maxNumHolders(1).build();
    cache.open(0, KvNamespace.PLAIN, true);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.reserve(0, 0, 4);
    assertThatThrownBy(() -> cache.reserve(1, 0, 4)).isInstanceOf(IllegalStateException.class)
        .hasMessage("sequence 1 cannot hold blocks: 1 sequences do, which is the limit");
    assertThatThrownBy(() -> cache.fork(0, 1, 4)).isInstanceOf(IllegalStateException.class);
    cache.checkIntegrity();

    cache.release(0);
    assertThat(cache.reserve(1, 0, 4)).isTrue();
  }

  @Test
  void theLastBlocksOfAHitCanBeDropped() {
    PagedKvCache cache =
        KvCaches.builder(KvCacheConfig.small(8, 4)).numDroppedHitBlocks(1).build();
    Texts.compute(cache, 0, Texts.text(0, 12));
    cache.open(1, KvNamespace.PLAIN, true);
    assertThat(cache.match(1, Texts.text(0, 12), 12)).isEqualTo(4);
    assertThat(cache.numBlocksNeeded(1, 4, 12)).isEqualTo(2);
    assertThat(cache.reserve(1, 4, 12)).isTrue();
    cache.commit(1, Texts.text(0, 12), 12);

    assertThat(cache.block(1, 0)).isEqualTo(cache.block(0, 0));
    assertThat(cache.block(1, 1)).isNotEqualTo(cache.block(0, 1));
    cache.checkIntegrity();
  }
}
