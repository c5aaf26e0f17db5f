package dev.weft.gpuexecutor;

/**
 * The Gumbel noise of one token position: {@code g = -log(-log u)} for every vocabulary entry, with
 * u from {@link Philox} keyed by the sequence's seed. The largest {@code logit + g} is then
 * distributed as the softmax of the logits (Gumbel, Statistical Theory of Extreme Values, 1954;
 * Maddison, Tarlow, Minka, A* Sampling, NeurIPS 2014).
 *
 * <p>Counter = (position in the sequence of the token to be sampled, vocabulary index / 4, purpose,
 * 0), word = vocabulary index % 4; the purpose is {@link Philox#PURPOSE_SAMPLING}. Everything is
 * written out in float operations with explicit fma, so that a device in another language gets the
 * same bits.
 */
final class GumbelNoise {
  private static final int NO_GROUP = -1;

  private static final float SQRT_HALF = 0.70710677f;
  private static final float LN2_HIGH = 355f / 512f;
  private static final float LN2_LOW = -2.1219444e-4f;

  /** The noise of the largest u: no vocabulary entry ever gets more. */
  static final float MAX = ofWord(-1);

  private final int[] words = new int[Philox.NUM_WORDS];
  private long seed;
  private int position;
  private int group = NO_GROUP;

  /** Turns to another position. */
  void begin(long seed, int position) {
    this.seed = seed;
    this.position = position;
    group = NO_GROUP;
  }

  /** The noise of a vocabulary entry; cheapest when asked in ascending order. */
  float at(int token) {
    int tokenGroup = token / Philox.NUM_WORDS;
    if (tokenGroup != group) {
      group = tokenGroup;
      Philox.generate(seed, position, group, Philox.PURPOSE_SAMPLING, 0, words);
    }
    return ofWord(words[token % Philox.NUM_WORDS]);
  }

  /** The noise of a random word. Only its upper 23 bits count. */
  static float ofWord(int word) {
    return -log(-log(uniform(word)));
  }

  /** {@code (upper 23 bits + 0.5) / 2^23}: exact in float, never 0 or 1. */
  static float uniform(int word) {
    return ((word >>> 9) + 0.5f) * 0x1p-23f;
  }

  /**
   * The natural logarithm of a positive normal float, with a relative error below 1.2e-7 on (0, 1)
   * (coefficients of Moshier's Cephes library, logf).
   */
  static float log(float x) {
    int bits = Float.floatToRawIntBits(x);
    int exponent = (bits >>> 23) - 126;
    float fraction = Float.intBitsToFloat((bits & 0x007FFFFF) | 0x3F000000);
    if (fraction < SQRT_HALF) {
      exponent--;
      fraction += fraction;
    }
    float f = fraction - 1f;
    float square = f * f;
    float p = 0.070376836f;
    p = Math.fma(p, f, -0.1151461f);
    p = Math.fma(p, f, 0.116769984f);
    p = Math.fma(p, f, -0.12420141f);
    p = Math.fma(p, f, 0.14249323f);
    p = Math.fma(p, f, -0.16668057f);
    p = Math.fma(p, f, 0.20000714f);
    p = Math.fma(p, f, -0.24999994f);
    p = Math.fma(p, f, 0.3333333f);
    float low = Math.fma(-0.5f, square, p * f * square);
    low = Math.fma(exponent, LN2_LOW, low);
    return Math.fma(exponent, LN2_HIGH, f + low);
  }
}
