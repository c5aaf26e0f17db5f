package dev.weft.benchmarks.gpu;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of {@link GpuBenchmark}.
 *
 * @param shape            folder with the {@code config.json} of the model, which it names
 * @param batches          requests that arrive together; one after another
 * @param numPromptTokens  of each request
 * @param numOutputTokens  of each request
 * @param numWarmups       runs of each batch that do not count
 * @param numRounds        runs of each batch that count
 * @param maxBatchedTokens tokens of a step
 * @param deterministic    whether the bits of an output must not depend on the batch
 * @param library          whether a library multiplies in steps of many tokens
 * @param output           file that results are appended to; null for the console alone
 */
record GpuOptions(
    Path shape,
    List<Integer> batches,
    int numPromptTokens,
    int numOutputTokens,
    int numWarmups,
    int numRounds,
    int maxBatchedTokens,
    boolean deterministic,
    boolean library,
    @Nullable Path output) {
  static final String HELP = """
      Serves random prompts with a model of random weights on a GPU.

        java -cp ... dev.weft.benchmarks.gpu.GpuBenchmark OPTIONS

        --shape=DIR            folder with the config.json of the model; needed
        --batches=1,16,64,256  requests that arrive together
        --prompt=512           tokens of each prompt
        --output=128           tokens of each answer
        --warmups=1            runs of each batch that do not count
        --rounds=5             runs of each batch that count
        --step-tokens=8192     most tokens of a step
        --deterministic=false  true: bits that do not depend on the batch
        --library=false        true: products of many tokens by cuBLAS, see -Dweft.cublas
        --out=FILE             appends a line of JSON for each run
        --help                 prints this
      """;
  private static final Map<String, String> DEFAULTS = Map.of("shape", "",
      "batches", "1,16,64,256", "prompt", "512", "output", "128", "warmups", "1", "rounds", "5",
      "step-tokens", "8192", "deterministic", "false", "library", "false", "out", "");

  /** @throws IllegalArgumentException naming the argument and what is allowed */
  static GpuOptions parse(String... arguments) {
    Map<String, String> given = new TreeMap<>(DEFAULTS);
    for (String argument : arguments) {
      String[] parts = argument.replaceFirst("^--", "").split("=", 2);
      if (parts.length != 2 || !DEFAULTS.containsKey(parts[0])) {
        throw new IllegalArgumentException(argument + " is no option; --help lists them");
      }
      given.put(parts[0], parts[1]);
    }
    Path shape = Path.of(value(given, "shape"));
    if (!Files.isRegularFile(shape.resolve("config.json"))) {
      throw new IllegalArgumentException(
          "--shape is \"" + shape + "\", must be a folder with a config.json");
    }
    String out = value(given, "out");
    return new GpuOptions(
        shape,
        Arrays.stream(value(given, "batches").split(",", -1))
            .map(batch -> number("batches", batch)).collect(Collectors.toList()),
        number("prompt", value(given, "prompt")),
        number("output", value(given, "output")),
        number("warmups", value(given, "warmups")),
        number("rounds", value(given, "rounds")),
        number("step-tokens", value(given, "step-tokens")),
        Boolean.parseBoolean(value(given, "deterministic")),
        Boolean.parseBoolean(value(given, "library")),
        out.isEmpty() ? null : Path.of(out));
  }

  private static String value(Map<String, String> given, String name) {
    return Objects.requireNonNull(given.get(name));
  }

  private static int number(String name, String value) {
    int number;
    try {
      number = Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("--" + name + " is " + value + ", must be a number", e);
    }
    if (number < 1 || number > 1 << 20) {
      throw new IllegalArgumentException("--" + name + " is " + value + ", must be 1 or more");
    }
    return number;
  }

  String modelName() {
    return shape.toAbsolutePath().normalize().getFileName().toString();
  }

  int maxBatch() {
    return batches.stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  /** Tokens of the longest sequence. */
  int length() {
    return numPromptTokens + numOutputTokens;
  }
}
