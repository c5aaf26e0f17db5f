package dev.weft.benchmarks.host;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The arguments of {@link HostThroughput}, each as {@code --name=value}.
 *
 * @param models {@code --models}, names of {@link BenchModel} with commas between
 * @param numThreads {@code --threads}; default 1 and all processors
 * @param numForks {@code --forks}, JVMs per model and number of threads; default 2
 * @param numRounds {@code --rounds} in each; default 5
 * @param scratch {@code --scratch}, where random checkpoints are kept
 * @param output {@code --output}, gets all samples
 * @param jvmOptions {@code --jvm}, more options for the measured JVMs, with blanks between
 */
record HostOptions(
    List<BenchModel> models,
    List<Integer> numThreads,
    int numForks,
    int numRounds,
    Path scratch,
    Path output,
    List<String> jvmOptions) {

  /** @throws IllegalArgumentException naming the argument that is not known */
  static HostOptions parse(String... arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("models", "DRAFT,TARGET,RANDOM");
    values.put("threads", "1," + Runtime.getRuntime().availableProcessors());
    values.put("forks", "2");
    values.put("rounds", "5");
    values.put("scratch", "benchmarks/target/host");
    values.put("output", "benchmarks/target/host-throughput.csv");
    values.put("jvm", "");
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      String name = parts[0].replaceFirst("^--", "");
      if (parts.length != 2 || !values.containsKey(name)) {
        throw new IllegalArgumentException(
            argument + " is none of --" + String.join("=, --", values.keySet()) + "=");
      }
      values.put(name, parts[1]);
    }
    return new HostOptions(
        list(values, "models").stream().map(BenchModel::valueOf).toList(),
        list(values, "threads").stream().map(Integer::valueOf).distinct().toList(),
        Integer.parseInt(value(values, "forks")),
        Integer.parseInt(value(values, "rounds")),
        Path.of(value(values, "scratch")),
        Path.of(value(values, "output")),
        Arrays.stream(value(values, "jvm").split(" ", -1)).filter(one -> !one.isEmpty()).toList());
  }

  private static List<String> list(Map<String, String> values, String name) {
    return List.of(value(values, name).split(","));
  }

  private static String value(Map<String, String> values, String name) {
    return Objects.requireNonNull(values.get(name), name);
  }
}
