package dev.weft.speculative;

/** Range checks whose message names the field, the value and the limits. */
final class Ranges {
  private Ranges() {}

  /** The value, when it is {@code min} to {@code max}. */
  static int check(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          field + " is " + value + ", must be " + min + " to " + max);
    }
    return value;
  }

  /** The value, when it is {@code min} to {@code max} and a number. */
  static double check(String field, double value, double min, double max) {
    if (!(value >= min && value <= max)) { // Written so that NaN fails as well.
      throw new IllegalArgumentException(
          field + " is " + value + ", must be " + min + " to " + max);
    }
    return value;
  }
}
