package dev.weft.testkit;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;

/**
 * Statistics of a scheduler to which nothing has happened: all are 0. A test of a listener that
 * needs no scheduler extends it and overrides what it is about.
 */
public class ZeroStats implements SchedulerStats {
  /** All are 0. */
  public ZeroStats() {}

  @Override public long numSteps() {
    return 0;
  }

  @Override public long numEmptySteps() {
    return 0;
  }

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

  @Override public long numGrants(Grant grant) {
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

  @Override public int numWaiting() {
    return 0;
  }

  @Override public int numRunning() {
    return 0;
  }

  @Override public int numBlocked() {
    return 0;
  }

  @Override public int numInFlight() {
    return 0;
  }

  @Override public double kvUsage() {
    return 0;
  }
}
