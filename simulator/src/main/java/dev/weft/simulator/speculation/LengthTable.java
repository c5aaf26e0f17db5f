package dev.weft.simulator.speculation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the policies make of one recording on one device, over batch sizes.
 *
 * @param title recording and device
 * @param rows  one for each batch size
 */
record LengthTable(String title, List<Row> rows) {
  static LengthTable of(String title, RecordedAcceptance recorded, LatencyModel target,
      DrafterTime drafter, int... batchSizes) {
    List<Row> rows = new ArrayList<>();
    for (int batchSize : batchSizes) {
      rows.add(Row.of(new LengthCase(recorded, target, drafter, batchSize)));
    }
    return new LengthTable(title, List.copyOf(rows));
  }

  /** The table as text. */
  String markdown() {
    StringBuilder text = new StringBuilder()
        .append("| ").append(title).append(": batch | no drafts, tokens/s | best k | × |")
        .append(" table | EMA | SLO | goodput | goodput, given time | clairvoyant |")
        .append(" goodput / best k |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (Row row : rows) {
      text.append(String.format(Locale.ROOT,
          "| %d | %.0f | %d | %.2f | %.2f | %.2f | %.2f | **%.2f** | %.2f | %.2f | %.3f |%n",
          row.batchSize, row.plain, row.oracleLength, row.oracle / row.plain,
          row.byBatchSize / row.plain, row.adaptive / row.plain, row.slo / row.plain,
          row.goodput / row.plain, row.goodputModelled / row.plain,
          row.clairvoyant / row.plain, row.goodput / row.oracle));
    }
    return text.toString();
  }

  /**
   * Tokens a second at one batch size, by policy.
   *
   * @param batchSize       sequences
   * @param plain           without drafts
   * @param oracleLength    the best fixed length, known afterwards
   * @param oracle          with it
   * @param byBatchSize     a table of batch sizes
   * @param adaptive        accepted drafts of each sequence, smoothed
   * @param slo             filling steps until they grow by a tenth
   * @param goodput         tokens a second, step time measured
   * @param goodputModelled the same, step time given
   * @param clairvoyant     drafting exactly what will be accepted
   */
  record Row(int batchSize, double plain, int oracleLength, double oracle, double byBatchSize,
      double adaptive, double slo, double goodput, double goodputModelled, double clairvoyant) {
    static Row of(LengthCase point) {
      int oracleLength = point.oracleLength();
      return new Row(point.batchSize(), point.plain(), oracleLength, point.fixed(oracleLength),
          point.byBatchSize(), point.adaptive(), point.slo(), point.goodput(),
          point.goodputModelled(), point.clairvoyant());
    }
  }
}
