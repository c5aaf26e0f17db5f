package dev.weft.examples;

import dev.weft.engine.WeftEngine;
import java.util.List;

/**
 * A server as small as it gets: one thread takes in what has arrived, runs the engine, and waits
 * for the device where nothing else is to do.
 */
final class ServingLoop {
  private static final long MAX_WAIT_NANOS = 5_000_000;

  private final WeftEngine engine;
  private final List<TimedRequest> requests;
  private final ServedOutputs served;
  private final LiveDisplay display;
  private final BlockPeaks blockPeaks;
  private final long startNanos;
  private int numArrived;

  /**
   * @param engine     tells {@code served}, and runs on {@link System#nanoTime}
   * @param startNanos arrivals count from here
   */
  ServingLoop(WeftEngine engine, List<TimedRequest> requests,
      ServedOutputs served, LiveDisplay display, long startNanos) {
    this.engine = engine;
    this.requests = requests;
    this.served = served;
    this.display = display;
    this.startNanos = startNanos;
    blockPeaks = new BlockPeaks(engine.kvCache());
  }

  /**
   * Serves until all requests have ended.
   *
   * @throws IllegalStateException when a request is refused or the executor dies
   */
  ServingFigures run() throws InterruptedException {
    while (numArrived < requests.size() || !engine.isIdle()) {
      takeIn(System.nanoTime() - startNanos);
      if (!engine.runOnce()) {
        engine.await(MAX_WAIT_NANOS);
      }
      if (!engine.health().isLive()) {
        throw new IllegalStateException("the executor died: " + engine.health().message());
      }
      blockPeaks.look();
      display.showServing(progress(System.nanoTime() - startNanos));
    }
    return ServingFigures.of(engine.stats(), blockPeaks);
  }

  private void takeIn(long elapsedNanos) {
    while (numArrived < requests.size()
        && requests.get(numArrived).offsetNanos() <= elapsedNanos) {
      engine.submit(requests.get(numArrived++).request()).generation();
    }
  }

  private Progress progress(long elapsedNanos) {
    return new Progress(elapsedNanos, served.numFinishedRequests(), requests.size(),
        engine.stats().numRunning(), engine.stats().numWaiting(), served.numTokens());
  }
}
