package dev.weft.batching;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;

/** The counters of one scheduler; fields are written where the events happen. */
final class Stats implements SchedulerStats {
  private final Core core;
  long numSteps;
  long numEmptySteps;
  long numScheduledTokens;
  long numRecomputedTokens;
  long numOutputTokens;
  long numChunkedRows;
  long numPreemptions;
  long numWithdrawnRows;
  long numForks;
  long numBlockCopies;
  long numPrefixQueryTokens;
  long numPrefixHitTokens;
  long numDiscardedRows;
  long numDraftTokens;
  long numAcceptedDraftTokens;
  final long[] numGrants = new long[Grant.values().length];
  final long[] numFinished = new long[FinishReason.values().length];

  Stats(Core core) {
    this.core = core;
  }

  Grant count(Grant grant) {
    numGrants[grant.ordinal()]++;
    return grant;
  }

  @Override public long numSteps() {
    return numSteps;
  }

  @Override public long numEmptySteps() {
    return numEmptySteps;
  }

  @Override public long numScheduledTokens() {
    return numScheduledTokens;
  }

  @Override public long numRecomputedTokens() {
    return numRecomputedTokens;
  }

  @Override public long numOutputTokens() {
    return numOutputTokens;
  }

  @Override public long numChunkedRows() {
    return numChunkedRows;
  }

  @Override public long numPreemptions() {
    return numPreemptions;
  }

  @Override public long numWithdrawnRows() {
    return numWithdrawnRows;
  }

  @Override public long numForks() {
    return numForks;
  }

  @Override public long numBlockCopies() {
    return numBlockCopies;
  }

  @Override public long numPrefixQueryTokens() {
    return numPrefixQueryTokens;
  }

  @Override public long numPrefixHitTokens() {
    return numPrefixHitTokens;
  }

  @Override public long numGrants(Grant grant) {
    return numGrants[grant.ordinal()];
  }

  @Override public long numFinished(FinishReason reason) {
    return numFinished[reason.ordinal()];
  }

  @Override public long numDiscardedRows() {
    return numDiscardedRows;
  }

  @Override public long numDraftTokens() {
    return numDraftTokens;
  }

  @Override public long numAcceptedDraftTokens() {
    return numAcceptedDraftTokens;
  }

  @Override public long numDraftRefusals() {
    return core.listener.numDraftRefusals();
  }

  @Override public long numDraftingFailures() {
    return core.listener.numDraftingFailures();
  }

  @Override public long numPolicyFailures() {
    return core.listener.numPolicyFailures();
  }

  @Override public long numListenerFailures() {
    return core.listener.numFailures();
  }

  @Override public long numTokenPageGrowths() {
    return core.tokens.numGrowths();
  }

  @Override public int numWaiting() {
    return core.waiting.size();
  }

  @Override public int numRunning() {
    return core.numRunning;
  }

  @Override public int numBlocked() {
    return core.numBlocked;
  }

  @Override public int numInFlight() {
    return core.plans.numInFlight();
  }

  @Override public double kvUsage() {
    return 1 - (double) core.kvCache.numFreeBlocks() / core.kvCache.numBlocks();
  }
}
