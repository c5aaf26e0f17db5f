package dev.weft.gpuexecutor;

/**
 * Root mean square normalisation (Zhang, Sennrich, Root Mean Square Layer Normalization, NeurIPS
 * 2019). The sum of squares runs in eight chains by index mod 8, which are added pairwise: an order
 * that depends on nothing but the width.
 */
final class RmsNorm {
  private static final int NUM_CHAINS = 8;

  private RmsNorm() {}

  /** {@code out[j] = x[j] / sqrt(mean of squares + epsilon) * weight[j]} for all weights. */
  static void apply(float[] x, float[] weight, float epsilon, float[] out) {
    int width = weight.length;
    double meanSquare = sumOfSquares(x, width) / width;
    scale(x, (float) (1 / Math.sqrt(meanSquare + epsilon)), weight, out);
  }

  private static void scale(float[] x, float factor, float[] weight, float[] out) {
    for (int j = 0; j < weight.length; j++) {
      out[j] = x[j] * factor * weight[j];
    }
  }

  private static float sumOfSquares(float[] x, int width) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    float e = 0;
    float f = 0;
    float g = 0;
    float h = 0;
    int j = 0;
    for (; j + NUM_CHAINS <= width; j += NUM_CHAINS) {
      a = Math.fma(x[j], x[j], a);
      b = Math.fma(x[j + 1], x[j + 1], b);
      c = Math.fma(x[j + 2], x[j + 2], c);
      d = Math.fma(x[j + 3], x[j + 3], d);
      e = Math.fma(x[j + 4], x[j + 4], e);
      f = Math.fma(x[j + 5], x[j + 5], f);
      g = Math.fma(x[j + 6], x[j + 6], g);
      h = Math.fma(x[j + 7], x[j + 7], h);
    }
    // A width that is no multiple of eight: the rest joins the first chain, in order.
    for (; j < width; j++) {
      a = Math.fma(x[j], x[j], a);
    }
    return ((a + b) + (c + d)) + ((e + f) + (g + h));
  }
}
