package dev.weft.engine.timeline;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Rows of numbers, stored as one array for each column. Grows by doubling up to a bound; apart from
 * that nothing is allocated. Not thread-safe.
 *
 * @param <C> the columns; a name that ends in {@code _AT} holds times on the clock of the engine,
 *            or {@link #NEVER}
 */
final class ColumnTable<C extends Enum<C>> {
  /** A time that has not come. */
  static final long NEVER = Long.MIN_VALUE;

  private static final int MIN_CAPACITY = 64;
  private final Class<C> type;
  private final int maxNumRows;
  private final long[][] values;
  private int numRows;

  ColumnTable(Class<C> type, int maxNumRows) {
    this(type, maxNumRows, new long[type.getEnumConstants().length][MIN_CAPACITY], 0);
  }

  private ColumnTable(Class<C> type, int maxNumRows, long[][] values, int numRows) {
    this.type = type;
    this.maxNumRows = maxNumRows;
    this.values = values;
    this.numRows = numRows;
  }

  int numRows() {
    return numRows;
  }

  /** True when no further {@code numMore} rows have room. */
  boolean isFull(int numMore) {
    return numRows > maxNumRows - numMore;
  }

  /** Appends a row of zeros and returns its index; the caller has asked {@link #isFull}. */
  int add() {
    if (numRows == values[0].length) {
      for (int i = 0; i < values.length; i++) {
        values[i] = Arrays.copyOf(values[i], (int) Math.min(2L * numRows, maxNumRows));
      }
    }
    for (long[] column : values) {
      column[numRows] = 0; // A row was here before the last removal.
    }
    return numRows++;
  }

  long get(C column, int row) {
    return values[column.ordinal()][row];
  }

  void set(C column, int row, long value) {
    values[column.ordinal()][row] = value;
  }

  void add(C column, int row, long value) {
    values[column.ordinal()][row] += value;
  }

  /** Removes the rows that the test does not keep; the others move up in order. */
  void retain(IntPredicate isKept) {
    int numKept = 0;
    for (int row = 0; row < numRows; row++) {
      if (isKept.test(row)) {
        for (long[] column : values) {
          column[numKept] = column[row];
        }
        numKept++;
      }
    }
    numRows = numKept;
  }

  C[] columns() {
    return type.getEnumConstants();
  }

  /** A table of the same rows that may grow without a bound. */
  ColumnTable<C> copy() {
    long[][] copies = new long[values.length][];
    for (int i = 0; i < values.length; i++) {
      copies[i] = Arrays.copyOf(values[i], Math.max(MIN_CAPACITY, numRows));
    }
    return new ColumnTable<>(type, Integer.MAX_VALUE, copies, numRows);
  }
}
