package dev.weft.engine.journal;

import java.nio.charset.StandardCharsets;

/** Reads what {@link RecordWriter} wrote, and trusts nothing: every count and end is checked. */
final class RecordReader {
  private final byte[] bytes;
  private final int end;
  /** Place of {@code bytes[0]} in the file. */
  private final long fileOffset;
  private int position;

  RecordReader(byte[] bytes, int start, int end, long fileOffset) {
    this.bytes = bytes;
    this.end = end;
    this.fileOffset = fileOffset;
    position = start;
  }

  int position() {
    return position;
  }

  void seek(int target) {
    position = target;
  }

  boolean isAtEnd() {
    return position >= end;
  }

  int numLeft() {
    return end - position;
  }

  JournalFormatException broken(String message) {
    return new JournalFormatException(fileOffset + position, message);
  }

  int octet() throws JournalFormatException {
    if (position >= end) {
      throw broken("the data ends within a record");
    }
    return bytes[position++] & 0xff;
  }

  /** Any number. */
  long number() throws JournalFormatException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int next = octet();
      value |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw broken("a number of more than ten bytes");
  }

  /** A number from 0 to {@code max}. */
  int number(String field, int max) throws JournalFormatException {
    long value = number();
    if (value < 0 || value > max) {
      throw broken(field + " is " + value + ", must be 0 to " + max);
    }
    return (int) value;
  }

  /** As many things as follow, each of which takes a byte or more. */
  int count(String field, int max) throws JournalFormatException {
    int count = number(field, max);
    if (count > numLeft()) {
      throw broken(field + " is " + count + ", only " + numLeft() + " bytes follow");
    }
    return count;
  }

  long signed() throws JournalFormatException {
    long value = number();
    return value >>> 1 ^ -(value & 1);
  }

  int signedInt(String field) throws JournalFormatException {
    long value = signed();
    if (value != (int) value) {
      throw broken(field + " is " + value + ", must fit into 32 bits");
    }
    return (int) value;
  }

  int int32() throws JournalFormatException {
    int value = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += 8) {
      value |= octet() << shift;
    }
    return value;
  }

  long int64() throws JournalFormatException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 8) {
      value |= (long) octet() << shift;
    }
    return value;
  }

  float float32() throws JournalFormatException {
    return Float.intBitsToFloat(int32());
  }

  String text() throws JournalFormatException {
    int length = count("length of a text", Integer.MAX_VALUE);
    String text = new String(bytes, position, length, StandardCharsets.UTF_8);
    position += length;
    return text;
  }

  <E extends Enum<E>> E constant(String field, E[] values) throws JournalFormatException {
    return values[number(field, values.length - 1)];
  }
}
