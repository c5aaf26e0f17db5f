package dev.weft.gpuexecutor;

import java.util.Arrays;

/**
 * Multiplies the activations of all tokens with a weight matrix, on the whole team.
 *
 * <p>The outputs are cut into tasks: row tiles of {@value #TILE_ROWS} tokens times panels, and when
 * there are few of those, panels into ranges of columns. The inputs are never split between tasks,
 * so the bits of an output do not depend on the cut. Inside a task a block of about {@value
 * #BLOCK_INPUTS} inputs of the panel stays in the second-level cache while all rows of the tile
 * pass over it.
 */
final class MatrixProduct implements WorkerTeam.Job {
  private static final int TILE_ROWS = 48;
  private static final int BLOCK_INPUTS = 90;
  private static final int LANES = 16;
  private static final int MIN_COLUMNS = 128;

  private final WorkerTeam team;

  /** {@code [worker][row of the tile][column of the panel]}. */
  private final float[][][] sums;

  // The current product.
  private float[][] x = {};
  private float[][] y = {};
  private PanelMatrix weights = new PanelMatrix(1, 1);
  private boolean continuesSums;
  private int numRows;
  private int numRowTiles;
  private int columnsPerTask;
  private int tasksPerPanel;

  MatrixProduct(WorkerTeam team) {
    this.team = team;
    this.sums =
        new float[team.numThreads()][TILE_ROWS]
            [PanelMatrix.MAX_PANEL_WIDTH + PanelMatrix.PADDING];
  }

  /** {@code y[row] = weights x[row]} for the first rows of x. */
  void multiply(PanelMatrix weights, float[][] x, int numRows, float[][] y) {
    continuesSums = false;
    start(weights, x, numRows, y);
  }

  /** {@code y[row] += weights x[row]}, the sum beginning with what is there. */
  void multiplyAdd(PanelMatrix weights, float[][] x, int numRows, float[][] y) {
    continuesSums = true;
    start(weights, x, numRows, y);
  }

  private void start(PanelMatrix weights, float[][] x, int numRows, float[][] y) {
    this.weights = weights;
    this.x = x;
    this.y = y;
    this.numRows = numRows;
    if (numRows == 0) {
      return;
    }
    numRowTiles = (numRows + TILE_ROWS - 1) / TILE_ROWS;
    splitPanels();
    team.run(this, weights.numPanels() * tasksPerPanel * numRowTiles);
  }

  /** Chooses ranges of columns so that a thread gets about two tasks, if they are wide enough. */
  private void splitPanels() {
    int numTasks = weights.numPanels() * numRowTiles;
    int wantedTasks = team.numThreads() == 1 ? 1 : 2 * team.numThreads();
    int parts = Math.min(
        (wantedTasks + numTasks - 1) / numTasks, weights.panelWidth() / MIN_COLUMNS);
    int width = weights.panelWidth() / Math.max(1, parts);
    columnsPerTask = (width + LANES - 1) / LANES * LANES;
    tasksPerPanel = (weights.panelWidth() + columnsPerTask - 1) / columnsPerTask;
  }

  @Override
  public void run(int task, int worker) {
    int firstRow = task % numRowTiles * TILE_ROWS;
    int part = task / numRowTiles;
    int panel = part / tasksPerPanel;
    int from = part % tasksPerPanel * columnsPerTask;
    int to = Math.min(from + columnsPerTask, weights.width(panel));
    if (from < to) {
      int rows = Math.min(TILE_ROWS, numRows - firstRow);
      multiplyTile(panel, firstRow, rows, from, to, sums[worker]);
    }
  }

  private void multiplyTile(
      int panel, int firstRow, int rows, int from, int to, float[][] sum) {
    int firstOutput = panel * weights.panelWidth() + from;
    for (int i = 0; i < rows; i++) {
      if (continuesSums) {
        System.arraycopy(y[firstRow + i], firstOutput, sum[i], from, to - from);
      } else {
        Arrays.fill(sum[i], from, to, 0f);
      }
    }
    int numInputs = weights.numInputs();
    // A single row reads every weight once, so there is nothing to keep in the cache.
    int step = rows == 1 ? numInputs : BLOCK_INPUTS;
    for (int k = 0; k < numInputs; k += step) {
      int end = Math.min(numInputs, k + step);
      Tile.multiplyAdd(sum, 0, x, firstRow, 0, rows, weights.panel(panel), k, end, from, to);
    }
    for (int i = 0; i < rows; i++) {
      System.arraycopy(sum[i], from, y[firstRow + i], firstOutput, to - from);
    }
  }
}
