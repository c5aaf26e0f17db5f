package dev.weft.micrometer;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;

/** Statistics as a test sets them. */
final class FakeStats implements SchedulerStats {
  int numRunning;
  int numWaiting;
  int numBlocked;
  double kvUsage;
  long numSteps;
  long numEmptySteps;
  long numScheduledTokens;
  long numRecomputedTokens;
  long numPrefixQueryTokens;
  long numPrefixHitTokens;
  long numPolicyFailures;
  long numDraftRefusals;
  long numDraftingFailures;
  long numListenerFailures;
  final long[] numGrants = new long[Grant.values().length];

  FakeStats load(int running, int waiting, int blocked, double usage) {
    numRunning = running;
    numWaiting = waiting;
    numBlocked = blocked;
    kvUsage = usage;
    return this;
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
    return numPrefixQueryTokens;
  }

  @Override public long numPrefixHitTokens() {
    return numPrefixHitTokens;
  }

  @Override public long numGrants(Grant grant) {
    return numGrants[grant.ordinal()];
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
    return numDraftRefusals;
  }

  @Override public long numDraftingFailures() {
    return numDraftingFailures;
  }

  @Override public long numPolicyFailures() {
    return numPolicyFailures;
  }

  @Override public long numListenerFailures() {
    return numListenerFailures;
  }

  @Override public long numTokenPageGrowths() {
    return 0;
  }

  @Override public int numWaiting() {
    return numWaiting;
  }

  @Override public int numRunning() {
    return numRunning;
  }

  @Override public int numBlocked() {
    return numBlocked;
  }

  @Override public int numInFlight() {
    return 0;
  }

  @Override public double kvUsage() {
    return kvUsage;
  }
}
