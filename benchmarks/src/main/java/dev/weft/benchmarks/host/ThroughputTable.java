package dev.weft.benchmarks.host;

import java.util.List;
import java.util.Locale;

/**
 * Samples as a table in Markdown: a row per workload, with the median and the lowest and highest
 * rate of all rounds and forks, the ratio to Jlama and the share of both ceilings. Shares and
 * ratios are those of the medians. Jlama decodes one sequence at a time, so every decode row is
 * compared with its batch 1.
 */
final class ThroughputTable {
  private static final String WEFT = "weft";
  private static final String JLAMA = "jlama";

  private final List<Sample> samples;

  ThroughputTable(List<Sample> samples) {
    this.samples = samples;
  }

  /** The rows of one model on one number of threads, under a line with its ceilings. */
  String section(BenchModel model, int numThreads) {
    double[] gigaflops = rates(model, numThreads, HostFork.CEILING, HostFork.GIGAFLOPS);
    double[] gigabytes = rates(model, numThreads, HostFork.CEILING, HostFork.GIGABYTES);
    StringBuilder text = new StringBuilder();
    text.append(format(
        "%s, %d thread%s, %s; ceilings: %s GFLOP/s, reads of %.1f MB %s GB/s%n%n",
        model.label(), numThreads, numThreads == 1 ? "" : "s", BenchClock.name(numThreads),
        withRange(gigaflops), model.shape().weightBytes() / 1e6, withRange(gigabytes)));
    text.append("| tokens/s | Weft | Jlama | ratio | GFLOP/s | of ceiling | GB/s | of ceiling |\n");
    text.append("|---|---|---|---|---|---|---|---|\n");
    for (Workload workload : Workload.values()) {
      text.append(row(model, numThreads, workload, median(gigaflops), median(gigabytes)));
    }
    return text.toString();
  }

  private String row(
      BenchModel model, int numThreads, Workload workload, double gigaflops, double gigabytes) {
    double[] weft = rates(model, numThreads, WEFT, workload.name());
    Workload single = workload.isPrefill() ? workload : Workload.DECODE_1;
    double[] jlama = rates(model, numThreads, JLAMA, single.name());
    double flops = median(weft) * workload.flopsPerToken(model) / 1e9;
    double bytes = median(weft) * workload.bytesPerToken(model) / 1e9;
    String ratio = jlama.length == 0 ? "" : format("%.1f", median(weft) / median(jlama));
    return format("| %s | %s | %s | %s | %.1f | %.0f %% | %.1f | %.0f %% |%n",
        workload.label(), withRange(weft), workload == single ? withRange(jlama) : "", ratio,
        flops, 100 * flops / gigaflops, bytes, 100 * bytes / gigabytes);
  }

  /** The rates of these samples, ascending. */
  private double[] rates(BenchModel model, int numThreads, String contender, String what) {
    return samples.stream()
        .filter(sample -> sample.model() == model && sample.numThreads() == numThreads)
        .filter(sample -> sample.contender().equals(contender) && sample.what().equals(what))
        .mapToDouble(Sample::rate).sorted().toArray();
  }

  /** Of ascending values; NaN when there are none. */
  static double median(double[] ascending) {
    int length = ascending.length;
    return length == 0
        ? Double.NaN
        : (ascending[(length - 1) / 2] + ascending[length / 2]) / 2;
  }

  private static String withRange(double[] ascending) {
    if (ascending.length == 0) {
      return "";
    }
    return format("%,.0f (%,.0f-%,.0f)",
        median(ascending), ascending[0], ascending[ascending.length - 1]);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
