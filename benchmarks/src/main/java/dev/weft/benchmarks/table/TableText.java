package dev.weft.benchmarks.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A table in Markdown that is being written. Numbers have three digits that mean something. */
public final class TableText {
  private final StringBuilder text = new StringBuilder();
  private final List<String> cells = new ArrayList<>();

  public TableText(String... columns) {
    text.append("| ").append(String.join(" | ", columns)).append(" |\n");
    text.append("|---".repeat(columns.length)).append("|\n");
  }

  public TableText cell(String value) {
    cells.add(value);
    return this;
  }

  /** A number; nothing for NaN. */
  public TableText cell(double value) {
    return cell(number(value));
  }

  /** A number and its error, in as many decimals. */
  public TableText cell(double value, double error) {
    return cell(Double.isNaN(error)
        ? number(value)
        : number(value) + " ± " + format(error, numDecimals(value)));
  }

  public TableText endRow() {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    cells.clear();
    return this;
  }

  public static String number(double value) {
    return Double.isNaN(value) ? "" : format(value, numDecimals(value));
  }

  private static int numDecimals(double value) {
    double size = Math.abs(value);
    if (size >= 99.95) {
      return 0;
    }
    if (size >= 9.995) {
      return 1;
    }
    return size >= 0.9995 || size < 0.0005 ? 2 : 3;
  }

  private static String format(double value, int numDecimals) {
    return String.format(Locale.ROOT, "%,." + numDecimals + "f", value);
  }

  @Override public String toString() {
    return text.toString();
  }
}
