package dev.weft.benchmarks.host;

import java.util.Locale;

/**
 * One measured rate.
 *
 * @param numThreads threads that computed
 * @param contender who, or {@link HostFork#CEILING}
 * @param what name of a {@link Workload}, or which ceiling
 * @param rate tokens, billions of operations or billions of bytes per second
 */
record Sample(
    BenchModel model, int numThreads, int fork, String contender, String what, double rate) {

  /** The columns of {@link #line}. */
  static final String COLUMNS = "model,threads,fork,contender,what,rate";

  /** Reads what {@link HostFork} prints; other lines are not samples. */
  static boolean isSample(String line) {
    return line.startsWith(HostFork.SAMPLE + ",");
  }

  static Sample parse(BenchModel model, int numThreads, int fork, String line) {
    String[] fields = line.split(",", -1);
    double rate = Double.parseDouble(fields[3]);
    return new Sample(model, numThreads, fork, fields[1], fields[2], rate);
  }

  /** As a line of comma-separated values. */
  String line() {
    return String.format(Locale.ROOT, "%s,%d,%d,%s,%s,%.3f",
        model.label(), numThreads, fork, contender, what, rate);
  }
}
