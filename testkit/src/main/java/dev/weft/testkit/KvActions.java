package dev.weft.testkit;

import dev.weft.schedulerapi.EvictionRank;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;

/** Random caches and random lives of sequences in them. */
final class KvActions {
  private static final EvictionRank DEEP_FIRST =
      (blockIndex, numHits) -> Math.max(0, EvictionRank.NUM_RANKS - 1 - blockIndex);
  private static final EvictionRank SHALLOW_FIRST =
      (blockIndex, numHits) -> Math.min(blockIndex, EvictionRank.NUM_RANKS - 1);
  private static final EvictionRank MOST_HITS_LAST =
      (blockIndex, numHits) -> Math.min(numHits, EvictionRank.NUM_RANKS - 1);

  private KvActions() {}

  /** Block sizes 1, 3 and 16, with and without prefixes, every rank, pools from 1 block on. */
  static Arbitrary<KvCacheConfig> configs() {
    Arbitrary<EvictionRank> ranks = Arbitraries.frequency(
        Tuple.of(3, EvictionRank.LEAST_RECENTLY_USED),
        Tuple.of(1, DEEP_FIRST),
        Tuple.of(1, SHALLOW_FIRST),
        Tuple.of(1, MOST_HITS_LAST));
    return Combinators.combine(
            Arbitraries.frequency(
                Tuple.of(1, 1), Tuple.of(1, 2), Tuple.of(2, 5), Tuple.of(3, 9), Tuple.of(2, 30)),
            Arbitraries.of(1, 3, 16),
            Arbitraries.of(2, 4, 6),
            Arbitraries.frequency(Tuple.of(5, true), Tuple.of(1, false)),
            ranks)
        .as((numBlocks, blockSize, numSequences, caches, rank) -> new KvCacheConfig(
            numBlocks, blockSize, numSequences, numSequences, 12, caches, rank));
  }

  /** Lives of sequences; most actions are what a scheduler does. */
  static Arbitrary<List<KvAction>> lists() {
    Arbitrary<KvAction.Kind> kinds = Arbitraries.frequency(
        Tuple.of(12, KvAction.Kind.SCHEDULE),
        Tuple.of(2, KvAction.Kind.RESERVE),
        Tuple.of(1, KvAction.Kind.REWRITE),
        Tuple.of(2, KvAction.Kind.MATCH),
        Tuple.of(1, KvAction.Kind.COMMIT),
        Tuple.of(2, KvAction.Kind.UNCOMMIT),
        Tuple.of(3, KvAction.Kind.FORK),
        Tuple.of(2, KvAction.Kind.TRUNCATE),
        Tuple.of(5, KvAction.Kind.RELEASE),
        Tuple.of(2, KvAction.Kind.CLOSE),
        Tuple.of(1, KvAction.Kind.PIN),
        Tuple.of(2, KvAction.Kind.UNPIN),
        Tuple.of(1, KvAction.Kind.CLEAR),
        Tuple.of(1, KvAction.Kind.MISUSE));
    Arbitrary<Integer> numbers = Arbitraries.integers().between(0, 999)
        .withDistribution(RandomDistribution.uniform())
        .withoutEdgeCases();
    return Combinators.combine(kinds, numbers, numbers, numbers)
        .as(KvAction::new)
        .list().ofMinSize(1).ofMaxSize(120)
        .withSizeDistribution(RandomDistribution.uniform());
  }
}
