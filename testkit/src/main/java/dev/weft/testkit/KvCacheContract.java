package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvNamespace;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/**
 * What every {@link KvCache} must do; a test of a cache extends this. Random lives of sequences are
 * applied to the cache and, as far as {@link #agreement} says, to {@link KvCacheModel}; after each
 * action the books are recounted.
 */
public abstract class KvCacheContract {
  private static final KvNamespace OTHER_TENANT = new KvNamespace("other", 0, "");

  /** For the test class that extends it. */
  protected KvCacheContract() {}

  /** Makes a cache as wanted; it may allow more sequences. */
  protected abstract KvCache create(KvCacheConfig wanted);

  /** How far the cache agrees with {@link #model}. */
  protected KvAgreement agreement() {
    return KvAgreement.BOOKS;
  }

  /** What the cache is compared with. */
  protected KvCache model(KvCacheConfig config) {
    return new KvCacheModel(config);
  }

  /** Configurations for the random tests; override to fix what the cache cannot choose. */
  @Provide
  protected Arbitrary<KvCacheConfig> kvConfigs() {
    return KvActions.configs();
  }

  @Provide
  Arbitrary<List<KvAction>> kvActions() {
    return KvActions.lists();
  }

  @Property(tries = 1000)
  void everyLifeOfSequencesKeepsTheBooks(
      @ForAll("kvConfigs") KvCacheConfig config, @ForAll("kvActions") List<KvAction> actions) {
    KvCachePair pair = new KvCachePair(create(config), model(config), config, agreement());
    actions.forEach(pair::apply);
    pair.closeAll();
  }

  // ---- finding

