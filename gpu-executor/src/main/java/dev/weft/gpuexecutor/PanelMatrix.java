package dev.weft.gpuexecutor;

/**
 * A weight matrix in the layout that {@link Tile} reads: the outputs are cut into panels, and a
 * panel keeps the weights of one input in an array of their own.
 *
 * <pre>
 * checkpoint [output][input]  ->  panels[panel][input][output of the panel, then PADDING unused]
 * </pre>
 *
 * <p>The garbage collector may put the arrays of a panel anywhere, so they are long: memory is read
 * faster in few long pieces. Much longer, a block of inputs would not fit the second-level cache.
 * The padding moves neighbouring arrays to different offsets within a cache line set; without it
 * the arrays of a panel evict each other.
 */
final class PanelMatrix {
  static final int MAX_PANEL_WIDTH = 1024;
  static final int PADDING = 12;
  private static final int LANES = 16;

  private final int numOutputs;
  private final int numInputs;
  private final int panelWidth;
  private final float[][][] panels;

  /** Takes the memory for a matrix of zeros. */
  PanelMatrix(int numOutputs, int numInputs) {
    this.numOutputs = numOutputs;
    this.numInputs = numInputs;
    int fewestPanels = ceilDivide(numOutputs, MAX_PANEL_WIDTH);
    this.panelWidth = ceilDivide(ceilDivide(numOutputs, fewestPanels), LANES) * LANES;
    this.panels = new float[ceilDivide(numOutputs, panelWidth)][numInputs][];
    for (int panel = 0; panel < panels.length; panel++) {
      for (int input = 0; input < numInputs; input++) {
        panels[panel][input] = new float[width(panel) + PADDING];
      }
    }
  }

  int numOutputs() {
    return numOutputs;
  }

  int numInputs() {
    return numInputs;
  }

  int numPanels() {
    return panels.length;
  }

  /** Outputs per panel, a multiple of 16; the last panel may have fewer. */
  int panelWidth() {
    return panelWidth;
  }

  /** The number of outputs in this panel. */
  int width(int panel) {
    return Math.min(panelWidth, numOutputs - panel * panelWidth);
  }

  /** The weights of one panel, {@code [input][output of the panel]}; not to be modified. */
  float[][] panel(int panel) {
    return panels[panel];
  }

  /**
   * Sets the weights of some neighbouring outputs.
   *
   * @param rows {@code [numRows][numInputs]}
   */
  void setRows(int firstOutput, float[][] rows, int numRows) {
    for (int i = 0; i < numRows; ) {
      int panel = (firstOutput + i) / panelWidth;
      int column = (firstOutput + i) % panelWidth;
      int count = Math.min(numRows - i, panelWidth - column);
      for (int input = 0; input < numInputs; input++) {
        float[] target = panels[panel][input];
        for (int j = 0; j < count; j++) {
          target[column + j] = rows[i + j][input];
        }
      }
      i += count;
    }
  }

  private static int ceilDivide(int a, int b) {
    return (a + b - 1) / b;
  }
}
