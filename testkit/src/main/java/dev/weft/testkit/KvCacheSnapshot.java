package dev.weft.testkit;

import dev.weft.schedulerapi.KvCache;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** All that a {@link KvCache} shows of itself. */
record KvCacheSnapshot(
    int numFree,
    int numUncachedFree,
    int numPending,
    int numCached,
    long numEvictions,
    Map<Integer, List<Integer>> tables,
    List<Integer> numHolders,
    List<List<Integer>> copies) {
  static KvCacheSnapshot of(KvCache cache, Set<Integer> openSequences) {
    Map<Integer, List<Integer>> tables = new HashMap<>();
    for (int sequence : openSequences) {
      List<Integer> table = new ArrayList<>();
      for (int i = 0; i < cache.numBlocks(sequence); i++) {
        table.add(cache.block(sequence, i));
      }
      tables.put(sequence, table);
    }
    List<Integer> holders =
        IntStream.rangeClosed(1, cache.numBlocks()).mapToObj(cache::numHolders).toList();
    List<List<Integer>> copies = IntStream.range(0, cache.numCopies())
        .mapToObj(i -> List.of(cache.copySource(i), cache.copyTarget(i), cache.copyTableIndex(i)))
        .toList();
    return new KvCacheSnapshot(cache.numFreeBlocks(), cache.numUncachedFreeBlocks(),
        cache.numPendingBlocks(), cache.numCachedBlocks(), cache.numEvictions(), tables, holders,
        copies);
  }

  /** Blocks that a sequence holds; none when it is not open. */
  List<Integer> table(int sequence) {
    return tables.getOrDefault(sequence, List.of());
  }

  /** The same without the ids of blocks. */
  KvCacheSnapshot withoutIds() {
    Map<Integer, List<Integer>> sizes = new HashMap<>();
    tables.forEach((sequence, table) -> sizes.put(sequence, List.of(table.size())));
    List<List<Integer>> places = copies.stream().map(copy -> List.of(copy.get(2))).toList();
    return new KvCacheSnapshot(numFree, numUncachedFree, numPending, numCached, numEvictions, sizes,
        numHolders.stream().sorted().toList(), places);
  }
}
