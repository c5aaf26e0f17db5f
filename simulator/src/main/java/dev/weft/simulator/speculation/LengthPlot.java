package dev.weft.simulator.speculation;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Draws tables of draft lengths as an SVG: a panel for each, speed-up over batch size. */
final class LengthPlot {
  private static final int WIDTH = 380;
  private static final int HEIGHT = 250;
  private static final int LEFT = 44;
  private static final int TOP = 34;
  private static final int INNER_WIDTH = WIDTH - LEFT - 16;
  private static final int INNER_HEIGHT = HEIGHT - TOP - 40;
  private static final int LEGEND_HEIGHT = 46;
  private static final double STEP = 0.25;
  /** What is drawn, the last one on top. */
  private static final List<Line> LINES = List.of(
      new Line("clairvoyant", "stroke=\"#bbb\" stroke-width=\"1.5\" stroke-dasharray=\"2 3\"",
          LengthTable.Row::clairvoyant),
      new Line("table", "stroke=\"#8a6d3b\" stroke-width=\"1.5\"",
          LengthTable.Row::byBatchSize),
      new Line("EMA", "stroke=\"#2e8b57\" stroke-width=\"1.5\"", LengthTable.Row::adaptive),
      new Line("SLO", "stroke=\"#8a4fbf\" stroke-width=\"1.5\"", LengthTable.Row::slo),
      new Line("best fixed k, known afterwards",
          "stroke=\"#222\" stroke-width=\"1.5\" stroke-dasharray=\"6 3\"",
          LengthTable.Row::oracle),
      new Line("goodput", "stroke=\"#d1352b\" stroke-width=\"2.5\"", LengthTable.Row::goodput));

  private LengthPlot() {}

  /** The plot, two panels in a row. */
  static String svg(List<LengthTable> tables) {
    int numRows = (tables.size() + 1) / 2;
    StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\">%n"
            + "<title>Speed-up by drafts over batch size, by policy of draft lengths</title>%n"
            + "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n",
        2 * WIDTH, numRows * HEIGHT + LEGEND_HEIGHT));
    for (int i = 0; i < tables.size(); i++) {
      svg.append(String.format(Locale.ROOT, "<g transform=\"translate(%d %d)\">%n",
          i % 2 * WIDTH, i / 2 * HEIGHT));
      panel(svg, tables.get(i));
      svg.append("</g>\n");
    }
    legend(svg, numRows * HEIGHT + 16);
    return svg.append("</svg>\n").toString();
  }

  private static void panel(StringBuilder svg, LengthTable table) {
    double low = 1;
    double high = 1;
    for (LengthTable.Row row : table.rows()) {
      for (Line line : LINES) {
        low = Math.min(low, line.speedUp(row));
        high = Math.max(high, line.speedUp(row));
      }
    }
    double bottom = Math.floor(low / STEP) * STEP;
    double top = Math.ceil(high / STEP) * STEP;
    svg.append(String.format(Locale.ROOT,
        "<text x=\"%d\" y=\"20\" font-weight=\"bold\">%s</text>%n", LEFT, table.title()));
    for (double tick = bottom; tick < top + STEP / 2; tick += STEP) {
      double y = y(tick, bottom, top);
      svg.append(String.format(Locale.ROOT,
          "<path d=\"M%d %.1fh%d\" stroke=\"%s\"/><text x=\"%d\" y=\"%.1f\""
              + " text-anchor=\"end\">%.2f×</text>%n",
          LEFT, y, INNER_WIDTH, tick == 1 ? "#999" : "#e4e4e4", LEFT - 4, y + 4, tick));
    }
    int numPoints = table.rows().size();
    for (int i = 0; i < numPoints; i++) {
      svg.append(String.format(Locale.ROOT,
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>%n",
          x(i, numPoints), TOP + INNER_HEIGHT + 16, table.rows().get(i).batchSize()));
    }
    for (Line line : LINES) {
      svg.append("<path fill=\"none\" ").append(line.style).append(" d=\"");
      for (int i = 0; i < numPoints; i++) {
        svg.append(String.format(Locale.ROOT, "%s%.1f %.1f", i == 0 ? "M" : "L",
            x(i, numPoints), y(line.speedUp(table.rows().get(i)), bottom, top)));
      }
      svg.append("\"/>\n");
    }
  }

  private static void legend(StringBuilder svg, int y) {
    int x = LEFT;
    for (Line line : LINES) {
      svg.append(String.format(Locale.ROOT,
          "<path d=\"M%d %dh22\" %s/><text x=\"%d\" y=\"%d\">%s</text>%n",
          x, y, line.style, x + 27, y + 4, line.title));
      x += 42 + 6 * line.title.length();
    }
  }

  private static double x(int index, int numPoints) {
    return LEFT + (index + 0.5) * INNER_WIDTH / numPoints;
  }

  private static double y(double value, double bottom, double top) {
    return TOP + INNER_HEIGHT * (top - value) / (top - bottom);
  }

  /**
   * A policy's line.
   *
   * @param title           in the legend
   * @param style           SVG attributes
   * @param tokensPerSecond of a row
   */
  private record Line(
      String title, String style, ToDoubleFunction<LengthTable.Row> tokensPerSecond) {
    private double speedUp(LengthTable.Row row) {
      return tokensPerSecond.applyAsDouble(row) / row.plain();
    }
  }
}
