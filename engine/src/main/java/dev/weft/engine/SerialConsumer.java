package dev.weft.engine;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A consumer of a generation that runs on the callback executor whenever it was signalled, never
 * twice at once. Signals that come while it runs make it run once more.
 */
abstract class SerialConsumer implements Runnable {
  private final AtomicInteger numSignals = new AtomicInteger();

  /** Any thread. */
  final void signal(Callbacks callbacks) {
    if (numSignals.getAndIncrement() == 0) {
      callbacks.execute(this);
    }
  }

  @Override public final void run() {
    int numSeen = numSignals.get();
    do {
      work();
      numSeen = numSignals.addAndGet(-numSeen);
    } while (numSeen != 0);
  }

  /**
   * Whether there may be something to do after a change of the generation; what makes it interested
   * otherwise signals by itself. Any thread.
   */
  boolean isInterested() {
    return true;
  }

  /** Does all that there is to do now; must not throw. */
  abstract void work();
}
