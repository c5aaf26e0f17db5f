package dev.weft.benchmarks.speculation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * All runs of a file, in the order in which they ran. A speed-up is the time of plain decoding
 * through that of the run, where plain decoding is the mean of its last turn before and its first
 * turn behind: so what other programs take of the machine is in both.
 */
final class Results {
  private final String machine;
  private final List<RunRow> rows;
  private final List<Double> speedups;

  Results(String machine, List<RunRow> rows) {
    this.machine = machine;
    this.rows = List.copyOf(rows);
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      ratios.add(rows.get(i).isPlain() ? 1 : plainNanos(i) / rows.get(i).nanos());
    }
    speedups = List.copyOf(ratios);
  }

  /** Reads a file: a line about the machine, the columns, the runs. */
  static Results read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.size() < 3 || !lines.get(1).equals(RunRow.columns())) {
      throw new IllegalArgumentException(file + " does not have the columns " + RunRow.columns());
    }
    return new Results(lines.get(0).substring(2),
        lines.subList(2, lines.size()).stream().map(RunRow::parse).toList());
  }

  private double plainNanos(int index) {
    double sum = 0;
    int numTurns = 0;
    for (int step = -1; step <= 1; step += 2) {
      int i = index + step;
      while (isSameGroup(index, i) && !rows.get(i).isPlain()) {
        i += step;
      }
      if (isSameGroup(index, i)) {
        sum += rows.get(i).nanos();
        numTurns++;
      }
    }
    if (numTurns == 0) {
      throw new IllegalArgumentException("no plain decoding beside " + rows.get(index).line());
    }
    return sum / numTurns;
  }

  private boolean isSameGroup(int index, int other) {
    return other >= 0 && other < rows.size()
        && rows.get(other).isComparable(rows.get(index))
        && rows.get(other).round() == rows.get(index).round();
  }

  /** Processor, JVM and options. */
  String machine() {
    return machine;
  }

  int numRounds() {
    return rows.stream().mapToInt(RunRow::round).max().orElseThrow();
  }

  /** Those that ran, ascending. */
  List<Integer> batchSizes() {
    return rows.stream().map(RunRow::batchSize).distinct().sorted().toList();
  }

  /** All kinds of prompts with their temperature, in the order in which they ran. */
  List<Load> loads() {
    Set<Load> loads = new LinkedHashSet<>();
    rows.forEach(row -> loads.add(new Load(row.prompts(), row.temperature())));
    return List.copyOf(loads);
  }

  /** Speed-ups of all rounds. */
  Spread speedups(Load load, int batchSize, String drafter, String length) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (isOf(rows.get(i), load, batchSize, drafter, length)) {
        values.add(speedups.get(i));
      }
    }
    return Spread.of(values);
  }

  /** A value of all rounds. */
  Spread values(Load load, int batchSize, String drafter, String length,
      ToDoubleFunction<RunRow> value) {
    return Spread.of(rows.stream().filter(row -> isOf(row, load, batchSize, drafter, length))
        .map(row -> value.applyAsDouble(row)).toList());
  }

  private static boolean isOf(
      RunRow row, Load load, int batchSize, String drafter, String length) {
    return row.prompts().equals(load.prompts()) && row.temperature().equals(load.temperature())
        && row.batchSize() == batchSize && row.drafter().equals(drafter)
        && row.length().equals(length);
  }

  /** The best fixed length in hindsight, by the median of the speed-ups; 0 when none is above 1. */
  String oracle(Load load, int batchSize, String drafter) {
    String best = "0";
    for (String length : SpeculationBench.LENGTHS) {
      if (speedups(load, batchSize, drafter, length).median()
          > oracleSpeedup(load, batchSize, drafter, best)) {
        best = length;
      }
    }
    return best;
  }

  /** That of a length, where 0 is plain decoding. */
  double oracleSpeedup(Load load, int batchSize, String drafter, String oracle) {
    return oracle.equals("0") ? 1 : speedups(load, batchSize, drafter, oracle).median();
  }

  /** Prompts and how they are sampled. */
  record Load(String prompts, String temperature) {
    /** For people to read. */
    String title() {
      return prompts + (temperature.equals("0") ? ", greedy" : ", T = " + temperature);
    }
  }

  /** Median, least and most of values. */
  record Spread(double median, double least, double most) {
    static Spread of(List<Double> values) {
      if (values.isEmpty()) {
        return new Spread(Double.NaN, Double.NaN, Double.NaN);
      }
      double[] ascending = values.stream().mapToDouble(Double::doubleValue).toArray();
      Arrays.sort(ascending);
      int length = ascending.length;
      return new Spread((ascending[(length - 1) / 2] + ascending[length / 2]) / 2,
          ascending[0], ascending[length - 1]);
    }
  }
}
