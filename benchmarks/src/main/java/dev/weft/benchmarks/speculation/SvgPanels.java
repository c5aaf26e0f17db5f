package dev.weft.benchmarks.speculation;

import java.util.List;
import java.util.Locale;

/**
 * A picture of small diagrams side by side, all with the same axes, as SVG text. The x axis has
 * named places at equal distance; lines skip what is no number.
 */
final class SvgPanels {
  private static final int PANEL_WIDTH = 170;
  private static final int PANEL_HEIGHT = 120;
  private static final int GAP = 26;
  private static final int LEFT = 44;
  private static final int TOP = 64;
  private static final int BOTTOM = 40;

  private final StringBuilder text = new StringBuilder();
  private final List<String> places;
  private final double minY;
  private final double maxY;

  /**
   * @param places names along the x axis
   * @param minY   bottom of the y axis
   * @param maxY   its top
   * @param title  of the picture
   */
  SvgPanels(String title, int numColumns, int numRows, List<String> places, double minY,
      double maxY) {
    this.places = places;
    this.minY = minY;
    this.maxY = maxY;
    int width = LEFT + numColumns * (PANEL_WIDTH + GAP);
    int height = TOP + numRows * (PANEL_HEIGHT + GAP + 14) + BOTTOM;
    text.append(format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
        + "font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\">%n", width, height));
    text.append(format("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n", width, height));
    text.append(format("<text x=\"%d\" y=\"20\" font-size=\"14\">%s</text>%n", LEFT, title));
  }

  /** A line of the legend below the title, {@code x} pixels from the left. */
  SvgPanels legend(int x, String label, String color, boolean isDashed) {
    text.append(format("<line x1=\"%d\" x2=\"%d\" y1=\"36\" y2=\"36\" stroke=\"%s\" "
        + "stroke-width=\"2\"%s/>%n", LEFT + x, LEFT + x + 22, color, dash(isDashed)));
    text.append(format("<text x=\"%d\" y=\"40\">%s</text>%n", LEFT + x + 27, label));
    return this;
  }

  /** Frame, grid and names of one diagram. */
  SvgPanels panel(int column, int row, String title, double... gridLines) {
    text.append(format("<text x=\"%d\" y=\"%d\">%s</text>%n",
        left(column), top(row) - 6, title));
    for (double y : gridLines) {
      text.append(format("<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>%n",
          left(column), left(column) + PANEL_WIDTH, y(row, y), y(row, y),
          y == 1 ? "#999" : "#e4e4e4"));
      if (column == 0) {
        text.append(format("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
            LEFT - 6, y(row, y) + 4, y == Math.rint(y) ? format("%.0f", y) : format("%.1f", y)));
      }
    }
    for (int i = 0; i < places.size(); i++) {
      text.append(format("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" "
          + "fill=\"#777\">%s</text>%n",
          x(column, i), top(row) + PANEL_HEIGHT + 14, places.get(i)));
    }
    return this;
  }

  /** A line with a dot at each place. */
  SvgPanels line(int column, int row, double[] values, String color, boolean isDashed) {
    StringBuilder points = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      if (!Double.isNaN(values[i])) {
        double y = y(row, Math.max(minY, Math.min(maxY, values[i])));
        points.append(format("%.1f,%.1f ", x(column, i), y));
        dots.append(format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"/>%n",
            x(column, i), y, color));
      }
    }
    text.append(format("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" "
        + "stroke-width=\"2\"%s/>%n",
        points.toString().trim(), color, dash(isDashed))).append(dots);
    return this;
  }

  private static String dash(boolean isDashed) {
    return isDashed ? " stroke-dasharray=\"5 3\"" : "";
  }

  private static int left(int column) {
    return LEFT + column * (PANEL_WIDTH + GAP);
  }

  private static int top(int row) {
    return TOP + row * (PANEL_HEIGHT + GAP + 14);
  }

  private double x(int column, int place) {
    return left(column) + PANEL_WIDTH * (place + 0.5) / places.size();
  }

  private double y(int row, double value) {
    return top(row) + PANEL_HEIGHT * (maxY - value) / (maxY - minY);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values).replace("\r", "");
  }

  /** The whole picture. */
  @Override public String toString() {
    return text + "</svg>\n";
  }
}