  @Test
  void aPrefixIsFoundByOthersAsSoonAsItIsCommitted() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 12);
    cache.open(1, KvNamespace.PLAIN, true);

    assertThat(cache.match(1, new KvTokens(0, 16), 13)).isEqualTo(12);
    assertThat(cache.numCachedBlocks()).isEqualTo(3);
  }

  @Test
  void theLastTokenIsNeverFound() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 12);
    cache.open(1, KvNamespace.PLAIN, true);

    assertThat(cache.match(1, new KvTokens(0, 16), 12)).as("I20").isEqualTo(8);
    assertThat(cache.match(1, new KvTokens(0, 16), 0)).as("I20").isZero();
  }

  @Test
  void onlyEqualTokensAreFound() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    KvTokens text = new KvTokens(0, 16);
    compute(cache, 0, KvNamespace.PLAIN, 16);
    cache.open(1, KvNamespace.PLAIN, true);
    for (int numShared = 0; numShared < 16; numShared++) {
      KvTokens other = new KvTokens(text, numShared, 1);
      int numEqual = 0;
      while (numEqual < 15 && other.token(numEqual) == text.token(numEqual)) {
        numEqual++;
      }
      assertThat(cache.match(1, other, 16)).as("I22").isEqualTo(numEqual / 4 * 4);
      cache.close(1);
      cache.open(1, KvNamespace.PLAIN, true);
    }
  }

  @Test
  void equalTokensInAnotherNamespaceAreNotFound() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, OTHER_TENANT, 12);
    List<KvNamespace> others = List.of(KvNamespace.PLAIN, new KvNamespace("other", 1, ""),
        new KvNamespace("other", 0, "image"), new KvNamespace("othe", 0, "r"));
    for (int i = 0; i < others.size(); i++) {
      cache.open(i + 1, others.get(i), true);
      assertThat(cache.match(i + 1, new KvTokens(0, 16), 13)).as("I21: %s", others.get(i)).isZero();
    }

    cache.open(5, OTHER_TENANT, true);
    assertThat(cache.match(5, new KvTokens(0, 16), 13)).as("I21").isEqualTo(12);
  }

  @Test
  void aSequenceThatMustNotReadFindsNothingButIsFound() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, false);
    assertThat(cache.match(1, new KvTokens(1, 16), 9)).isZero();
    assertThat(cache.reserve(1, 0, 12)).isTrue();
    cache.commit(1, new KvTokens(0, 16), 12);
    cache.open(2, KvNamespace.PLAIN, true);

    assertThat(cache.match(2, new KvTokens(0, 16), 13)).isEqualTo(12);
  }

  @Test
  void aMatchGrowsWithTheCacheAndShrinksWithIt() {
    KvCache cache = create(KvCacheConfig.small(4, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, true);
    KvTokens tokens = new KvTokens(0, 16);
    assertThat(cache.match(1, tokens, 16)).isEqualTo(8);

    assertThat(cache.reserve(0, 8, 12)).isTrue();
    cache.commit(0, tokens, 12);
    assertThat(cache.match(1, tokens, 16)).as("after a commit").isEqualTo(12);

    cache.release(0);
    cache.open(2, OTHER_TENANT, true);
    assertThat(cache.reserve(2, 0, 8)).isTrue();
    assertThat(cache.match(1, tokens, 16)).as("after an eviction").isLessThan(12);
  }

  @Test
  void nothingIsFoundWhenPrefixesAreNotCached() {
    KvCacheConfig small = KvCacheConfig.small(8, 4);
    KvCache cache = create(new KvCacheConfig(8, 4, 6, 6, 16, false, small.evictionRank()));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, true);

    assertThat(cache.match(1, new KvTokens(0, 16), 16)).isZero();
    assertThat(cache.numCachedBlocks()).isZero();
  }

  // ---- holding

  @Test
  void aRefusedReservationChangesNothing() {
    KvCache cache = create(KvCacheConfig.small(4, 4));
    compute(cache, 0, KvNamespace.PLAIN, 12);

    assertThat(cache.numBlocksNeeded(0, 12, 24)).isEqualTo(3);
    assertThat(cache.reserve(0, 12, 24)).as("I9").isFalse();
    assertThat(cache.numBlocks(0)).as("I9").isEqualTo(3);
    assertThat(cache.numFreeBlocks()).as("I9").isEqualTo(1);
  }

  @Test
  void aRefusedReservationLeavesTheCopiesOfTheGrantedOne() {
    KvCache cache = create(KvCacheConfig.small(4, 4));
    compute(cache, 0, KvNamespace.PLAIN, 6);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.fork(0, 1, 6);
    assertThat(cache.reserve(1, 6, 7)).isTrue();

    assertThat(cache.reserve(0, 6, 24)).isFalse();
    assertThat(cache.numCopies()).as("I9").isEqualTo(1);
  }

  @Test
  void anAdoptedIdleBlockUsesUpAFreeOne() {
    KvCache cache = create(KvCacheConfig.small(4, 4));
    compute(cache, 0, KvNamespace.PLAIN, 12);
    cache.release(0);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.match(1, new KvTokens(0, 16), 13);

    assertThat(cache.numBlocksNeeded(1, 12, 13)).as("I8").isEqualTo(4);
    assertThat(cache.reserve(1, 12, 13)).isTrue();
    assertThat(cache.numFreeBlocks()).as("I8").isZero();
  }

  @Test
  void whoWritesASharedBlockFirstGetsACopy() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 6);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.fork(0, 1, 6);
    assertThat(cache.numFreeBlocks()).isEqualTo(6);

    assertThat(cache.numBlocksNeeded(1, 6, 7)).as("I8").isEqualTo(1);
    assertThat(cache.reserve(1, 6, 7)).isTrue();
    assertThat(cache.numCopies()).isEqualTo(1);
    assertThat(cache.copySource(0)).isEqualTo(cache.block(0, 1));
    assertThat(cache.copyTarget(0)).isEqualTo(cache.block(1, 1));
    assertThat(cache.copyTableIndex(0)).isEqualTo(1);
    assertThat(cache.block(1, 0)).as("shared").isEqualTo(cache.block(0, 0));
    assertThat(cache.numBlocksNeeded(0, 6, 7)).as("the other one may write in place").isZero();
  }

  @Test
  void aWithdrawnCommitIsNotFoundUnlessAnotherReadsIt() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, true);
    assertThat(cache.uncommit(0, 4)).isTrue();
    assertThat(cache.match(1, new KvTokens(0, 16), 9)).isEqualTo(4);

    assertThat(cache.reserve(1, 4, 5)).isTrue();
    assertThat(cache.uncommit(0, 0)).as("sequence 1 holds the block").isFalse();
  }

  @Test
  void anAdoptedPrefixCanBeGivenBackInTheSameStep() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.release(0);
    cache.open(1, KvNamespace.PLAIN, true);
    KvTokens tokens = new KvTokens(0, 16);
    int start = cache.match(1, tokens, 16);
    assertThat(cache.reserve(1, start, 16)).isTrue();
    cache.commit(1, tokens, 16);

    assertThat(cache.uncommit(1, start)).isTrue();
    cache.release(1);
    assertThat(cache.match(1, tokens, 16)).isEqualTo(start);
    assertThat(cache.numFreeBlocks()).isEqualTo(8);
  }

  @Test
  void truncationGivesBackWholeBlocksOnly() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 12);
    cache.truncate(0, 5);

    assertThat(cache.numBlocks(0)).isEqualTo(2);
    assertThat(cache.numFreeBlocks()).isEqualTo(6);
  }

  @Test
  void aBlockThatIsWrittenAnewIsNotFoundByItsOldContent() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.truncate(0, 6);
    assertThat(cache.reserve(0, 6, 8)).isTrue();

    assertThat(cache.match(1, new KvTokens(0, 16), 9)).as("I7").isEqualTo(4);
  }

  @Test
  void aPinnedBlockIsNotReusedBeforeItsTransferIsOver() {
    KvCache cache = create(KvCacheConfig.small(2, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    int block = cache.block(0, 1);
    cache.pin(block);
    cache.release(0);
    assertThat(cache.numFreeBlocks()).isEqualTo(1);
    assertThat(cache.numPendingBlocks()).isEqualTo(1);
    assertThat(cache.clearPrefixes()).as("I26").isFalse();
    cache.open(1, OTHER_TENANT, true);
    assertThat(cache.reserve(1, 0, 8)).isFalse();

    cache.unpin(block);
    assertThat(cache.numPendingBlocks()).isZero();
    assertThat(cache.reserve(1, 0, 8)).isTrue();
  }

  // ---- the end

  @Test
  void afterAClearNothingIsFound() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, true);
    KvTokens tokens = new KvTokens(0, 16);
    assertThat(cache.match(1, tokens, 16)).isEqualTo(8);
    assertThat(cache.clearPrefixes()).as("I26: while blocks are held").isFalse();

    cache.release(0);
    assertThat(cache.clearPrefixes()).as("I26").isTrue();
    assertThat(cache.match(1, tokens, 16)).as("I26").isZero();
    assertThat(cache.numCachedBlocks()).as("I26").isZero();
  }

  @Test
  void programmerErrorsAreThrownAndChangeNothing() {
    KvCache cache = create(KvCacheConfig.small(8, 4));
    compute(cache, 0, KvNamespace.PLAIN, 8);
    cache.open(1, KvNamespace.PLAIN, true);
    cache.match(1, new KvTokens(0, 16), 9);

    assertRefused(() -> cache.open(0, KvNamespace.PLAIN, true));
    assertRefused(() -> cache.release(2));
    assertRefused(() -> cache.reserve(1, 4, 9));
    assertRefused(() -> cache.reserve(1, 0, 9));
    assertRefused(() -> cache.commit(0, new KvTokens(0, 16), 12));
    assertRefused(() -> cache.unpin(cache.block(0, 0)));
    assertRefused(() -> cache.fork(1, 0, 0));
    assertThat(cache.numFreeBlocks()).isEqualTo(6);
    cache.checkIntegrity();
  }

  private static void assertRefused(Runnable call) {
    assertThatThrownBy(call::run).isInstanceOfAny(
        IllegalArgumentException.class, IllegalStateException.class);
  }

  /** Opens a sequence and computes its first tokens, as a scheduler would. */
  private static void compute(KvCache cache, int sequence, KvNamespace namespace, int numTokens) {
    KvTokens tokens = new KvTokens(0, 16);
    cache.open(sequence, namespace, true);
    int start = cache.match(sequence, tokens, numTokens);
    assertThat(cache.reserve(sequence, start, numTokens)).isTrue();
    cache.commit(sequence, tokens, numTokens);
  }
}
