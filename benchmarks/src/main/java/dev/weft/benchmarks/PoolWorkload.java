package dev.weft.benchmarks;

import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;

/**
 * Takes blocks from a large pool and gives them back. The pool is reached through the cache alone:
 * a call that takes or gives back {@code chunk} blocks is a {@code reserve} or {@code release} of a
 * sequence that holds nothing else, its books included.
 */
final class PoolWorkload {
  private static final int BLOCK_SIZE = MeasuredLimits.BLOCK_SIZE;

  private final int chunk;
  private final int numCalls;
  private final PagedKvCache kvCache;

  /**
   * Creates the pool and opens a sequence for each call.
   *
   * @param numBlocks null block included
   * @param chunk     blocks a call
   * @param numCalls  calls that take blocks before the first one gives back
   */
  PoolWorkload(int numBlocks, int chunk, int numCalls) {
    this.chunk = chunk;
    this.numCalls = numCalls;
    kvCache = PagedKvCache.builder().numBlocks(numBlocks).maxNumSequences(numCalls)
        .maxNumHolders(numCalls).maxNumBlocksPerSequence(chunk).build();
    for (int sequence = 0; sequence < numCalls; sequence++) {
      kvCache.open(sequence, KvNamespace.PLAIN, false);
    }
  }

  /** Calls of {@code chunk} blocks that empty a pool; the last one may get fewer. */
  static int numCallsOfAll(int numBlocks, int chunk) {
    return (numBlocks - 2) / chunk + 1;
  }

  private int numBlocksOfRound() {
    return Math.min(numCalls * chunk, kvCache.numBlocks());
  }

  private StepTimes times(String name, int numRounds) {
    return StepTimes.inNanosPerBlock(name, numBlocksOfRound(), numRounds);
  }

  /** Takes all and gives all back in the order taken, so many times. */
  void takeAndGiveBack(int numRounds) {
    run(numRounds, () -> giveBackEvery(1, 0));
  }

  /**
   * Takes all and gives all back, the even calls before the odd ones; twice, so that the second
   * time what a call takes is scattered.
   */
  void takeAndGiveBackScattered() {
    run(2, () -> {
      giveBackEvery(2, 0);
      giveBackEvery(2, 1);
    });
  }

  private void run(int numRounds, Runnable giveAllBack) {
    StepTimes take = times("alloc", numRounds);
    StepTimes giveBack = times("free", numRounds);
    Work work = new Work("take and give back by " + chunk, numRounds);
    long numTaken = 0;
    work.begin();
    for (int i = 0; i < numRounds; i++) {
      take.start();
      takeAll();
      take.stop();
      numTaken += numHeld();
      giveBack.start();
      giveAllBack.run();
      giveBack.stop();
    }
    work.end();
    take.report();
    giveBack.report();
    finish(work, numTaken, numRounds);
  }

  /** Takes all, enters all in the cache, gives all back and takes all again, which evicts. */
  void evictAll() {
    StepTimes insert = times("cacheInsert", 1);
    StepTimes giveBack = times("freeCached", 1);
    StepTimes evict = times("allocEvict", 1);
    DistinctTokens tokens = new DistinctTokens(chunk * BLOCK_SIZE);
    takeAll();
    Work work = new Work("evict", 1);
    work.begin();
    insert.start();
    for (int sequence = 0; sequence < numCalls; sequence++) {
      tokens.first = sequence * chunk * BLOCK_SIZE;
      kvCache.commit(sequence, tokens, kvCache.numBlocks(sequence) * BLOCK_SIZE);
    }
    insert.stop();
    int numCached = kvCache.numCachedBlocks();
    giveBack.start();
    giveBackEvery(1, 0);
    giveBack.stop();
    evict.start();
    takeAll();
    evict.stop();
    work.end();
    insert.report();
    giveBack.report();
    evict.report();
    work.count("blocksCached", numCached, numBlocksOfRound());
    work.count("blocksEvicted", kvCache.numEvictions(), numBlocksOfRound());
    long numTaken = numHeld();
    giveBackEvery(1, 0);
    finish(work, numTaken, 1);
  }

  private void takeAll() {
    for (int sequence = 0; sequence < numCalls; sequence++) {
      int numBlocks = Math.min(chunk, kvCache.numFreeBlocks());
      if (!kvCache.reserve(sequence, 0, numBlocks * BLOCK_SIZE)) {
        throw new IllegalStateException("call " + sequence + " got no blocks");
      }
    }
  }

  private void giveBackEvery(int stride, int start) {
    for (int sequence = start; sequence < numCalls; sequence += stride) {
      kvCache.release(sequence);
    }
  }

  private int numHeld() {
    return kvCache.numBlocks() - kvCache.numFreeBlocks();
  }

  private void finish(Work work, long numTaken, int numRounds) {
    work.reportAllocation();
    work.count("blocksTaken", numTaken, (long) numRounds * numBlocksOfRound());
    work.count("blocksNotReturned", numHeld(), 0);
  }

  /** No two blocks are equal: each token is its position, counted over all sequences. */
  private static final class DistinctTokens implements TokenSequence {
    private final int numTokens;
    private int first;

    DistinctTokens(int numTokens) {
      this.numTokens = numTokens;
    }

    @Override public int numTokens() {
      return numTokens;
    }

    @Override public int token(int position) {
      return first + position;
    }

    @Override public void copyTokens(int position, int[] target, int offset, int numTokens) {
      for (int i = 0; i < numTokens; i++) {
        target[offset + i] = first + position + i;
      }
    }
  }
}
