package dev.weft.pagedkv;

import java.util.Arrays;

/**
 * Records of ints, one behind another in one array: what is read together lies together, so that a
 * record costs one cache miss and not one for each of its numbers.
 */
final class IntRecords {
  /**
   * An array begins 16 bytes into its object, and large objects begin at a multiple of 64: so many
   * ints further begins a cache line.
   */
  private static final int FIRST = 12;
  private final int recordSize;
  private final int[] values;

  /** @param recordSize ints of a record */
  IntRecords(int numRecords, int recordSize) {
    this.recordSize = recordSize;
    values = new int[FIRST + Math.multiplyExact(numRecords, recordSize)];
  }

  int numRecords() {
    return (values.length - FIRST) / recordSize;
  }

  int get(int record, int field) {
    return values[offset(record) + field];
  }

  void set(int record, int field, int value) {
    values[offset(record) + field] = value;
  }

  /** Adds to a number and returns the sum. */
  int add(int record, int field, int change) {
    return values[offset(record) + field] += change;
  }

  /** A number of 64 bits in two fields. */
  long getLong(int record, int field) {
    int at = offset(record) + field;
    return ((long) values[at + 1] << 32) | (values[at] & 0xFFFF_FFFFL);
  }

  void setLong(int record, int field, long value) {
    int at = offset(record) + field;
    values[at] = (int) value;
    values[at + 1] = (int) (value >>> 32);
  }

  /** Copies into the fields of a record from one on. */
  void copyIn(int record, int field, int[] source, int offset, int count) {
    System.arraycopy(source, offset, values, offset(record) + field, count);
  }

  /** True when the fields from one on are equal to a part of an array. */
  boolean equals(int record, int field, int[] other, int offset, int count) {
    int at = offset(record) + field;
    return Arrays.equals(values, at, at + count, other, offset, offset + count);
  }

  /** Where a record begins in {@link #values}. */
  int offset(int record) {
    return FIRST + record * recordSize;
  }

  int[] values() {
    return values;
  }
}
