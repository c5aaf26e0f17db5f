package dev.weft.benchmarks.table;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The table about the measured minutes, from the file that {@code tools/bench-minute} writes. */
final class MinuteTable {
  private MinuteTable() {}

  /** Reads the CSV file; its first line names the columns. */
  static String read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    String[] columns = lines.get(0).split(",", -1);
    TableText table = new TableText("a minute", "steps", "median, µs", "p99", "p99.9", "max",
        "p99.9 / median", "of the loop", "ratio", "collections", "deoptimisations", "bytes a step");
    for (String line : lines.subList(1, lines.size())) {
      String[] values = line.split(",", -1);
      Map<String, String> row = new HashMap<>();
      for (int i = 0; i < columns.length; i++) {
        row.put(columns[i], values[i]);
      }
      addRow(table, row);
    }
    return table.toString();
  }

  private static void addRow(TableText table, Map<String, String> row) {
    double steps = value(row, "steps");
    double tail = value(row, "step_p999_ns") / value(row, "step_median_ns");
    double loopTail = value(row, "loop_p999_ns") / value(row, "loop_median_ns");
    table.cell(row.getOrDefault("workload", "")).cell(steps)
        .cell(value(row, "step_median_ns") / 1e3).cell(value(row, "step_p99_ns") / 1e3)
        .cell(value(row, "step_p999_ns") / 1e3).cell(value(row, "step_max_ns") / 1e3)
        .cell(tail).cell(loopTail).cell(tail / loopTail)
        .cell(row.getOrDefault("collections", "")).cell(row.getOrDefault("deoptimisations", ""))
        .cell(value(row, "allocated_bytes") / steps).endRow();
  }

  private static double value(Map<String, String> row, String column) {
    String value = row.get(column);
    if (value == null) {
      throw new IllegalStateException("no column " + column);
    }
    return Double.parseDouble(value);
  }
}
