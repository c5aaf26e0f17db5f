package dev.weft.benchmarks.table;

import dev.weft.benchmarks.table.JmhResults.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tables about scheduler and cache, by name. Times are CPU time of the thread; <em>least</em>
 * is the best single step, <em>median</em> the mean over iterations of each one's median.
 */
final class SchedulerTables {
  private static final String ALLOCATED = "allocatedBytesPerStep";
  private static final String DECODE = "DecodeBenchmark.decode";
  private static final String SERVE = "ServingBenchmark.serve";
  private static final int[] NUM_REQUESTS = {16, 64, 256, 1024, 4096};
  private static final double[] VLLM_DECODE = {191.4, 646.6, 2947, 15_480, 69_119};

  private final JmhResults results;
  private final List<String> failures = new ArrayList<>();

  SchedulerTables(JmhResults results) {
    this.results = results;
  }

  Map<String, String> sections() {
    Map<String, String> sections = new LinkedHashMap<>();
    sections.put("conditions", results.conditions() + "\n");
    sections.put("decode", decode());
    sections.put("waiting", waiting());
    sections.put("drafts", drafts());
    sections.put("serving", serving());
    sections.put("prompts", compared("prompts, µs", SchedulerRows.PROMPTS));
    sections.put("hash", compared("hash alone, ns a block", SchedulerRows.HASH));
    sections.put("pool", compared("pool of 2^20 blocks, ns a block", SchedulerRows.POOL));
    return sections;
  }

  /** What must not be, such as steps that allocate; after {@link #sections}. */
  List<String> failures() {
    return failures;
  }

  private String decode() {
    TableText table = new TableText("step of N decodes, µs", "least", "median", "ns a request",
        "goal", "naive", "naive / ours", "vLLM", "vLLM / ours", "bytes");
    for (int i = 0; i < NUM_REQUESTS.length; i++) {
      int numRequests = NUM_REQUESTS[i];
      Row weft = decodeRow(numRequests, "WEFT").vllm(VLLM_DECODE[i]).goal(goal(numRequests));
      Optional<Result> found = weft.find(results);
      if (found.isPresent()) {
        Result result = found.get();
        double naive = median(decodeRow(numRequests, "NAIVE"));
        table.cell(weft.label()).cell(weft.least(result))
            .cell(weft.median(result), weft.error(result))
            .cell(1000 * weft.median(result) / numRequests).cell(weft.verdict(result))
            .cell(naive).cell(naive / weft.median(result))
            .cell(weft.vllm()).cell(weft.vllm() / weft.least(result))
            .cell(bytes(weft, result)).endRow();
      }
    }
    return table.toString();
  }

  private static double goal(int numRequests) {
    return switch (numRequests) {
      case 1024 -> 40;
      case 4096 -> 200;
      default -> Double.NaN;
    };
  }

  private static Row decodeRow(int numRequests, String engine) {
    String params = "engine=" + engine;
    return numRequests == 4096
        ? Row.of("4,096", "DecodeBenchmark.decode4096", params, "step")
        : Row.of(String.format("%,d", numRequests), DECODE,
            params + " numRequests=" + numRequests, "step");
  }

  private String waiting() {
    TableText table = new TableText("1,024 decode, µs", "least", "median", "bytes");
    for (String numWaiting : List.of("0", "100000")) {
      Row row = Row.of(numWaiting + " wait", "DecodeBenchmark.decodeBeforeWaiting",
          "numWaiting=" + numWaiting, "step");
      row.find(results).ifPresent(result -> table.cell(row.label()).cell(row.least(result))
          .cell(row.median(result), row.error(result)).cell(bytes(row, result)).endRow());
    }
    return table.toString();
  }

  private String drafts() {
    TableText table = new TableText("step of N verifications, µs", "least", "median", "goal",
        "ns a token", "vLLM", "vLLM / ours", "bytes");
    for (SchedulerRows.Drafts size : SchedulerRows.DRAFTS) {
      Row row = Row.of(String.format("%,d", size.numRequests()), "DraftBenchmark.drafts",
          "numRequests=" + size.numRequests(), "step").vllm(size.vllm()).goal(size.goal());
      row.find(results).ifPresent(result -> table.cell(row.label()).cell(row.least(result))
          .cell(row.median(result), row.error(result)).cell(row.verdict(result))
          .cell(1000 * row.median(result) / (3 * size.numRequests()))
          .cell(row.vllm()).cell(row.vllm() / row.least(result)).cell(bytes(row, result))
          .endRow());
    }
    return table.toString();
  }

  private String serving() {
    TableText table = new TableText("step, µs", "median", "mean", "goal", "`VllmPolicy`: median",
        "mean", "naive: median", "mean", "vLLM: median", "mean", "vLLM / ours, means", "bytes");
    for (SchedulerRows.Serving serving : SchedulerRows.SERVING) {
      Row row = servingRow(serving, "WEFT").goal(serving.goal());
      Optional<Result> found = row.find(results);
      if (found.isPresent()) {
        Result result = found.get();
        double mean = result.score("stepCpuMean");
        table.cell(row.label()).cell(row.median(result), row.error(result)).cell(mean)
            .cell(row.verdict(result));
        for (String engine : List.of("VLLM", "NAIVE")) {
          Row other = servingRow(serving, engine);
          table.cell(median(other)).cell(
              other.find(results).map(r -> r.score("stepCpuMean")).orElse(Double.NaN));
        }
        table.cell(serving.vllmMedian()).cell(serving.vllmMean())
            .cell(serving.vllmMean() / mean).cell(bytes(row, result)).endRow();
      }
      Row likeVllm = servingRow(serving, "VLLM");
      likeVllm.find(results).ifPresent(result -> bytes(likeVllm, result));
    }
    return table.toString();
  }

  private static Row servingRow(SchedulerRows.Serving serving, String engine) {
    return Row.of(serving.label(), SERVE, "engine=" + engine + " kind=" + serving.kind(), "step");
  }

  private double median(Row row) {
    return row.find(results).map(row::median).orElse(Double.NaN);
  }

  private String compared(String title, List<Row> rows) {
    TableText table =
        new TableText(title, "least", "median", "goal", "vLLM", "vLLM / ours", "bytes");
    for (Row row : rows) {
      row.find(results).ifPresent(result -> table.cell(row.label())
          .cell(TableText.number(row.least(result)) + (row.isWall() ? " w" : ""))
          .cell(row.median(result), row.error(result)).cell(row.verdict(result))
          .cell(TableText.number(row.vllm()) + (row.isWall() ? " w" : ""))
          .cell(row.vllm() / (row.hasSteps() ? row.least(result) : row.median(result)))
          .cell(row.benchmark().startsWith("Add")
              ? TableText.number(result.medianOfIterations(ALLOCATED)) : bytes(row, result))
          .endRow());
    }
    return table.toString();
  }

  /** Bytes a step, of which there must be none in the usual iteration. */
  private String bytes(Row row, Result result) {
    double bytes = result.medianOfIterations(ALLOCATED);
    if (bytes >= 0.5) {
      failures.add(row.benchmark() + " " + row.params() + " allocates " + TableText.number(bytes)
          + " bytes a step, must be 0");
    }
    return Double.isNaN(bytes) ? "" : String.valueOf(Math.round(bytes));
  }
}
