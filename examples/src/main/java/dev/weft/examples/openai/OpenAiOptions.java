package dev.weft.examples.openai;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the command line of {@link OpenAiServer} asks for.
 *
 * @param host          address to listen at
 * @param port          0 for any free one
 * @param model         folder of weights and tokenizer; null for the one that comes with the
 *                      examples
 * @param maxNumWaiting answers that may wait for their turn before clients are told to come later
 * @param drainSeconds  how long answers may take when the server is told to stop
 * @param timeline      file for the page that explains the run; null for none
 * @param isHelp        true when only the options are to be printed
 */
record OpenAiOptions(String host, int port, @Nullable Path model, int maxNumWaiting,
    int drainSeconds, @Nullable Path timeline, boolean isHelp) {
  static final String HELP = """
      Serves a model with the completions part of the OpenAI API.

        mvn -q -pl examples -am compile exec:java \\
            -Dexec.mainClass=dev.weft.examples.openai.OpenAiServer "-Dexec.args=OPTIONS"

        --host ADDRESS     where to listen; default 127.0.0.1, which is this machine alone
        --port N           default 8000; 0 for any free one
        --model DIR        folder with config.json, model.safetensors and tokenizer.json;
                           default: the one that comes with the examples
        --max-waiting N    answers that may wait before clients get status 429; default 1024
        --drain-seconds N  time for unfinished answers when told to stop; default 30
        --timeline FILE    write a page that explains the run when told to stop
        --help             print this
      """;
  private static final Map<String, String> DEFAULTS = Map.of("--host", "127.0.0.1",
      "--port", "8000", "--model", "", "--max-waiting", "1024", "--drain-seconds", "30",
      "--timeline", "");

  /** @throws IllegalArgumentException naming the option, its value and what is allowed */
  static OpenAiOptions parse(String... arguments) {
    Map<String, String> given = new TreeMap<>();
    boolean isHelp = false;
    for (int i = 0; i < arguments.length && !isHelp; i += 2) {
      String option = arguments[i];
      if (option.equals("--help")) {
        isHelp = true;
      } else if (!DEFAULTS.containsKey(option)) {
        throw bad("unknown option " + option);
      } else if (i + 1 == arguments.length) {
        throw bad(option + " has no value");
      } else if (given.put(option, arguments[i + 1]) != null) {
        throw bad(option + " is given twice");
      }
    }
    DEFAULTS.forEach(given::putIfAbsent);
    return new OpenAiOptions(
        text(given, "--host"),
        number(given, "--port", 0, 65535),
        model(given),
        number(given, "--max-waiting", 1, 1 << 20),
        number(given, "--drain-seconds", 0, 3600),
        timeline(given),
        isHelp);
  }

  private static @Nullable Path model(Map<String, String> given) {
    String value = text(given, "--model");
    if (value.isEmpty()) {
      return null;
    }
    Path folder = Path.of(value).toAbsolutePath();
    for (String file : new String[] {"config.json", "tokenizer.json"}) {
      if (!Files.isRegularFile(folder.resolve(file))) {
        throw bad("--model is " + value + ", but has no " + file);
      }
    }
    return folder;
  }

  /** Checked before the run rather than behind it. */
  private static @Nullable Path timeline(Map<String, String> given) {
    String value = text(given, "--timeline");
    if (value.isEmpty()) {
      return null;
    }
    Path file = Path.of(value).toAbsolutePath();
    Path folder = file.getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw bad("--timeline is " + value + ", must be a file in a folder that exists");
    }
    return file;
  }

  private static String text(Map<String, String> given, String option) {
    return Objects.requireNonNull(given.get(option));
  }

  private static int number(Map<String, String> given, String option, int min, int max) {
    String value = text(given, option);
    String allowed = option + " is " + value + ", must be " + min + " to " + max;
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
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
