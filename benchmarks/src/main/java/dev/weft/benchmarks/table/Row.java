package dev.weft.benchmarks.table;

import dev.weft.benchmarks.table.JmhResults.Result;
import java.util.Optional;

/**
 * A row of a table that compares us with vLLM.
 *
 * @param benchmark class and method
 * @param params    {@code "name=value"}, separated by spaces
 * @param metric    of which there is {@code …CpuMin} and so on; empty for the score itself
 * @param vllm      the least time known of vLLM on a machine of that kind; NaN for none
 * @param isWall    whether that is wall time
 * @param goal      of our median; NaN for none
 */
record Row(String label, String benchmark, String params, String metric, double vllm,
    boolean isWall, double goal) {
  static Row of(String label, String benchmark, String params, String metric) {
    return new Row(label, benchmark, params, metric, Double.NaN, false, Double.NaN);
  }

  Row vllm(double least) {
    return new Row(label, benchmark, params, metric, least, false, goal);
  }

  Row vllmWall(double least) {
    return new Row(label, benchmark, params, metric, least, true, goal);
  }

  Row goal(double median) {
    return new Row(label, benchmark, params, metric, vllm, isWall, median);
  }

  Optional<Result> find(JmhResults results) {
    return results.find(benchmark, params.isEmpty() ? new String[0] : params.split(" ", -1));
  }

  /** The best single step of all. */
  double least(Result result) {
    return hasSteps() ? result.score(metric + (isWall ? "WallMin" : "CpuMin")) : Double.NaN;
  }

  /** Whether single steps were timed. */
  boolean hasSteps() {
    return !metric.isEmpty();
  }

  double median(Result result) {
    return result.score(medianMetric());
  }

  double error(Result result) {
    return result.error(medianMetric());
  }

  private String medianMetric() {
    return hasSteps() ? metric + (isWall ? "WallMedian" : "CpuMedian") : "";
  }

  /** The goal and whether it is met; nothing when there is none. */
  String verdict(Result result) {
    if (Double.isNaN(goal)) {
      return "";
    }
    return TableText.number(goal) + (median(result) <= goal ? ", met" : ", **missed**");
  }
}
