package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding (Su et al., RoFormer, 2021), in HuggingFace's order: dimension i of a
 * head is rotated together with dimension i + headDim / 2, by {@code position * theta^(-2i /
 * headDim)} radians. Sines and cosines are computed once per position, in double, and with {@link
 * StrictMath}, because {@link Math} may give other bits on another machine.
 */
final class RopeTable {
  private final int headDim;
  private final float[][] cosines;
  private final float[][] sines;

  /**
   * @param numPositions positions 0 to this, exclusive; takes {@code 4 * headDim} bytes each
   */
  RopeTable(int headDim, double theta, @Nullable RopeScaling scaling, int numPositions) {
    int half = headDim / 2;
    this.headDim = headDim;
    this.cosines = new float[numPositions][half];
    this.sines = new float[numPositions][half];
    for (int i = 0; i < half; i++) {
      double frequency = StrictMath.pow(theta, -2.0 * i / headDim);
      double scaled = scaling == null ? frequency : scaling.scale(frequency);
      for (int position = 0; position < numPositions; position++) {
        cosines[position][i] = (float) StrictMath.cos(position * scaled);
        sines[position][i] = (float) StrictMath.sin(position * scaled);
      }
    }
  }

  int numPositions() {
    return cosines.length;
  }

  /** The cosine of the angle by which dimension {@code i} is rotated. */
  float cosine(int position, int i) {
    return cosines[position][i];
  }

  /** The sine of the angle by which dimension {@code i} is rotated. */
  float sine(int position, int i) {
    return sines[position][i];
  }

  /** Rotates neighbouring heads of one token and multiplies them by a factor. */
  void rotate(float[] heads, int offset, int numHeads, int position, float factor) {
    float[] cosine = cosines[position];
    float[] sine = sines[position];
    int half = headDim / 2;
    for (int head = 0; head < numHeads; head++) {
      int first = offset + head * headDim;
      for (int i = 0; i < half; i++) {
        float a = heads[first + i];
        float b = heads[first + half + i];
        heads[first + i] = (a * cosine[i] - b * sine[i]) * factor;
        heads[first + half + i] = (b * cosine[i] + a * sine[i]) * factor;
      }
    }
  }
}
