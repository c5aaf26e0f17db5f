package dev.weft.examples;

import java.io.PrintStream;

/** A few lines from time to time, for pipes, files and simple terminals: no control characters. */
final class LineDisplay implements LiveDisplay {
  private static final long GAP_NANOS = 2_000_000_000;
  private static final int NUM_COLUMNS = 78;

  private final PrintStream out;
  private final LiveStreams streams;
  private long lastNanos = System.nanoTime();

  LineDisplay(PrintStream out, LiveStreams streams) {
    this.out = out;
    this.streams = streams;
  }

  @Override public void showServing(Progress progress) {
    if (!isDue()) {
      return;
    }
    streams.refill();
    out.printf("%5.1f s  %d of %d requests done; sequences: %d running, %d waiting; %,d tokens%n",
        progress.elapsedSeconds(), progress.numFinished(), progress.numRequests(),
        progress.numRunning(), progress.numWaiting(), progress.numTokens());
    for (int lane = 0; lane < streams.numLanes(); lane++) {
      String tail = streams.tail(lane, NUM_COLUMNS - 9);
      if (!tail.isEmpty()) {
        out.println("         " + tail);
      }
    }
  }

  @Override public void showAlone(int numFinished, int numRequests) {
    if (isDue()) {
      out.printf("         %d of %d alone%n", numFinished, numRequests);
    }
  }

  @Override public void end() {}

  private boolean isDue() {
    long nowNanos = System.nanoTime();
    if (nowNanos - lastNanos < GAP_NANOS) {
      return false;
    }
    lastNanos = nowNanos;
    return true;
  }
}
