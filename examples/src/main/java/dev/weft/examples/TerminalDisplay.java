package dev.weft.examples;

import java.io.PrintStream;

/** A progress bar and some live streams that are drawn over and over at the same place. */
final class TerminalDisplay implements LiveDisplay {
  private static final long MIN_GAP_NANOS = 80_000_000;
  private static final int NUM_COLUMNS = 78;
  private static final int BAR_LENGTH = 24;
  private static final String CLEAR_LINE = "\r\u001B[2K";
  private static final String LINE_UP = "\u001B[1A";

  private final PrintStream out;
  private final LiveStreams streams;
  private long lastNanos = System.nanoTime() - MIN_GAP_NANOS;
  private int numLines;

  TerminalDisplay(PrintStream out, LiveStreams streams) {
    this.out = out;
    this.streams = streams;
  }

  @Override public void showServing(Progress progress) {
    if (!isDue()) {
      return;
    }
    streams.refill();
    String[] lines = new String[1 + streams.numLanes()];
    lines[0] = String.format("%s %d of %d  %4.1f s  %d running  %d waiting  %,d tokens",
        bar(progress.numFinished(), progress.numRequests()), progress.numFinished(),
        progress.numRequests(), progress.elapsedSeconds(), progress.numRunning(),
        progress.numWaiting(), progress.numTokens());
    for (int lane = 0; lane < streams.numLanes(); lane++) {
      lines[1 + lane] = "  " + streams.tail(lane, NUM_COLUMNS - 2);
    }
    draw(lines);
  }

  @Override public void showAlone(int numFinished, int numRequests) {
    if (isDue()) {
      draw(String.format("%s %d of %d alone", bar(numFinished, numRequests), numFinished,
          numRequests));
    }
  }

  @Override public void end() {
    draw();
  }

  private boolean isDue() {
    long nowNanos = System.nanoTime();
    if (nowNanos - lastNanos < MIN_GAP_NANOS) {
      return false;
    }
    lastNanos = nowNanos;
    return true;
  }

  private static String bar(int numDone, int numAll) {
    int length = numDone * BAR_LENGTH / numAll;
    return "[" + "=".repeat(length) + " ".repeat(BAR_LENGTH - length) + "]";
  }

  private void draw(String... lines) {
    StringBuilder frame = new StringBuilder();
    frame.append((CLEAR_LINE + LINE_UP).repeat(numLines)).append(CLEAR_LINE);
    for (String line : lines) {
      frame.append(line).append('\n');
    }
    out.print(frame);
    out.flush();
    numLines = lines.length;
  }
}
