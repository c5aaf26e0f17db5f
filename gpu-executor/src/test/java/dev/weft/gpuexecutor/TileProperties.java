package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class TileProperties {
  /** The definition: one fma chain per output, inputs ascending. */
  private static void naive(
      float[][] y, float[][] x, int x0, int kShift, float[][] w, int k0, int k1, int j0, int j1) {
    for (int m = 0; m < y.length; m++) {
      for (int j = j0; j < j1; j++) {
        for (int k = k0; k < k1; k++) {
          y[m][j] = Math.fma(x[x0 + m][k + kShift], w[k][j], y[m][j]);
        }
      }
    }
  }

  private static float[][] random(Random random, int rows, int columns) {
    float[][] matrix = new float[rows][columns];
    for (float[] row : matrix) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return matrix;
  }

  private static float[][] copy(float[][] matrix) {
    float[][] copy = new float[matrix.length][];
    for (int i = 0; i < matrix.length; i++) {
      copy[i] = matrix[i].clone();
    }
    return copy;
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void everyKernelComputesTheSameChain(
      @ForAll @IntRange(min = 1, max = 9) int numRows,
      @ForAll @IntRange(max = 14) int numInputs,
      @ForAll @IntRange(max = 40) int numColumns,
      @ForAll @IntRange(max = 5) int skipped,
      @ForAll long seed) {
    Random random = new Random(seed);
    int k1 = skipped + numInputs;
    int j1 = skipped + numColumns;
    float[][] x = random(random, 2 + numRows, numInputs);
    float[][] w = random(random, k1, j1 + 3);
    float[][] y = random(random, numRows, j1 + 3);
    float[][] expected = copy(y);
    naive(expected, x, 2, -skipped, w, skipped, k1, skipped, j1);
    Tile.multiplyAdd(y, 0, x, 2, -skipped, numRows, w, skipped, k1, skipped, j1);
    assertThat(y).isDeepEqualTo(expected);
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void cuttingTheInputsChangesNothing(
      @ForAll @IntRange(min = 1, max = 7) int numRows,
      @ForAll @IntRange(max = 30) int cut,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[][] x = random(random, numRows, 30);
    float[][] w = random(random, 30, 50);
    float[][] whole = random(random, numRows, 50);
    float[][] parts = copy(whole);
    Tile.multiplyAdd(whole, 0, x, 0, 0, numRows, w, 0, 30, 0, 50);
    Tile.multiplyAdd(parts, 0, x, 0, 0, numRows, w, 0, cut, 0, 50);
    Tile.multiplyAdd(parts, 0, x, 0, 0, numRows, w, cut, 30, 0, 50);
    assertThat(parts).isDeepEqualTo(whole);
  }

  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void aProductIsTheSameForAnyTeamAndRowCount(
      @ForAll @IntRange(min = 1, max = 110) int numRows,
      @ForAll @IntRange(min = 1, max = 100) int numInputs,
      @ForAll @IntRange(min = 1, max = 1100) int numOutputs,
      @ForAll @IntRange(min = 1, max = 3) int numThreads,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[][] stored = random(random, numOutputs, numInputs);
    PanelMatrix weights = new PanelMatrix(numOutputs, numInputs);
    weights.setRows(0, stored, numOutputs);
    float[][] x = random(random, numRows, numInputs);
    float[][] y = random(random, numRows, numOutputs);
    float[][] expected = copy(y);
    naive(expected, x, 0, 0, transpose(stored, numInputs), 0, numInputs, 0, numOutputs);
    try (WorkerTeam team = new WorkerTeam(numThreads, Thread::new)) {
      MatrixProduct product = new MatrixProduct(team);
      product.multiplyAdd(weights, x, numRows, y);
      assertThat(y).isDeepEqualTo(expected);
      product.multiply(weights, x, numRows, y);
      float[][] fromZero = new float[numRows][numOutputs];
      naive(fromZero, x, 0, 0, transpose(stored, numInputs), 0, numInputs, 0, numOutputs);
      assertThat(y).isDeepEqualTo(fromZero);
    }
  }

  private static float[][] transpose(float[][] matrix, int numColumns) {
    float[][] result = new float[numColumns][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < numColumns; j++) {
        result[j][i] = matrix[i][j];
      }
    }
    return result;
  }
}
