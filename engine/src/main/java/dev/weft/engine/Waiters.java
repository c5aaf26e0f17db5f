package dev.weft.engine;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Threads parked until something about a generation changes. Waking nobody costs one volatile read.
 */
final class Waiters {
  private final AtomicReference<@Nullable Waiter> top = new AtomicReference<>();

  /** Wakes all; to be called after the change, with a full fence between. */
  void wakeAll() {
    if (top.get() == null) {
      return;
    }
    for (Waiter w = top.getAndSet(null); w != null; w = w.next) {
      LockSupport.unpark(w.thread);
    }
  }

  /** Parks the calling thread until the condition holds, which is looked at after each change. */
  void awaitUntil(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      push(Thread.currentThread());
      VarHandle.fullFence(); // The condition reads what was published by a release store.
      // Once more: who changed it before the push has woken nobody.
      if (condition.getAsBoolean()) {
        return;
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      LockSupport.park(this);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void push(Thread thread) {
    Waiter before;
    do {
      before = top.get();
    } while (!top.compareAndSet(before, new Waiter(thread, before)));
  }

  private record Waiter(Thread thread, @Nullable Waiter next) {}
}
