package dev.weft.gpuexecutor;

import java.util.regex.Pattern;

/**
 * A JSON number as it was written, converted only when somebody knows what it should be: so
 * {@code 1e999999999} costs nothing, and no digit of a 64-bit offset is lost to a double.
 */
record JsonNumber(String text) {
  private static final Pattern GRAMMAR =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,18}");

  /** Whether the text is a number by JSON's grammar. */
  static boolean isNumber(String text) {
    return GRAMMAR.matcher(text).matches();
  }

  /** Whether {@link #toLong} has a value: an integer of at most 18 digits, without exponent. */
  boolean isInteger() {
    return INTEGER.matcher(text).matches();
  }

  long toLong() {
    return Long.parseLong(text);
  }

  /** The nearest double; infinite when the number is too large. */
  double toDouble() {
    return Double.parseDouble(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
