package dev.weft.engine.journal;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;

/**
 * The recorded load. A grant that was given counts once for each plan, however often it was given;
 * counters that no record holds are 0.
 */
final class ToldStats implements SchedulerStats {
  private final Decoder decoder;
  private final Load load;
  private final long[] numGrants = new long[Load.numGrants()];
  private long numSteps;
  private long numEmptySteps;

  ToldStats(Decoder decoder) {
    this.decoder = decoder;
    load = decoder.planned.load;
  }

  /** A plan was read. */
  void afterPlan() {
    numSteps++;
    numEmptySteps += decoder.planned.numRows == 0 ? 1 : 0;
    for (int i = 0; i < numGrants.length; i++) {
      numGrants[i] += load.grants >> i & 1;
    }
  }

  @Override public long numSteps() {
    return numSteps;
  }

  @Override public long numEmptySteps() {
    return numEmptySteps;
  }

  @Override public long numGrants(Grant grant) {
    return numGrants[grant.ordinal()];
  }

  @Override public int numWaiting() {
    return load.numWaiting;
  }

  @Override public int numRunning() {
    return load.numRunning;
  }

  @Override public int numBlocked() {
    return load.numBlocked;
  }

  @Override public int numInFlight() {
    return decoder.book.numInFlight();
  }

  @Override public double kvUsage() {
    return (double) load.kvMillionths / Load.MILLION;
  }

  // ---- what is not kept

  @Override public long numScheduledTokens() {
    return 0;
  }

  @Override public long numRecomputedTokens() {
    return 0;
  }

  @Override public long numOutputTokens() {
    return 0;
  }

  @Override public long numChunkedRows() {
    return 0;
  }

  @Override public long numPreemptions() {
    return 0;
  }

  @Override public long numWithdrawnRows() {
    return 0;
  }

  @Override public long numForks() {
    return 0;
  }

  @Override public long numBlockCopies() {
    return 0;
  }

  @Override public long numPrefixQueryTokens() {
    return 0;
  }

  @Override public long numPrefixHitTokens() {
    return 0;
  }

  @Override public long numFinished(FinishReason reason) {
    return 0;
  }

  @Override public long numDiscardedRows() {
    return 0;
  }

  @Override public long numDraftTokens() {
    return 0;
  }

  @Override public long numAcceptedDraftTokens() {
    return 0;
  }

  @Override public long numDraftRefusals() {
    return 0;
  }

  @Override public long numDraftingFailures() {
    return 0;
  }

  @Override public long numPolicyFailures() {
    return 0;
  }

  @Override public long numListenerFailures() {
    return 0;
  }

  @Override public long numTokenPageGrowths() {
    return 0;
  }
}
