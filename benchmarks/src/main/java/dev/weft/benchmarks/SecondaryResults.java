package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What a benchmark reports beside its time, such as bytes allocated or blocks taken per step. A
 * benchmark hands in figures while it runs, and JMH, which knows this class as a profiler
 * ({@code -prof}), puts them into its table and its JSON.
 *
 * <p>Why not {@code @AuxCounters}: JMH adds those up over iterations, and a minimum or a mean is
 * wanted. One benchmark thread is served.
 */
public final class SecondaryResults implements InternalProfiler {
  private static final List<ScalarResult> FIGURES = new ArrayList<>();

  /**
   * Reports a figure of the iteration that runs now.
   *
   * @param name   what is reported, unit in it where it has one
   * @param unit   for people to read
   * @param policy how figures of several iterations become one
   */
  public static synchronized void add(
      String name, double value, String unit, AggregationPolicy policy) {
    FIGURES.add(new ScalarResult(name, value, unit, policy));
  }

  @Override public String getDescription() {
    return "Figures that the benchmarks of Weft report beside their time";
  }

  @Override public void beforeIteration(
      BenchmarkParams benchmarkParams, IterationParams iterationParams) {
    synchronized (SecondaryResults.class) {
      FIGURES.clear(); // Those of a warm-up iteration, after which nobody asks.
    }
  }

  @Override public Collection<ScalarResult> afterIteration(BenchmarkParams benchmarkParams,
      IterationParams iterationParams, IterationResult result) {
    synchronized (SecondaryResults.class) {
      return List.copyOf(FIGURES);
    }
  }
}
