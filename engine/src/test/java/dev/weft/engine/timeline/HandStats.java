package dev.weft.engine.timeline;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;
import java.util.EnumMap;
import java.util.Map;

/** Statistics that a test sets; what a timeline does not read is 0. */
final class HandStats implements SchedulerStats {
  final Map<Grant, Long> numGrants = new EnumMap<>(Grant.class);
  int numWaiting;
  int numRunning;
  int numBlocked;
  int numInFlight;
  double kvUsage;

  void refuse(Grant grant) {
    numGrants.merge(grant, 1L, Long::sum);
  }

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
    return numGrants.getOrDefault(grant, 0L);
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
    return numWaiting;
  }

  @Override public int numRunning() {
    return numRunning;
  }

  @Override public int numBlocked() {
    return numBlocked;
  }

  @Override public int numInFlight() {
    return numInFlight;
  }

  @Override public double kvUsage() {
    return kvUsage;
  }
}
