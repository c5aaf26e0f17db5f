package dev.weft.gpuexecutor;

/**
 * e to the x for arrays of floats: relative error below 1.2e-7, the same bits on every machine, no
 * branches.
 *
 * <p>x = n ln 2 + r with |r| at most half of ln 2; a polynomial of degree 7 gives e^r (the
 * coefficients of Moshier's Cephes library, expf), a table 2^n. Arguments are clamped to [-87.3,
 * 88], where neither result nor intermediate values leave the normal floats. NaN stays NaN.
 *
 * <p>Three loops in three methods, because C2 vectorises only a method's single loop; the table
 * access is then the only scalar part.
 */
final class Exponential {
  private static final float MIN_ARGUMENT = -87.3f;
  private static final float MAX_ARGUMENT = 88f;
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 355f / 512f;
  private static final float LN2_LOW = -2.1219444e-4f;

  /** 1.5 x 2^23: adding and subtracting it rounds to the nearest integer. */
  private static final float ROUNDER = 12582912f;

  private static final int TABLE_BIAS = 127;
  private static final float[] POWERS_OF_TWO = new float[256];

  static {
    for (int i = 0; i < POWERS_OF_TWO.length - 1; i++) {
      POWERS_OF_TWO[i] = Math.scalb(1f, i - TABLE_BIAS);
    }
  }

  private Exponential() {}

  /**
   * {@code values[j] = exp(values[j] - shift)} for {@code from <= j < to}.
   *
   * @param scratch at least {@code to} long; overwritten
   */
  static void apply(float[] values, float[] scratch, float shift, int from, int to) {
    clampDifference(values, scratch, shift, from, to);
    expOfReduced(values, scratch, from, to);
    scaleByPowerOfTwo(values, scratch, from, to);
  }

  /** The same with a shift per element. */
  static void apply(float[] values, float[] scratch, float[] shifts, int from, int to) {
    clampDifference(values, scratch, shifts, from, to);
    expOfReduced(values, scratch, from, to);
    scaleByPowerOfTwo(values, scratch, from, to);
  }

  private static void clampDifference(
      float[] values, float[] target, float shift, int from, int to) {
    for (int j = from; j < to; j++) {
      target[j] = Math.max(MIN_ARGUMENT, Math.min(MAX_ARGUMENT, values[j] - shift));
    }
  }

  private static void clampDifference(
      float[] values, float[] target, float[] shifts, int from, int to) {
    for (int j = from; j < to; j++) {
      target[j] = Math.max(MIN_ARGUMENT, Math.min(MAX_ARGUMENT, values[j] - shifts[j]));
    }
  }

  /** Leaves e^r in {@code values} and n in {@code arguments}. */
  private static void expOfReduced(float[] values, float[] arguments, int from, int to) {
    for (int j = from; j < to; j++) {
      float x = arguments[j];
      float n = Math.fma(x, LOG2_E, ROUNDER) - ROUNDER;
      float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
      float p = 1.9875691e-4f;
      p = Math.fma(p, r, 0.0013981999f);
      p = Math.fma(p, r, 0.008333452f);
      p = Math.fma(p, r, 0.041665796f);
      p = Math.fma(p, r, 0.16666666f);
      p = Math.fma(p, r, 0.5f);
      values[j] = Math.fma(p, r * r, r + 1f);
      arguments[j] = n;
    }
  }

  private static void scaleByPowerOfTwo(float[] values, float[] exponents, int from, int to) {
    for (int j = from; j < to; j++) {
      values[j] *= POWERS_OF_TWO[(int) exponents[j] + TABLE_BIAS];
    }
  }
}
