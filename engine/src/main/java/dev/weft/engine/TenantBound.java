package dev.weft.engine;

import java.util.concurrent.ConcurrentHashMap;

/** Counts the waiting requests of each tenant. Tenants without any are forgotten. */
final class TenantBound {
  static final int UNBOUNDED = Integer.MAX_VALUE;
  private final int maxNumWaiting;
  private final ConcurrentHashMap<String, Integer> numWaiting = new ConcurrentHashMap<>();

  /** @param maxNumWaiting requests of one tenant that may wait at once, or UNBOUNDED */
  TenantBound(int maxNumWaiting) {
    this.maxNumWaiting = maxNumWaiting;
  }

  int maxNumWaiting() {
    return maxNumWaiting;
  }

  /** Counts one more; false, and nothing changed, when the tenant has its share. */
  boolean tryEnter(String tenant) {
    if (maxNumWaiting == UNBOUNDED) {
      return true;
    }
    boolean[] isIn = new boolean[1]; // The function may be run again only before it has effect.
    numWaiting.compute(tenant, (key, count) -> {
      int now = count == null ? 0 : count;
      isIn[0] = now < maxNumWaiting;
      return isIn[0] ? Integer.valueOf(now + 1) : count;
    });
    return isIn[0];
  }

  void leave(String tenant) {
    if (maxNumWaiting != UNBOUNDED) {
      numWaiting.computeIfPresent(tenant, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  /** True when no request of any tenant waits. */
  boolean isEmpty() {
    return numWaiting.isEmpty();
  }
}
