package dev.weft.benchmarks.speculation;

import dev.weft.benchmarks.speculation.Results.Load;
import dev.weft.benchmarks.speculation.Results.Spread;
import dev.weft.benchmarks.table.TableText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The tables of docs/speculation.md. */
final class SpeculationTables {
  /** At this length acceptance is told by position. */
  private static final String LONGEST = Integer.toString(DrafterKind.MAX_NUM_DRAFT_TOKENS);

  private final Results results;
  private final int largestBatch;

  SpeculationTables(Results results) {
    this.results = results;
    List<Integer> batchSizes = results.batchSizes();
    largestBatch = batchSizes.get(batchSizes.size() - 1);
  }

  /** All tables by name. */
  Map<String, String> sections() {
    Map<String, String> sections = new LinkedHashMap<>();
    sections.put("speculation conditions",
        results.machine() + "; " + results.numRounds() + " rounds\n");
    sections.put("drafters", drafters());
    sections.put("acceptance", acceptance());
    sections.put("plain decoding", plain());
    sections.put("costs", costs());
    for (Load load : results.loads()) {
      sections.put("speed-up: " + load.title(), speedups(load));
    }
    return sections;
  }

  /** Output tokens per row and step, and acceptance. */
  private String drafters() {
    List<String> columns = new ArrayList<>(List.of("prompts", "drafter"));
    SpeculationBench.LENGTHS.forEach(length -> columns.add("k = " + length));
    columns.add("accepted at k = 4");
    TableText table = new TableText(columns.toArray(String[]::new));
    for (Load load : results.loads()) {
      for (DrafterKind drafter : DrafterKind.values()) {
        table.cell(load.title()).cell(drafter.title());
        for (String length : SpeculationBench.LENGTHS) {
          table.cell(format("%.2f", results.values(
              load, largestBatch, drafter.label(), length, RunRow::tokensPerRow).median()));
        }
        table.cell(percent(results.values(
            load, largestBatch, drafter.label(), "4", row -> row.drafts().acceptance()).median()))
            .endRow();
      }
    }
    return table.toString();
  }

  private String acceptance() {
    List<String> columns = new ArrayList<>(List.of("prompts", "drafter"));
    for (int i = 1; i <= DrafterKind.MAX_NUM_DRAFT_TOKENS; i++) {
      columns.add(Integer.toString(i));
    }
    TableText table = new TableText(columns.toArray(String[]::new));
    for (Load load : results.loads()) {
      for (DrafterKind drafter : DrafterKind.values()) {
        table.cell(load.title()).cell(drafter.title());
        for (int i = 0; i < DrafterKind.MAX_NUM_DRAFT_TOKENS; i++) {
          table.cell(percent(acceptance(load, drafter, i)));
        }
        table.endRow();
      }
    }
    return table.toString();
  }

  /** Share of the n-th drafts that were accepted, from 0, at the longest length. */
  double acceptance(Load load, DrafterKind drafter, int position) {
    return results.values(load, largestBatch, drafter.label(), LONGEST,
        row -> row.drafts().acceptance(position)).median();
  }

  private String plain() {
    TableText table = new TableText(header("tokens/s of plain decoding"));
    for (Load load : results.loads()) {
      table.cell(load.title());
      for (int batchSize : results.batchSizes()) {
        Spread rate = results.values(
            load, batchSize, RunRow.NONE, "0", RunRow::tokensPerSecond);
        table.cell(format("%,.0f (%,.0f-%,.0f)", rate.median(), rate.least(), rate.most()));
      }
      table.endRow();
    }
    return table.toString();
  }

  /** What a row of so many drafts and a token of the draft model take, in milliseconds. */
  private String costs() {
    TableText table = new TableText(header("ms, chat, greedy, draft model"));
    table.cell("target: a row without drafts");
    cells(table, RunRow.NONE, "0", row -> targetMillis(row) / row.numRows());
    for (String length : SpeculationBench.LENGTHS) {
      table.cell("a row of k = " + length);
      cells(table, DrafterKind.MODEL.label(), length, row -> targetMillis(row) / row.numRows());
    }
    table.cell("draft model: a token, k = " + LONGEST);
    cells(table, DrafterKind.MODEL.label(), LONGEST,
        row -> row.draftNanos() / 1e6 / row.drafts().numDrafted());
    return table.toString();
  }

  private void cells(
      TableText table, String drafter, String length, ToDoubleFunction<RunRow> millis) {
    for (int batchSize : results.batchSizes()) {
      table.cell(format("%.3f",
          results.values(results.loads().get(0), batchSize, drafter, length, millis).median()));
    }
    table.endRow();
  }

  private static double targetMillis(RunRow row) {
    return (row.nanos() - row.draftNanos()) / 1e6;
  }

  private String[] header(String first) {
    List<String> columns = new ArrayList<>(List.of(first));
    results.batchSizes().forEach(batchSize -> columns.add("batch " + batchSize));
    return columns.toArray(String[]::new);
  }

  private String speedups(Load load) {
    List<String> columns = new ArrayList<>(List.of("drafter", "batch"));
    SpeculationBench.LENGTHS.forEach(length -> columns.add("k = " + length));
    columns.addAll(List.of("oracle k", "goodput", "goodput / oracle"));
    TableText table = new TableText(columns.toArray(String[]::new));
    for (DrafterKind drafter : DrafterKind.values()) {
      for (int batchSize : results.batchSizes()) {
        table.cell(drafter.title()).cell(Integer.toString(batchSize));
        for (String length : SpeculationBench.LENGTHS) {
          table.cell(spread(results.speedups(load, batchSize, drafter.label(), length)));
        }
        String oracle = results.oracle(load, batchSize, drafter.label());
        Spread goodput = results.speedups(load, batchSize, drafter.label(), RunRow.GOODPUT);
        table.cell(oracle).cell(spread(goodput)).cell(format("%.2f", goodput.median()
            / results.oracleSpeedup(load, batchSize, drafter.label(), oracle))).endRow();
      }
    }
    return table.toString();
  }

  private static String spread(Spread spread) {
    return format("%.2f (%.2f-%.2f)", spread.median(), spread.least(), spread.most());
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "" : format("%.0f %%", 100 * share);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
