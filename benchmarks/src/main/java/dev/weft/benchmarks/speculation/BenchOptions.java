package dev.weft.benchmarks.speculation;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The arguments of {@link SpeculationBench}, each as {@code --name=value}.
 *
 * @param numRounds       {@code --rounds}; default 5
 * @param maxMinutes      {@code --minutes} after which no further round begins; default 20
 * @param batchSizes      {@code --batches}, with commas between; default 1,4,16,64
 * @param numNewTokens    {@code --tokens} of each request; default 64
 * @param numThreads      {@code --threads} of the target; default all processors
 * @param numDraftThreads {@code --draft-threads} of the draft model; default the same
 * @param output          {@code --output}, gets a line for each run
 */
record BenchOptions(int numRounds, int maxMinutes, List<Integer> batchSizes, int numNewTokens,
    int numThreads, int numDraftThreads, Path output) {

  /** @throws IllegalArgumentException naming the argument that is not known */
  static BenchOptions parse(String... arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("rounds", "5");
    values.put("minutes", "20");
    values.put("batches", "1,4,16,64");
    values.put("tokens", "64");
    values.put("threads", Integer.toString(Runtime.getRuntime().availableProcessors()));
    values.put("draft-threads", "");
    values.put("output", "benchmarks/target/speculation.csv");
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      String name = parts[0].replaceFirst("^--", "");
      if (parts.length != 2 || !values.containsKey(name)) {
        throw new IllegalArgumentException(
            argument + " is none of --" + String.join("=, --", values.keySet()) + "=");
      }
      values.put(name, parts[1]);
    }
    values.computeIfPresent("draft-threads",
        (name, value) -> value.isEmpty() ? values.get("threads") : value);
    return new BenchOptions(
        number(values, "rounds"),
        number(values, "minutes"),
        Arrays.stream(value(values, "batches").split(",", -1)).map(Integer::valueOf).toList(),
        number(values, "tokens"),
        number(values, "threads"),
        number(values, "draft-threads"),
        Path.of(value(values, "output")));
  }

  int maxBatchSize() {
    return batchSizes.stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  private static int number(Map<String, String> values, String name) {
    return Integer.parseInt(value(values, name));
  }

  private static String value(Map<String, String> values, String name) {
    return Objects.requireNonNull(values.get(name), name);
  }
}
