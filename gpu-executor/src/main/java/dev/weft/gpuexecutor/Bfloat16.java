package dev.weft.gpuexecutor;

/** The upper 16 bits of a float: sign, 8 bits of exponent, 7 of fraction. */
final class Bfloat16 {
  static final int BYTES = 2;

  private static final short NOT_A_NUMBER = 0x7fff;

  private Bfloat16() {}

  /** Rounds to the nearest, of two equally near ones to the even; a NaN stays one. */
  static short of(float value) {
    if (Float.isNaN(value)) {
      return NOT_A_NUMBER;
    }
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** The float of the same value. */
  static float widen(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
