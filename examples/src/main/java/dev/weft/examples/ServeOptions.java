package dev.weft.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the command line of {@link ServeAusten} asks for.
 *
 * @param model       null for the one that comes with the examples
 * @param outputs     file to write, or null
 * @param timeline    page to write, or null
 * @param trace       trace to write, or null
 * @param numRequests requests to serve
 * @param executor    where to compute
 * @param isHelp      true when only the options are to be printed
 */
record ServeOptions(
    @Nullable Path model,
    @Nullable Path outputs,
    @Nullable Path timeline,
    @Nullable Path trace,
    int numRequests,
    ExecutorChoice executor,
    boolean isHelp) {
  static final int MIN_NUM_REQUESTS = 16;
  static final int MAX_NUM_REQUESTS = 64;

  private static final Set<String> OPTIONS =
      Set.of("--executor", "--model", "--outputs", "--requests", "--timeline", "--trace");

  static final String HELP = """
      Serves the model that comes with the examples and compares every output with the same request
      run alone.

        mvn -q -pl examples -am compile exec:java "-Dexec.args=OPTIONS"

        --requests N     how many requests, %d to %d; default %d
        --executor E     cuda: on a GPU; host: on this machine's processors; auto, the default: on a
                         GPU when there is one. A GPU rounds otherwise than the host, so there
                         another token is right, too, if the host chooses it when its logit is
                         raised by %.2f; such tokens are counted. On the host all must be equal
        --outputs FILE   write prompts, parameters and tokens as JSON, for a check from outside
        --timeline FILE  write a page that shows the run step by step, say weft-timeline.html
        --trace FILE     write the run as a trace that ui.perfetto.dev opens
        --model DIR      folder with target/ and reference/; default: the nearest "model"
        --help           print this
      """.formatted(MIN_NUM_REQUESTS, MAX_NUM_REQUESTS, MAX_NUM_REQUESTS,
          ServingExecutor.TOLERANCE_OF_BF16);

  /** @throws IllegalArgumentException naming the option, its value and what is allowed */
  static ServeOptions parse(String... arguments) {
    Path model = null;
    Path outputs = null;
    Path timeline = null;
    Path trace = null;
    int numRequests = MAX_NUM_REQUESTS;
    ExecutorChoice executor = ExecutorChoice.AUTO;
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < arguments.length; i += 2) {
      String option = arguments[i];
      if (option.equals("--help")) {
        return new ServeOptions(null, null, null, null, numRequests, executor, true);
      }
      if (!OPTIONS.contains(option)) {
        throw bad("unknown option " + option);
      }
      if (!seen.add(option)) {
        throw bad(option + " is given twice");
      }
      if (i + 1 == arguments.length) {
        throw bad(option + " has no value");
      }
      String value = arguments[i + 1];
      switch (option) {
        case "--model" -> model = existingFolder(option, value);
        case "--outputs" -> outputs = writableFile(option, value);
        case "--timeline" -> timeline = writableFile(option, value);
        case "--trace" -> trace = writableFile(option, value);
        case "--executor" -> executor = executor(option, value);
        default -> numRequests = numberOfRequests(option, value);
      }
    }
    return new ServeOptions(model, outputs, timeline, trace, numRequests, executor, false);
  }

  private static Path existingFolder(String option, String value) {
    Path folder = Path.of(value).toAbsolutePath();
    if (!Files.isDirectory(folder)) {
      throw bad(option + " is " + value + ", must be a folder with target/ and reference/");
    }
    return folder;
  }

  /** Checked before a minute of work rather than behind it. */
  private static Path writableFile(String option, String value) {
    Path file = Path.of(value).toAbsolutePath();
    Path folder = file.getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw bad(option + " is " + value + ", must be a file in a folder that exists");
    }
    return file;
  }

  private static ExecutorChoice executor(String option, String value) {
    try {
      return ExecutorChoice.of(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          option + " is " + value + ", must be auto, cuda or host", e);
    }
  }

  private static int numberOfRequests(String option, String value) {
    String allowed = option + " is " + value + ", must be " + MIN_NUM_REQUESTS + " to "
        + MAX_NUM_REQUESTS;
    try {
      int number = Integer.parseInt(value);
      if (number >= MIN_NUM_REQUESTS && number <= MAX_NUM_REQUESTS) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(allowed, e);
    }
    throw bad(allowed);
  }

  private static IllegalArgumentException bad(String message) {
    return new IllegalArgumentException(message + "; --help lists the options");
  }
}
