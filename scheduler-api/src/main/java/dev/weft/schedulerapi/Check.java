package dev.weft.schedulerapi;

/** Range checks whose message names the field, the value and the limit. */
final class Check {
  private Check() {}

  static int inRange(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(field + " is " + value + range(min, max));
    }
    return value;
  }

  static long inRange(String field, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          field + " is " + value + ", must be " + min + " to " + max);
    }
    return value;
  }

  static float inRange(String field, float value, float min, float max) {
    if (!(value >= min && value <= max)) { // Written so that NaN fails as well.
      throw new IllegalArgumentException(field + " is " + value + ", must be "
          + (min == Float.MIN_VALUE ? "above 0" : String.valueOf(min)) + " to " + max);
    }
    return value;
  }

  private static String range(int min, int max) {
    return max == Integer.MAX_VALUE
        ? ", must be " + min + " or more"
        : ", must be " + min + " to " + max;
  }
}
