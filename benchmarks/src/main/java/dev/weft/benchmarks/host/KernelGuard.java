package dev.weft.benchmarks.host;

import static java.util.Objects.requireNonNull;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Fails when a kernel of the host executor is no longer compiled to vector code: a change of the
 * loops, or a new JDK, can make them scalar without any test noticing. Compares {@link
 * TileBenchmark} with its naive loop, in the same run; scalar code of the same shape stays below
 * the bounds, because the naive loop is held up only by the latency of its one sum.
 */
public final class KernelGuard {
  /** Times as fast as the naive loop, by number of rows: at least. */
  private static final Map<Integer, Double> MIN_RATIOS = Map.of(1, 6.0, 2, 10.0, 48, 13.0);

  private KernelGuard() {}

  /** Prints the ratios; exits with 1 when one is too small. */
  public static void main(String... arguments) throws RunnerException {
    Collection<RunResult> results = new Runner(new OptionsBuilder()
        .include(TileBenchmark.class.getName()).verbosity(VerboseMode.SILENT)
        .jvmArgsAppend(quietOptions()).build()).run();
    Map<Integer, Double> tile = microsByRows(results, "tile");
    Map<Integer, Double> naive = microsByRows(results, "naive");
    boolean isFastEnough = true;
    for (Map.Entry<Integer, Double> entry : new TreeMap<>(MIN_RATIOS).entrySet()) {
      int numRows = entry.getKey();
      double min = entry.getValue();
      double ratio = requireNonNull(naive.get(numRows)) / requireNonNull(tile.get(numRows));
      isFastEnough &= ratio >= min;
      System.out.printf("kernels, %2d rows: %5.1f times a naive loop, must be %.0f: %s%n",
          numRows, ratio, min, ratio >= min ? "vectors" : "NOT COMPILED TO VECTORS");
    }
    System.exit(isFastEnough ? 0 : 1);
  }

  /** Newer JVMs warn about JMH itself. */
  private static String[] quietOptions() {
    return Runtime.version().feature() < 24
        ? new String[0]
        : new String[] {"--sun-misc-unsafe-memory-access=allow"};
  }

  private static Map<Integer, Double> microsByRows(Collection<RunResult> results, String method) {
    Map<Integer, Double> micros = new TreeMap<>();
    for (RunResult result : results) {
      if (result.getParams().getBenchmark().endsWith("." + method)) {
        micros.put(Integer.valueOf(result.getParams().getParam("numRows")),
            result.getPrimaryResult().getScore());
      }
    }
    return micros;
  }
}
