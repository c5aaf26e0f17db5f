package dev.weft.engine;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Daemon platform threads: a forgotten engine does not keep the process alive. */
final class EngineThreads implements ThreadFactory {
  private final AtomicInteger numThreads = new AtomicInteger();

  @Override public Thread newThread(Runnable work) {
    Thread thread = new Thread(work, "weft-" + numThreads.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }
}
