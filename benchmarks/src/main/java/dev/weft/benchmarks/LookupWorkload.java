package dev.weft.benchmarks;

import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.KvNamespace;

/**
 * Looks prompts up in a pool of 65,536 blocks that caches one prompt. There are no keys to keep
 * between lookups: each one hashes its blocks, finds them and compares their tokens.
 *
 * <p>The timed step of a lookup is {@code match} of a sequence that was opened before; a match goes
 * on where the last one of its sequence ended, so each lookup has a sequence of its own. That of an
 * admission is {@code open}, {@code match} and {@code reserve}, and then, timed apart, {@code
 * close}.
 */
public final class LookupWorkload {
  /** What is looked up, and what is done with it. */
  public enum Kind {
    /** The cached prompt. */
    HIT,
    /** A prompt whose first half is that of the cached one. */
    HALF,
    /** A prompt with another first block. */
    MISS,
    /** The cached prompt, whose blocks are then held, the missing one allocated, all given back. */
    ADMIT
  }

  private static final int BLOCK_SIZE = MeasuredLimits.BLOCK_SIZE;
  private static final int NUM_BLOCKS = 65_536;
  private static final int MAX_MODEL_LEN = 131_072;
  /** A miss takes less time than reading the clock, so that many are one timed step. */
  private static final int NUM_MISSES_PER_STEP = 100;
  private static final int OWNER = 0;

  private final Kind kind;
  private final int length;
  private final int numSteps;
  private final int numLookupsPerStep;
  private final int numBlocksOfHit;
  private final PagedKvCache kvCache;
  private final ArrayTokens tokens;
  private final StepTimes lookupTimes;
  private final StepTimes freeTimes;
  private long numBlocksMatched;
  private long numBlocksTaken;

  /** Caches the prompt of {@code length} tokens. */
  LookupWorkload(Kind kind, int length, int numSteps) {
    this.kind = kind;
    this.length = length;
    this.numSteps = numSteps;
    numLookupsPerStep = kind == Kind.MISS ? NUM_MISSES_PER_STEP : 1;
    numBlocksOfHit = length / BLOCK_SIZE - 1; // The last token is always computed.
    kvCache = PagedKvCache.builder().numBlocks(NUM_BLOCKS).maxNumHolders(2)
        .maxNumSequences(1 + numLookupsPerStep)
        .maxNumBlocksPerSequence(MAX_MODEL_LEN / BLOCK_SIZE).build();
    tokens = new ArrayTokens(promptOf(kind, length));
    lookupTimes = StepTimes.inMicros("lookup", numLookupsPerStep, numSteps);
    freeTimes = StepTimes.inMicros("free", 1, numSteps);
    kvCache.open(OWNER, KvNamespace.PLAIN, true);
    kvCache.reserve(OWNER, 0, length);
    kvCache.commit(OWNER, new ArrayTokens(Prompts.ofSeed(1, length)), length);
    kvCache.close(OWNER);
  }

  private static int[] promptOf(Kind kind, int length) {
    int[] prompt = Prompts.ofSeed(kind == Kind.MISS ? 2 : 1, length);
    if (kind == Kind.HALF) {
      System.arraycopy(Prompts.ofSeed(2, length), 0, prompt, length / 2, length / 2);
    }
    return prompt;
  }

  /**
   * Runs the timed steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    Work work = new Work(kind + " of " + length, numSteps);
    work.begin();
    for (int i = 0; i < numSteps; i++) {
      if (kind == Kind.ADMIT) {
        admitAndFree();
      } else {
        lookUp();
      }
    }
    work.end();
    lookupTimes.report();
    work.reportAllocation();
    work.count("blocksMatched", numBlocksMatched, (long) numSteps * numBlocksToMatch());
    if (kind == Kind.ADMIT) {
      freeTimes.report();
      work.count("blocksTaken", numBlocksTaken, (long) numSteps * (numBlocksOfHit + 1));
      work.count("blocksNotReturned", kvCache.numBlocks() - kvCache.numFreeBlocks(), 0);
    }
  }

  private int numBlocksToMatch() {
    return switch (kind) {
      case MISS -> 0;
      case HALF -> length / 2 / BLOCK_SIZE;
      case HIT, ADMIT -> numBlocksOfHit;
    };
  }

  private void lookUp() {
    for (int sequence = 1; sequence <= numLookupsPerStep; sequence++) {
      kvCache.open(sequence, KvNamespace.PLAIN, true);
    }
    int numTokens = 0;
    lookupTimes.start();
    for (int sequence = 1; sequence <= numLookupsPerStep; sequence++) {
      numTokens += kvCache.match(sequence, tokens, length);
    }
    lookupTimes.stop();
    numBlocksMatched += numTokens / BLOCK_SIZE;
    for (int sequence = 1; sequence <= numLookupsPerStep; sequence++) {
      kvCache.close(sequence);
    }
  }

  private void admitAndFree() {
    int numFreeBefore = kvCache.numFreeBlocks();
    lookupTimes.start();
    kvCache.open(OWNER, KvNamespace.PLAIN, true);
    int numTokens = kvCache.match(OWNER, tokens, length);
    boolean isGranted = kvCache.reserve(OWNER, numTokens, length);
    lookupTimes.stop();
    if (!isGranted) {
      throw new IllegalStateException("too few blocks for " + length + " tokens");
    }
    numBlocksMatched += numTokens / BLOCK_SIZE;
    numBlocksTaken += numFreeBefore - kvCache.numFreeBlocks();
    freeTimes.start();
    kvCache.close(OWNER);
    freeTimes.stop();
  }
}
