package dev.weft.examples;

import java.io.PrintStream;
import java.util.Locale;

/** Prints a run as a table. */
final class ResultTable {
  private final PrintStream out;
  private final RunReport report;

  ResultTable(PrintStream out, RunReport report) {
    this.out = out;
    this.report = report;
  }

  /** Prints requests, speed, latency, and what scheduler and cache did. */
  void print() {
    line("");
    printRequests();
    printSpeed();
    printLatency();
    printFigures();
    line("");
  }

  private void printRequests() {
    long numPrefixed = report.requests().stream().filter(TimedRequest::hasSharedPrefix).count();
    long numParallel = report.requests().stream().filter(r -> r.numSamples() > 1).count();
    int numPromptTokens =
        report.requests().stream().mapToInt(r -> r.request().numPromptTokens()).sum();
    int numSamples = report.requests().stream().mapToInt(TimedRequest::numSamples).sum();
    row("requests", "%,d", "%d behind a shared prefix, %d with several samples",
        report.requests().size(), numPrefixed, numParallel);
    row("prompt tokens", "%,d", "", numPromptTokens);
    row("output tokens", "%,d", "of %d samples", report.served().numTokens(), numSamples);
  }

  private void printSpeed() {
    double servingSeconds = report.served().servingNanos() * 1e-9;
    double aloneSeconds = report.alone().nanos() * 1e-9;
    int numTokens = report.served().numTokens();
    line("");
    // A GPU beside the host says nothing about serving together.
    String ratio = report.isExact() ? "   (%.1f times as many together)" : "";
    line("%-26s %12s  %s", "", "together", "one at a time" + (report.isExact() ? "" : ", host"));
    row("time", "%.1f s", "%.1f s", servingSeconds, aloneSeconds);
    row("output tokens per second", "%,.0f", "%,.0f" + ratio,
        numTokens / servingSeconds, numTokens / aloneSeconds, aloneSeconds / servingSeconds);
    row("mean batch", "%.1f", "sequences in each of %,d steps", report.served().meanBatch(),
        report.served().numSteps());
  }

  private void printLatency() {
    line("");
    line("%-26s %12s  %s", "", "p50", "p99");
    quantiles("time to first token", report.served().firstTokens());
    quantiles("between two tokens", report.served().tokenGaps());
  }

  private void quantiles(String name, LatencyRecorder latencies) {
    row(name, "%,.0f ms", "%,.0f ms", latencies.quantile(0.5) * 1e-6,
        latencies.quantile(0.99) * 1e-6);
  }

  private void printFigures() {
    ServingFigures figures = report.figures();
    line("");
    row("prefix hit rate", "%.0f %%", "%,d of %,d prompt tokens",
        100.0 * figures.numPrefixHitTokens() / Math.max(1, figures.numPrefixTokens()),
        figures.numPrefixHitTokens(), figures.numPrefixTokens());
    row("preemptions", "%,d", "%,d tokens computed again", figures.numPreemptions(),
        figures.numRecomputedTokens());
    row("chunks of prompts", "%,d", "", figures.numChunkedRows());
    row("forks", "%,d", "", figures.numForks());
    row("KV blocks at the peak", "%,d", "of %,d; %,d at a time were shared",
        figures.numHeldBlocks(), figures.numBlocks(), figures.numSharedBlocks());
  }

  /** One row: a name, a number at the right of its column, and a remark, formatted together. */
  private void row(String name, String number, String remark, Object... values) {
    String[] cells = String.format(Locale.ROOT, number + "\t" + remark, values).split("\t", -1);
    line("%-26s %12s  %s", name, cells[0], cells[1]);
  }

  private void line(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
