package dev.weft.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Wakes the consumers of generations, on a thread of its own once it was started: waking a parked
 * thread costs microseconds, which with hundreds of streams would be a good part of a step.
 *
 * <p>The loop links what has news into a list, each generation at most once, and wakes the courier
 * once per round. A courier that falls behind finds several rounds' news of a generation at once.
 */
final class Courier {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private static final long MAX_CLOSE_MILLIS = 5_000;
  private final AtomicReference<@Nullable Generation> top = new AtomicReference<>();
  private final Sleeper sleeper = new Sleeper();
  private @Nullable Thread thread;
  private volatile boolean isClosing;

  /** To be called before the loop's thread starts. */
  void start(ThreadFactory threads) {
    Thread own = threads.newThread(this::runUntilClosed);
    own.start();
    thread = own;
  }

  /**
   * Sees to it that consumers of the first {@code numGenerations} look again; called by the loop
   * after it has published, with a full fence between.
   */
  void wakeConsumers(Generation[] generations, int numGenerations) {
    if (thread == null) {
      for (int i = 0; i < numGenerations; i++) {
        wakeConsumers(generations[i]);
      }
      return;
    }
    for (int i = 0; i < numGenerations; i++) {
      if (generations[i].markUndelivered()) {
        push(generations[i]);
      }
    }
    sleeper.wake();
  }

  private void push(Generation generation) {
    Generation before;
    do {
      before = top.get();
      generation.nextUndelivered = before;
    } while (!top.compareAndSet(before, generation));
  }

  private void runUntilClosed() {
    while (deliver() || !isClosing) {
      sleeper.sleep(Long.MAX_VALUE, () -> top.get() != null || isClosing);
      Thread.interrupted(); // Else it would not sleep again.
    }
    deliver(); // What came between the last look and the closing.
  }

  private boolean deliver() {
    Generation generation = top.get() == null ? null : top.getAndSet(null);
    boolean any = generation != null;
    while (generation != null) {
      Generation next = generation.nextUndelivered;
      generation.nextUndelivered = null;
      generation.clearUndelivered();
      wakeConsumers(generation);
      generation = next;
    }
    return any;
  }

  private static void wakeConsumers(Generation generation) {
    try {
      generation.wakeConsumers();
    } catch (Throwable e) { // Nobody else must hang because of it.
      LOGGER.log(Level.ERROR, "consumers of request " + generation.request().id()
          + " may not have been woken", e);
    }
  }

  /**
   * Delivers what there is and lets the thread end; by the loop, which gives it nothing more. Waits
   * for that, since whoever closes an engine then closes the executor of its callbacks; but only
   * for a time, because a callback that was refused there may run and hang on this thread.
   */
  void close() {
    isClosing = true;
    sleeper.wake();
    Thread own = thread;
    if (own != null && own != Thread.currentThread()) {
      try {
        own.join(MAX_CLOSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
