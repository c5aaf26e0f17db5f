package dev.weft.engine;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Threads parked until something about a generation changes: a stack of waiters, which whoever
 * changes something takes as a whole. Waking nobody costs one volatile read.
 */
final class Waiters {
  private final AtomicReference<@Nullable Waiter> top = new AtomicReference<>();

  /** Wakes all; to be called after the change, with a full fence between. */
  void wakeAll() {
    if (top.get() == null) {
      return;
    }
    for (Waiter w = top.getAndSet(null); w != null; w = w.next) {
      Thread thread = w.thread;
      w.isTaken = true;
      if (thread != null) {
        LockSupport.unpark(thread);
      }
    }
  }

  /** Parks the calling thread until the condition holds, which is looked at after each change. */
  void awaitUntil(BooleanSupplier condition) throws InterruptedException {
    Waiter mine = null;
    try {
      while (!condition.getAsBoolean()) {
        if (mine == null || mine.isTaken) {
          mine = push(Thread.currentThread());
          continue; // Once more: who changed it before the push has woken nobody.
        }
        LockSupport.park(this);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      if (mine != null) {
        mine.thread = null;
      }
    }
  }

  /** Leaves out those on top that have gone, so that they do not pile up where nothing changes. */
  private Waiter push(Thread thread) {
    Waiter before;
    Waiter mine;
    do {
      before = top.get();
      Waiter next = before;
      while (next != null && next.thread == null) {
        next = next.next;
      }
      mine = new Waiter(thread, next);
    } while (!top.compareAndSet(before, mine));
    VarHandle.fullFence(); // The condition may read what was published by a release store.
    return mine;
  }

  /** Waiters on the stack, those that have given up included; for tests of this package. */
  int numLinked() {
    int num = 0;
    for (Waiter w = top.get(); w != null; w = w.next) {
      num++;
    }
    return num;
  }

  /** A thread that waits, or has given up: then null. */
  private static final class Waiter {
    private final @Nullable Waiter next;
    private volatile @Nullable Thread thread;
    /** It is on the stack no longer. */
    private volatile boolean isTaken;

    private Waiter(Thread thread, @Nullable Waiter next) {
      this.thread = thread;
      this.next = next;
    }
  }
}
