package dev.weft.gpuexecutor;

/**
 * The one matrix primitive: matrix products, query-key scores and weighted values all call it, for
 * prefill and decode alike.
 *
 * <p>Every output is one chain of {@link Math#fma} over ascending k, continued from the value that
 * is already there. So the bits of an output depend neither on how many rows are computed together,
 * nor on how the range of k is cut into calls, nor on which kernel covers it: batch invariance of
 * the whole executor rests on this.
 */
final class Tile {
  private Tile() {}

  /**
   * {@code y[y0 + m][j] += sum over k of x[x0 + m][k + kShift] * w[k][j]} for {@code m < numRows},
   * {@code k0 <= k < k1}, {@code j0 <= j < j1}.
   *
   * @param y sums; the rows must be different arrays, and different from those of w
   * @param kShift added to k to index x, so that x may hold a window of the inputs
   * @param j0 0 or more
   */
  static void multiplyAdd(
      float[][] y,
      int y0,
      float[][] x,
      int x0,
      int kShift,
      int numRows,
      float[][] w,
      int k0,
      int k1,
      int j0,
      int j1) {
    int m = 0;
    for (; m + 3 <= numRows; m += 3) {
      threeRows(
          y[y0 + m], y[y0 + m + 1], y[y0 + m + 2],
          x[x0 + m], x[x0 + m + 1], x[x0 + m + 2],
          kShift, w, k0, k1, j0, j1);
    }
    for (; m + 2 <= numRows; m += 2) {
      twoRows(y[y0 + m], y[y0 + m + 1], x[x0 + m], x[x0 + m + 1], kShift, w, k0, k1, j0, j1);
    }
    if (m < numRows) {
      oneRow(y[y0 + m], x[x0 + m], kShift, w, k0, k1, j0, j1);
    }
  }

  private static void threeRows(
      float[] y0,
      float[] y1,
      float[] y2,
      float[] x0,
      float[] x1,
      float[] x2,
      int kShift,
      float[][] w,
      int k0,
      int k1,
      int j0,
      int j1) {
    int k = k0;
    for (; k + 3 <= k1; k += 3) {
      int i = k + kShift;
      TileKernels.add3x3(
          y0, y1, y2, w[k], w[k + 1], w[k + 2],
          x0[i], x0[i + 1], x0[i + 2], x1[i], x1[i + 1], x1[i + 2], x2[i], x2[i + 1], x2[i + 2],
          j0, j1);
    }
    for (; k < k1; k++) {
      TileKernels.add1x1(y0, w[k], x0[k + kShift], j0, j1);
      TileKernels.add1x1(y1, w[k], x1[k + kShift], j0, j1);
      TileKernels.add1x1(y2, w[k], x2[k + kShift], j0, j1);
    }
  }

  private static void twoRows(
      float[] y0,
      float[] y1,
      float[] x0,
      float[] x1,
      int kShift,
      float[][] w,
      int k0,
      int k1,
      int j0,
      int j1) {
    int k = k0;
    for (; k + 2 <= k1; k += 2) {
      int i = k + kShift;
      TileKernels.add2x2(y0, y1, w[k], w[k + 1], x0[i], x0[i + 1], x1[i], x1[i + 1], j0, j1);
    }
    if (k < k1) {
      TileKernels.add1x1(y0, w[k], x0[k + kShift], j0, j1);
      TileKernels.add1x1(y1, w[k], x1[k + kShift], j0, j1);
    }
  }

  private static void oneRow(
      float[] y, float[] x, int kShift, float[][] w, int k0, int k1, int j0, int j1) {
    int k = k0;
    for (; k + 4 <= k1; k += 4) {
      int i = k + kShift;
      TileKernels.add1x4(
          y, w[k], w[k + 1], w[k + 2], w[k + 3], x[i], x[i + 1], x[i + 2], x[i + 3], j0, j1);
    }
    for (; k < k1; k++) {
      TileKernels.add1x1(y, w[k], x[k + kShift], j0, j1);
    }
  }
}
