package dev.weft.engine;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Parks one thread, which any other may wake. */
final class Sleeper {
  private volatile @Nullable Thread thread;

  /** Parks the calling thread until it is woken or the time is over, unless it must not sleep. */
  void sleep(long maxNanos, BooleanSupplier mustWake) {
    thread = Thread.currentThread();
    // Looked at after the store above, as wakers look at that after what they did: one of both
    // sees the other.
    VarHandle.fullFence();
    if (!mustWake.getAsBoolean()) {
      LockSupport.parkNanos(this, maxNanos);
    }
    thread = null;
  }

  /** Wakes the thread if it sleeps or is about to; to be called after what it shall see. */
  void wake() {
    VarHandle.fullFence(); // What it shall see may have been published by a release store only.
    Thread sleeping = thread;
    if (sleeping != null) {
      LockSupport.unpark(sleeping);
    }
  }
}
