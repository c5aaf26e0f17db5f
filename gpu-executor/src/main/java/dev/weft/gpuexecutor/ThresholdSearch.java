package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Finds the value at which a descending sum of masses reaches a target, without sorting: a radix
 * search over the bits of the values, from the highest. Each of three passes adds up the masses by
 * one group of bits among the entries that agree with what is known, and so fixes that group.
 * Masses are integers, so the sums do not depend on any order. Cost: three passes over the
 * vocabulary.
 */
final class ThresholdSearch {
  private static final int[] GROUP_BITS = {11, 11, 10};

  private final long[] massOfDigit = new long[1 << 11];

  /**
   * Returns the largest value v such that the masses of all entries with {@code values >= v} sum up
   * to the target or more; the smallest value with a mass when there is not enough.
   *
   * @param values no NaN; entries without mass do not matter
   * @param masses 0 or more, one per value, not all 0
   * @param target 1 or more
   */
  float find(float[] values, long[] masses, int numValues, long target) {
    int known = 0;
    int knownBits = 0;
    long massAbove = 0;
    for (int bits : GROUP_BITS) {
      addUp(values, masses, numValues, known, knownBits, bits);
      int digit = (1 << bits) - 1;
      int lastWithMass = digit;
      while (digit >= 0 && massAbove < target) {
        if (massOfDigit[digit] > 0) {
          massAbove += massOfDigit[digit];
          lastWithMass = digit;
        }
        digit--;
      }
      massAbove -= massOfDigit[lastWithMass];
      known = known << bits | lastWithMass;
      knownBits += bits;
    }
    return valueOf(known);
  }

  private void addUp(
      float[] values, long[] masses, int numValues, int known, int knownBits, int bits) {
    Arrays.fill(massOfDigit, 0, 1 << bits, 0);
    int shift = Integer.SIZE - knownBits - bits;
    for (int i = 0; i < numValues; i++) {
      int key = keyOf(values[i]);
      // A shift by 32 would be one by 0, hence two steps.
      if (masses[i] > 0 && key >>> shift >>> bits == known) {
        massOfDigit[key >>> shift & (1 << bits) - 1] += masses[i];
      }
    }
  }

  /** Orders floats as unsigned integers; both zeros get the same key. */
  private static int keyOf(float value) {
    int bits = Float.floatToRawIntBits(value + 0f);
    return bits < 0 ? ~bits : bits | Integer.MIN_VALUE;
  }

  private static float valueOf(int key) {
    return Float.intBitsToFloat(key < 0 ? key & Integer.MAX_VALUE : ~key);
  }
}
