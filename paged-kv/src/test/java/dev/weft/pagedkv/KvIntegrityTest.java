package dev.weft.pagedkv;

import static dev.weft.pagedkv.Texts.compute;
import static dev.weft.pagedkv.Texts.text;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvNamespace;
import dev.weft.testkit.KvCacheConfig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each invariant is broken by hand; the recount must name it. */
class KvIntegrityTest {
  private final PagedKvCache cache = KvCaches.builder(KvCacheConfig.small(12, 4)).build();

  /** Sequence 0 holds two full blocks and a part, 1 one full block; a third text is idle. */
  @BeforeEach
  void fill() {
    compute(cache, 0, text(0, 10));
    compute(cache, 1, text(1, 4));
    compute(cache, 2, text(2, 8));
    cache.release(2);
    cache.checkIntegrity();
  }

  @Test
  void aLostBlockIsNoticed() {
    cache.free.removeUncached(cache.free.first());
    assertNamed("I1");
  }

  @Test
  void aWrongHolderCountIsNoticed() {
    cache.counts.addHolder(cache.block(0, 0));
    assertNamed("I2");
  }

  @Test
  void aWrongPendingCountIsNoticed() {
    cache.counts.addPin(cache.block(0, 0));
    cache.counts.addPin(cache.free.first());
    assertNamed("I2");
  }

  @Test
  void aHeldBlockInTheQueueIsNoticed() {
    cache.free.removeUncached(cache.free.first());
    cache.free.addUncachedAfter(0, cache.block(0, 2));
    assertNamed("I3");
  }

  @Test
  void aBlockThatIsQueuedTwiceIsNoticed() {
    int first = cache.free.first();
    cache.free.removeUncached(first);
    cache.free.addUncachedAfter(0, cache.free.first());
    assertNamed("I3");
  }

  @Test
  void theNullBlockInATableIsNoticed() {
    cache.tables.replace(0, 2, 0);
    assertNamed("I4");
  }

  @Test
  void aPinnedNullBlockIsNoticed() {
    cache.counts.addPin(0);
    assertNamed("I4");
  }

  @Test
  void moreCommittedThanReservedIsNoticed() {
    cache.paths.hold(1, 2);
    assertNamed("I6");
  }

  @Test
  void aTableWithoutEndIsNoticed() {
    for (int i = 0; i < 16; i++) {
      cache.tables.append(1, cache.block(1, 0));
    }
    assertNamed("I6");
  }

  @Test
  void aSharedBlockThatMayBeWrittenIsNoticed() {
    cache.writable.set(0, 0, 4);
    assertNamed("I7");
  }

  @Test
  void aPositionWithoutBlockThatMayBeWrittenIsNoticed() {
    cache.writable.set(0, 100, 1000);
    assertNamed("I7");
  }

  @Test
  void aBlockThatHasTwoPlacesIsNoticed() {
    int block = cache.block(0, 0);
    cache.tables.append(1, block);
    cache.counts.addHolder(block);
    assertNamed("I7");
  }

  @Test
  void aBlockThatWasNotForeseenIsNoticed() {
    int[] order = new int[cache.numFreeBlocks()];
    cache.copyFreeOrder(order);
    cache.counts.addHolder(order[order.length - 2]); // The second block of the idle text.
    cache.match(2, text(2, 9), 9);

    assertThatThrownBy(() -> cache.reserve(2, 8, 9)).isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("I8: sequence 2: 1 blocks foreseen, 2 taken");
  }

  @Test
  void aClosedSequenceWithBlocksIsNoticed() {
    cache.paths.close(0);
    assertNamed("I12");
  }

  @Test
  void aNamespaceThatCannotBeForgottenIsNoticed() {
    cache.namespaces.addUser(cache.paths.root(0));
    assertNamed("I13");
  }

  @Test
  void aBlockWhosePrefixIsGoneIsNoticed() {
    cache.tree.remove(cache.cache.node(cache.block(1, 0)));
    assertNamed("I16");
  }

  @Test
  void aParentCannotGoBeforeItsChildren() {
    int node = cache.cache.node(cache.block(0, 0));
    assertThatThrownBy(() -> cache.tree.remove(node)).hasMessageStartingWith("I16: ");
  }

  @Test
  void aHoleInAHeldPrefixIsNoticed() {
    int first = cache.block(0, 0);
    cache.tables.replace(0, 0, cache.block(1, 0));
    cache.tables.replace(1, 0, first);
    assertNamed("I17");
  }

  @Test
  void aPrefixWithoutBlocksIsNoticed() {
    cache.cache.blocks().remove(cache.block(1, 0));
    assertNamed("I17");
  }

  @Test
  void anIdleCopyBesideAHeldOneIsNoticed() {
    cache.cache.blocks().add(cache.free.first(), cache.cache.node(cache.block(1, 0)));
    int block = cache.free.first();
    cache.free.removeUncached(block);
    cache.free.addCachedLast(0, block);
    assertNamed("I17");
  }

  @Test
  void anIdleBlockAmongTheUncachedIsNoticed() {
    int[] order = new int[cache.numFreeBlocks()];
    cache.copyFreeOrder(order);
    int idle = order[order.length - 1];
    cache.free.removeCached(idle);
    cache.free.addUncachedAfter(0, idle);
    assertNamed("I18");
  }

  @Test
  void aBlockOfAnotherNamespaceIsNoticed() {
    int other = cache.namespaces.open(new KvNamespace("other", 0, ""));
    cache.paths.open(1, other, true);
    assertNamed("I21");
  }

  @Test
  void equalPrefixesBesideEachOtherAreNoticed() {
    int root = PrefixTree.ofRoot(cache.paths.root(1));
    int[] tokens = {1000, 1001, 1002, 1003};
    long hash = cache.tree.hashBelow(cache.tree.hash(root), tokens, 0);
    cache.tree.insert(hash, root, tokens, 0);
    assertNamed("I22");
  }

  @Test
  void aCommittedBlockThatIsNotCachedIsNoticed() {
    cache.paths.hold(0, 3);
    assertNamed("I24");
  }

  @Test
  void anIdleParentOfAHeldBlockIsNoticed() {
    int node = cache.cache.node(cache.block(0, 0));
    cache.cache.blocks().remove(cache.block(0, 0));
    int block = cache.free.first();
    cache.cache.blocks().add(block, node);
    cache.free.removeUncached(block);
    cache.free.addCachedLast(0, block);
    assertNamed("I25");
  }

  private void assertNamed(String invariant) {
    assertThatThrownBy(cache::checkIntegrity)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(invariant + ": ");
  }
}
