package dev.weft.batching;

import dev.weft.schedulerapi.ForwardingPolicy;
import dev.weft.schedulerapi.SchedulingPolicy;

/** Decides as another policy, but lets nobody wait who can never fit. */
final class RefusesWhatNeverFits extends ForwardingPolicy {
  RefusesWhatNeverFits(SchedulingPolicy policy) {
    super(policy);
  }

  @Override public boolean acceptsWhatNeverFits() {
    return false;
  }
}
