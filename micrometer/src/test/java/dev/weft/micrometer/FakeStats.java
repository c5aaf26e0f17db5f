package dev.weft.micrometer;

import dev.weft.schedulerapi.Grant;
import dev.weft.testkit.ZeroStats;

/** Statistics as a test sets them. */
final class FakeStats extends ZeroStats {
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

  @Override public long numPrefixQueryTokens() {
    return numPrefixQueryTokens;
  }

  @Override public long numPrefixHitTokens() {
    return numPrefixHitTokens;
  }

  @Override public long numGrants(Grant grant) {
    return numGrants[grant.ordinal()];
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

  @Override public int numWaiting() {
    return numWaiting;
  }

  @Override public int numRunning() {
    return numRunning;
  }

  @Override public int numBlocked() {
    return numBlocked;
  }

  @Override public double kvUsage() {
    return kvUsage;
  }
}
