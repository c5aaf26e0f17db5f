package dev.weft.examples;

import dev.weft.schedulerapi.SchedulerStats;
import java.util.ArrayList;
import java.util.List;

/**
 * What the scheduler did in a run.
 *
 * @param numPreemptions      sequences that lost their KV blocks
 * @param numRecomputedTokens tokens computed again for that reason
 * @param numPrefixHitTokens  prompt tokens that were not computed, because they were cached
 * @param numPrefixTokens     prompt tokens that were asked for
 * @param numChunkedRows      rows that covered only a part of a prompt
 * @param numForks            further samples that took over a computed prompt
 * @param numBlocks           KV blocks of the pool
 * @param numHeldBlocks       most of them that sequences held at once
 * @param numSharedBlocks     most of them that more than one sequence held at once
 */
record ServingFigures(
    long numPreemptions,
    long numRecomputedTokens,
    long numPrefixHitTokens,
    long numPrefixTokens,
    long numChunkedRows,
    long numForks,
    int numBlocks,
    int numHeldBlocks,
    int numSharedBlocks) {

  static ServingFigures of(SchedulerStats stats, BlockPeaks peaks) {
    return new ServingFigures(stats.numPreemptions(), stats.numRecomputedTokens(),
        stats.numPrefixHitTokens(), stats.numPrefixQueryTokens(), stats.numChunkedRows(),
        stats.numForks(), peaks.numBlocks(), peaks.numHeldBlocks(), peaks.numSharedBlocks());
  }

  /** What has to happen in a run that is to prove something, and did not; usually nothing. */
  List<String> missing() {
    List<String> missing = new ArrayList<>();
    addIfNone(numPreemptions, "preemption", missing);
    addIfNone(numPrefixHitTokens, "prefix hit", missing);
    addIfNone(numChunkedRows, "chunked prompt", missing);
    addIfNone(numForks, "fork", missing);
    addIfNone(numSharedBlocks, "shared block", missing);
    return missing;
  }

  private static void addIfNone(long count, String name, List<String> missing) {
    if (count == 0) {
      missing.add(name);
    }
  }
}
