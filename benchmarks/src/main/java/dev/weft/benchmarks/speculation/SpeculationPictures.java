package dev.weft.benchmarks.speculation;

import dev.weft.benchmarks.speculation.Results.Load;
import java.util.List;
import java.util.stream.IntStream;

/** The pictures of docs/speculation.md, as SVG. */
final class SpeculationPictures {
  private static final String ORACLE_COLOR = "#0072b2";
  private static final String GOODPUT_COLOR = "#d55e00";

  /** By drafter; told apart by people who see few colours as well. */
  private static final List<String> COLORS =
      List.of("#e69f00", "#d55e00", "#0072b2", "#56b4e9", "#009e73");

  private final Results results;

  SpeculationPictures(Results results) {
    this.results = results;
  }

  /** A diagram for each drafter and load: the best fixed length and the policy, by batch size. */
  String speedups() {
    List<Integer> batchSizes = results.batchSizes();
    List<Load> loads = results.loads();
    DrafterKind[] drafters = DrafterKind.values();
    double most = Math.max(1.5, mostSpeedup());
    SvgPanels panels = new SvgPanels("Speed-up by requests at once, host executor",
        drafters.length, loads.size(), batchSizes.stream().map(String::valueOf).toList(), 0,
        Math.ceil(2 * most) / 2);
    panels.legend(0, "best fixed length in hindsight (1 = no drafts)", ORACLE_COLOR, false)
        .legend(320, "goodput policy", GOODPUT_COLOR, true);
    double[] grid = IntStream.rangeClosed(0, (int) Math.ceil(2 * most))
        .mapToDouble(i -> i / 2.0).toArray();
    for (int row = 0; row < loads.size(); row++) {
      Load load = loads.get(row);
      for (int column = 0; column < drafters.length; column++) {
        String drafter = drafters[column].label();
        double[] oracle = batchSizes.stream().mapToDouble(batchSize -> results.oracleSpeedup(
            load, batchSize, drafter, results.oracle(load, batchSize, drafter))).toArray();
        double[] goodput = batchSizes.stream().mapToDouble(batchSize -> results.speedups(
            load, batchSize, drafter, RunRow.GOODPUT).median()).toArray();
        panels.panel(column, row, drafters[column].title() + ": " + load.title(), grid)
            .line(column, row, oracle, ORACLE_COLOR, false)
            .line(column, row, goodput, GOODPUT_COLOR, true);
      }
    }
    return panels.toString();
  }

  private double mostSpeedup() {
    double most = 0;
    for (Load load : results.loads()) {
      for (int batchSize : results.batchSizes()) {
        for (DrafterKind drafter : DrafterKind.values()) {
          String label = drafter.label();
          most = Math.max(most, results.oracleSpeedup(
              load, batchSize, label, results.oracle(load, batchSize, label)));
          most = Math.max(most,
              results.speedups(load, batchSize, label, RunRow.GOODPUT).median());
        }
      }
    }
    return most;
  }

  /** A diagram for each load: the share of accepted drafts by position. */
  String acceptance() {
    SpeculationTables tables = new SpeculationTables(results);
    List<Load> loads = results.loads();
    List<String> positions = IntStream.rangeClosed(1, DrafterKind.MAX_NUM_DRAFT_TOKENS)
        .mapToObj(String::valueOf).toList();
    SvgPanels panels = new SvgPanels("Drafts accepted, by position", loads.size(), 1, positions,
        0, 1);
    DrafterKind[] drafters = DrafterKind.values();
    for (int i = 0; i < drafters.length; i++) {
      panels.legend(120 * i, drafters[i].title(), COLORS.get(i), drafters[i] == DrafterKind.TREE);
    }
    for (int column = 0; column < loads.size(); column++) {
      Load load = loads.get(column);
      panels.panel(column, 0, load.title(), 0, 0.2, 0.4, 0.6, 0.8, 1);
      for (int i = 0; i < drafters.length; i++) {
        DrafterKind drafter = drafters[i];
        double[] shares = IntStream.range(0, positions.size())
            .mapToDouble(position -> tables.acceptance(load, drafter, position)).toArray();
        panels.line(column, 0, shares, COLORS.get(i), drafter == DrafterKind.TREE);
      }
    }
    return panels.toString();
  }
}
