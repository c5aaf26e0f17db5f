package dev.weft.gpuexecutor;

/** Loops over lanes that the softmax needs beside {@link Exponential}; one loop per method. */
final class LaneMath {
  /** Sums of softmax weights run in four chains by position mod 4. */
  static final int NUM_SUM_CHAINS = 4;

  private LaneMath() {}

  /** {@code maxima[j] = max(maxima[j], values[j])}. */
  static void maxInto(float[] maxima, float[] values, int from, int to) {
    for (int j = from; j < to; j++) {
      maxima[j] = Math.max(maxima[j], values[j]);
    }
  }

  /** {@code sums[j] += values[j]}. */
  static void addInto(float[] sums, float[] values, int from, int to) {
    for (int j = from; j < to; j++) {
      sums[j] += values[j];
    }
  }

  /** The largest of {@code max} and the values; NaN may be passed over. */
  static float max(float[] values, float max, int from, int to) {
    float a = max;
    float b = max;
    float c = max;
    float d = max;
    int j = from;
    for (; j + 4 <= to; j += 4) {
      a = values[j] > a ? values[j] : a;
      b = values[j + 1] > b ? values[j + 1] : b;
      c = values[j + 2] > c ? values[j + 2] : c;
      d = values[j + 3] > d ? values[j + 3] : d;
    }
    for (; j < to; j++) {
      a = values[j] > a ? values[j] : a;
    }
    return Math.max(Math.max(a, b), Math.max(c, d));
  }

  /**
   * Continues the four sums with the values of neighbouring positions, the first of which is a
   * multiple of 4.
   */
  static void addToChains(float[] chains, float[] values, int from, int to) {
    float a = chains[0];
    float b = chains[1];
    float c = chains[2];
    float d = chains[3];
    int j = from;
    for (; j + 4 <= to; j += 4) {
      a += values[j];
      b += values[j + 1];
      c += values[j + 2];
      d += values[j + 3];
    }
    chains[0] = j < to ? a + values[j] : a;
    chains[1] = j + 1 < to ? b + values[j + 1] : b;
    chains[2] = j + 2 < to ? c + values[j + 2] : c;
    chains[3] = d;
  }

  /** The sum of the four chains, added in pairs. */
  static float total(float a, float b, float c, float d) {
    return (a + b) + (c + d);
  }

  /**
   * A weighted value divided by the sum of its weights. Adding zero turns a negative zero into a
   * positive one: weights of zero behind the end of a sequence, which prefill computes and decode
   * does not, could otherwise flip that sign.
   */
  static float normalise(float weighted, float reciprocalOfSum) {
    return weighted * reciprocalOfSum + 0f;
  }
}
