package dev.weft.benchmarks.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The results in a JSON file of JMH. */
final class JmhResults {
  private final List<JsonNode> results = new ArrayList<>();

  private JmhResults() {}

  /** @throws IOException when the file cannot be read or is none of JMH */
  static JmhResults read(Path file) throws IOException {
    JmhResults read = new JmhResults();
    new ObjectMapper().readTree(file.toFile()).forEach(read.results::add);
    return read;
  }

  /** Writes the results again, one on a line, which is a third as long. */
  void write(Path file) throws IOException {
    Files.writeString(file, results.stream().map(JsonNode::toString)
        .collect(Collectors.joining(",\n", "[\n", "\n]\n")));
  }

  /**
   * The result of a benchmark.
   *
   * @param benchmark class and method, without the package
   * @param params    {@code "name=value"}, those that matter
   * @return empty when it was not run
   * @throws IllegalStateException when several fit
   */
  Optional<Result> find(String benchmark, String... params) {
    List<JsonNode> found = results.stream()
        .filter(result -> result.path("benchmark").asText().endsWith("." + benchmark))
        .filter(result -> Arrays.stream(params).allMatch(param -> hasParam(result, param)))
        .toList();
    if (found.size() > 1) {
      throw new IllegalStateException(
          found.size() + " results of " + benchmark + " " + Arrays.toString(params));
    }
    return found.stream().findFirst().map(Result::new);
  }

  private static boolean hasParam(JsonNode result, String param) {
    int equals = param.indexOf('=');
    String value = result.path("params").path(param.substring(0, equals)).asText();
    return value.equals(param.substring(equals + 1));
  }

  /** One line about the JVM and the repetitions of all these results. */
  String conditions() {
    return results.stream().map(JmhResults::conditions).distinct()
        .reduce((a, b) -> a + "; " + b).orElse("nothing was run");
  }

  private static String conditions(JsonNode result) {
    List<String> arguments = new ArrayList<>();
    result.path("jvmArgs").forEach(argument -> arguments.add(argument.asText()));
    return result.path("vmName").asText() + " " + result.path("jdkVersion").asText() + " "
        + String.join(" ", arguments) + ", " + result.path("forks").asInt() + " x "
        + result.path("measurementIterations").asInt() + " iterations";
  }

  /** The result of one benchmark with one set of parameters. */
  record Result(JsonNode node) {
    /** The mean over iterations, or the least, as the benchmark reports it. */
    double score(String metric) {
      return metric(metric).path("score").asDouble(Double.NaN);
    }

    /** Half the width of the interval that holds the mean with 99.9 percent; NaN for none. */
    double error(String metric) {
      JsonNode error = metric(metric).path("scoreError");
      return error.isNumber() ? error.asDouble() : Double.NaN;
    }

    /** The value that half the iterations of all forks do not exceed. */
    double medianOfIterations(String metric) {
      List<Double> values = new ArrayList<>();
      metric(metric).path("rawData").forEach(fork ->
          fork.forEach(value -> values.add(value.asDouble())));
      values.sort(null);
      return values.isEmpty() ? Double.NaN : values.get(values.size() / 2);
    }

    private JsonNode metric(String metric) {
      return metric.isEmpty()
          ? node.path("primaryMetric") : node.path("secondaryMetrics").path(metric);
    }
  }
}
