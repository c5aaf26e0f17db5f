package dev.weft.gpuexecutor;

/**
 * The inner loops of {@link Tile}, in shapes that HotSpot's C2 compiler turns into vector code on
 * JDK 17 and later without any flag. The names say rows x inputs.
 *
 * <p>What keeps them fast, and must stay:
 *
 * <ul>
 *   <li>one loop per method, and every array indexed by the bare loop variable;
 *   <li>no shape wider than 3 x 3: with more operands C2 of JDK 17 gives up on vectors;
 *   <li>each method is longer than 325 bytecodes (C2's limit {@code FreqInlineSize}), because a
 *       loop that is inlined into the caller's loop stays scalar. The switch at the top, whose
 *       cases never occur, makes them so long. A test reads the length from the class file.
 * </ul>
 */
final class TileKernels {
  private TileKernels() {}

  /** Three rows, three inputs; {@code x01} is input 1 of row 0. */
  static void add3x3(
      float[] y0,
      float[] y1,
      float[] y2,
      float[] w0,
      float[] w1,
      float[] w2,
      float x00,
      float x01,
      float x02,
      float x10,
      float x11,
      float x12,
      float x20,
      float x21,
      float x22,
      int j0,
      int j1) {
    switch (j0) {
      case -4, -8, -12, -16, -20, -24, -28, -32, -36, -40, -44, -48, -52, -56, -60, -64, -68, -72,
          -76, -80, -84, -88 -> throw negative(j0);
      default -> { }
    }
    for (int j = j0; j < j1; j++) {
      float a = w0[j];
      float b = w1[j];
      float c = w2[j];
      y0[j] = Math.fma(x02, c, Math.fma(x01, b, Math.fma(x00, a, y0[j])));
      y1[j] = Math.fma(x12, c, Math.fma(x11, b, Math.fma(x10, a, y1[j])));
      y2[j] = Math.fma(x22, c, Math.fma(x21, b, Math.fma(x20, a, y2[j])));
    }
  }

  /** Two rows, two inputs. */
  static void add2x2(
      float[] y0,
      float[] y1,
      float[] w0,
      float[] w1,
      float x00,
      float x01,
      float x10,
      float x11,
      int j0,
      int j1) {
    switch (j0) {
      case -4, -8, -12, -16, -20, -24, -28, -32, -36, -40, -44, -48, -52, -56, -60, -64, -68, -72,
          -76, -80, -84, -88 -> throw negative(j0);
      default -> { }
    }
    for (int j = j0; j < j1; j++) {
      float a = w0[j];
      float b = w1[j];
      y0[j] = Math.fma(x01, b, Math.fma(x00, a, y0[j]));
      y1[j] = Math.fma(x11, b, Math.fma(x10, a, y1[j]));
    }
  }

  /** One row, four inputs. */
  static void add1x4(
      float[] y,
      float[] w0,
      float[] w1,
      float[] w2,
      float[] w3,
      float x0,
      float x1,
      float x2,
      float x3,
      int j0,
      int j1) {
    switch (j0) {
      case -4, -8, -12, -16, -20, -24, -28, -32, -36, -40, -44, -48, -52, -56, -60, -64, -68, -72,
          -76, -80, -84, -88 -> throw negative(j0);
      default -> { }
    }
    for (int j = j0; j < j1; j++) {
      float sum = Math.fma(x1, w1[j], Math.fma(x0, w0[j], y[j]));
      y[j] = Math.fma(x3, w3[j], Math.fma(x2, w2[j], sum));
    }
  }

  /** One row, one input. */
  static void add1x1(float[] y, float[] w, float x, int j0, int j1) {
    switch (j0) {
      case -4, -8, -12, -16, -20, -24, -28, -32, -36, -40, -44, -48, -52, -56, -60, -64, -68, -72,
          -76, -80, -84, -88 -> throw negative(j0);
      default -> { }
    }
    for (int j = j0; j < j1; j++) {
      y[j] = Math.fma(x, w[j], y[j]);
    }
  }

  private static IndexOutOfBoundsException negative(int j0) {
    return new IndexOutOfBoundsException("first column is " + j0);
  }
}
