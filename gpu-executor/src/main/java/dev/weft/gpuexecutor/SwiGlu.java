package dev.weft.gpuexecutor;

/**
 * The gated activation of the feed-forward network (Shazeer, GLU Variants Improve Transformer,
 * 2020): {@code silu(gate) * up} with {@code silu(g) = g / (1 + exp(-g))}.
 */
final class SwiGlu {
  private final float[] up;
  private final float[] exponentials;
  private final float[] scratch;

  /** Takes scratch memory; an instance serves one thread. */
  SwiGlu(int width) {
    up = new float[width];
    exponentials = new float[width];
    scratch = new float[width];
  }

  /** Replaces the gate half of {@code [gate, up]} by the activation. */
  void apply(float[] gateUp) {
    int width = up.length;
    // A loop over one array at two offsets would stay scalar.
    System.arraycopy(gateUp, width, up, 0, width);
    negate(gateUp, exponentials);
    Exponential.apply(exponentials, scratch, 0f, 0, width);
    combine(gateUp, exponentials, up);
  }

  private static void negate(float[] gate, float[] target) {
    for (int j = 0; j < target.length; j++) {
      target[j] = -gate[j];
    }
  }

  private static void combine(float[] gate, float[] exponentials, float[] up) {
    for (int j = 0; j < up.length; j++) {
      gate[j] = gate[j] / (1f + exponentials[j]) * up[j];
    }
  }
}
