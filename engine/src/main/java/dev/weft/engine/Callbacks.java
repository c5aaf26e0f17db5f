package dev.weft.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Where listeners, subscribers and completions are called: never on the thread of the loop. */
final class Callbacks {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private static final long KEEP_ALIVE_SECONDS = 10;
  private final Executor executor;
  private final @Nullable ExecutorService owned;
  private final ThreadFactory threads;
  private final AtomicBoolean hasWarned = new AtomicBoolean();

  private Callbacks(
      Executor executor, @Nullable ExecutorService owned, ThreadFactory threads) {
    this.executor = executor;
    this.owned = owned;
    this.threads = threads;
  }

  /** On an executor of the host, who closes it after the engine. */
  static Callbacks on(Executor executor, ThreadFactory threads) {
    return new Callbacks(executor, null, threads);
  }

  /**
   * On threads of our own, made when needed. A callback that is stuck holds one of them, so their
   * number is bounded by the callbacks registered, and nobody waits for a stuck one.
   */
  static Callbacks onOwnThreads(ThreadFactory threads) {
    ExecutorService pool = new ThreadPoolExecutor(0, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS,
        TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    return new Callbacks(pool, pool, threads);
  }

  /**
   * Runs it there; where the executor refuses, on a thread made for it; and where no thread can be
   * had, on this one: whatever happens, a consumer must not hang.
   */
  void execute(Runnable callback) {
    try {
      executor.execute(callback);
    } catch (Throwable e) {
      if (owned == null && hasWarned.compareAndSet(false, true)) { // Ours refuses once closed.
        LOGGER.log(Level.WARNING, "the callback executor refuses work, so callbacks run elsewhere; "
            + "close it after the engine, and do not bound it", e);
      }
      executeElsewhere(callback);
    }
  }

  private void executeElsewhere(Runnable callback) {
    try {
      threads.newThread(callback).start();
    } catch (Throwable e) {
      callback.run();
    }
  }

  /** Lets the threads of our own end when they have nothing to do any more. */
  void close() {
    if (owned != null) {
      owned.shutdown();
    }
  }
}
