package dev.weft.simulator;

import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioCase;
import dev.weft.testkit.conformance.ScenarioFiles;
import dev.weft.testkit.conformance.ScenarioRun;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes the generated parts of docs/vllm-differences.md: for each scenario of {@code
 * differences.jsonl} a table of what the profiles do, step by step, side by side; where the
 * scenario has a golden, what vLLM itself did stands beside them. The text around the tables is
 * written by hand. A part begins with {@code <!-- run NAME -->} and ends with {@code <!-- end -->}.
 */
final class DifferencesPage {
  private static final String SCENARIOS = "differences.jsonl";
  private static final String BEGIN = "<!-- run ";
  private static final String END = "<!-- end -->";

  private DifferencesPage() {}

  /** The scenarios, in the order of the page. */
  static List<ScenarioCase> scenarios() throws IOException {
    try (InputStream in = DifferencesPage.class.getResourceAsStream(SCENARIOS)) {
      return ScenarioFiles.read(SCENARIOS, Objects.requireNonNull(in, SCENARIOS));
    }
  }

  /**
   * The page with all parts generated anew.
   *
   * @throws IllegalArgumentException when a part has no scenario or no end, or a scenario no part
   */
  static String update(String page) throws IOException {
    String updated = page;
    for (ScenarioCase scenario : scenarios()) {
      String begin = BEGIN + scenario.scenario().name() + " -->\n";
      int from = updated.indexOf(begin) + begin.length();
      int to = updated.indexOf(END, from);
      if (from < begin.length() || to < 0) {
        throw new IllegalArgumentException("the page has no part from " + begin.strip() + " to "
            + END);
      }
      updated = updated.substring(0, from) + "\n" + part(scenario) + "\n" + updated.substring(to);
    }
    return updated;
  }

  private static String part(ScenarioCase recorded) {
    Scenario scenario = recorded.scenario();
    List<Column> columns = new ArrayList<>();
    if (recorded.golden() != null) {
      columns.add(new Column("vLLM, recorded", recorded.golden()));
    }
    columns.add(new Column("`vllm` profile",
        new ScenarioRun(scenario, ProfileDriver::vllm).run()));
    columns.add(new Column("default profile",
        new ScenarioRun(scenario, ProfileDriver::standard).run()));
    StringBuilder part = new StringBuilder(scenario.note()).append("\n\n");
    part.append("| step |");
    columns.forEach(column -> part.append(' ').append(column.title).append(" |"));
    part.append("\n|---|").append("---|".repeat(columns.size())).append('\n');
    int numSteps = columns.stream().mapToInt(column -> column.steps().size()).max().orElse(0);
    for (int step = 0; step < numSteps; step++) {
      StringBuilder cells = new StringBuilder();
      for (Column column : columns) {
        cells.append(' ').append(column.step(step)).append(" |");
      }
      if (!cells.toString().matches("[ |]+")) { // The last step only reports who is gone.
        part.append("| ").append(step).append(" |").append(cells).append('\n');
      }
    }
    part.append("| end |");
    columns.forEach(column -> part.append(' ').append(column.end()).append(" |"));
    return part.append('\n').toString();
  }

  /** What one scheduler did. */
  private record Column(String title, Map<String, ?> run) {
    private List<?> steps() {
      return (List<?>) Objects.requireNonNull(run.get("steps"));
    }

    private String step(int step) {
      return step < steps().size() ? cell((Map<?, ?>) steps().get(step)) : "";
    }

    private static String cell(Map<?, ?> step) {
      List<String> parts = new ArrayList<>();
      list(step, "refused").forEach(id -> parts.add("refuses " + id));
      List<String> waiting = new ArrayList<>();
      list(step, "skipped").forEach(id -> waiting.add(id.toString()));
      list(step, "waiting").forEach(id -> waiting.add(id.toString()));
      List<String> rows =
          list(step, "scheduled").stream().map(row -> row((Map<?, ?>) row)).toList();
      if (!rows.isEmpty()) {
        parts.add(String.join(", ", rows));
      } else if (!waiting.isEmpty() || !list(step, "running").isEmpty()) {
        parts.add("**nothing**");
      }
      list(step, "preempted").forEach(id -> parts.add(id + " loses its blocks"));
      for (Object output : list(step, "outputs")) {
        Map<?, ?> said = (Map<?, ?>) output;
        if (said.get("finish") != null) {
          parts.add(said.get("id") + " ends");
        }
      }
      if (!waiting.isEmpty()) {
        parts.add("waiting: " + String.join(", ", waiting));
      }
      return String.join("; ", parts);
    }

    private static String row(Map<?, ?> row) {
      String kind = switch (String.valueOf(row.get("kind"))) {
        case "new" -> " (new)";
        case "resumed" -> " (again)";
        default -> "";
      };
      return row.get("id") + " " + row.get("n") + kind;
    }

    private static List<?> list(Map<?, ?> step, String field) {
      Object list = step.get(field);
      return list == null ? List.of() : (List<?>) list;
    }

    private String end() {
      Map<?, ?> summary = (Map<?, ?>) Objects.requireNonNull(run.get("final"));
      List<String> unfinished = new ArrayList<>();
      ((Map<?, ?>) Objects.requireNonNull(summary.get("finish"))).forEach((id, reason) -> {
        if (reason.equals("unfinished")) {
          unfinished.add(id.toString());
        }
      });
      return unfinished.isEmpty()
          ? "all done" : "**stalls**, never ended: " + String.join(", ", unfinished);
    }
  }
}
