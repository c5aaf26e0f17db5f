package dev.weft.engine.timeline;

import dev.weft.schedulerapi.Grant;
import dev.weft.testkit.ZeroStats;
import java.util.EnumMap;
import java.util.Map;

/** Statistics that a test sets; the others are 0. */
final class HandStats extends ZeroStats {
  final Map<Grant, Long> numGrants = new EnumMap<>(Grant.class);
  int numWaiting;
  int numRunning;
  int numBlocked;
  int numInFlight;
  double kvUsage;

  void refuse(Grant grant) {
    numGrants.merge(grant, 1L, Long::sum);
  }

  @Override public long numGrants(Grant grant) {
    return numGrants.getOrDefault(grant, 0L);
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
