package dev.weft.simulator;

import dev.weft.testkit.conformance.Conformance;
import dev.weft.testkit.conformance.Level;
import dev.weft.testkit.conformance.ScenarioDriver;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command behind tools/conformance: compares a profile with the goldens of a directory. */
public final class ConformanceTool {
  static final int EQUAL = 0;
  static final int DIFFERENT = 1;
  static final int NOT_RUN = 2;
  private static final String USAGE =
      "usage: tools/conformance DIR [--level 1|2|3] [--profile vllm|default]\n"
          + "       tools/conformance --differences PAGE";

  private final PrintStream out;
  private final PrintStream error;
  private Level level = Level.IDENTITY;
  private ScenarioDriver.Factory factory = ProfileDriver::vllm;
  private @Nullable Path directory;
  private @Nullable Path page;

  private ConformanceTool(PrintStream out, PrintStream error) {
    this.out = out;
    this.error = error;
  }

  /** Exits with 0 when all scenarios are equal, 1 when one differs, 2 when not all can be run. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** What the process shall exit with. */
  static int run(List<String> arguments, PrintStream out, PrintStream error) {
    return new ConformanceTool(out, error).run(arguments);
  }

  private int run(List<String> arguments) {
    try {
      read(new ArrayDeque<>(arguments));
      if (page != null) {
        Files.writeString(page, DifferencesPage.update(Files.readString(page)));
        return EQUAL;
      }
      if (directory == null) {
        throw new IllegalArgumentException("no directory is named\n" + USAGE);
      }
      return switch (new Conformance(factory, level, out, error).run(directory)) {
        case EQUAL -> EQUAL;
        case DIFFERENT -> DIFFERENT;
        case BROKEN -> NOT_RUN;
      };
    } catch (IOException | IllegalArgumentException e) {
      error.println("conformance: " + e.getMessage());
    }
    return NOT_RUN;
  }

  private void read(Deque<String> arguments) {
    while (!arguments.isEmpty()) {
      String argument = arguments.remove();
      if (argument.equals("--level")) {
        level = level(valueOf(argument, arguments));
      } else if (argument.equals("--profile")) {
        factory = profile(valueOf(argument, arguments));
      } else if (argument.equals("--differences")) {
        page = Path.of(valueOf(argument, arguments));
      } else if (argument.startsWith("-")) {
        throw new IllegalArgumentException("unknown option " + argument + "\n" + USAGE);
      } else if (directory != null) {
        throw new IllegalArgumentException(
            "two directories are named, " + directory + " and " + argument + "\n" + USAGE);
      } else {
        directory = Path.of(argument);
      }
    }
  }

  private static String valueOf(String option, Deque<String> arguments) {
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException(option + " has no value\n" + USAGE);
    }
    return arguments.remove();
  }

  private static Level level(String value) {
    if (!value.matches("[1-3]")) {
      throw new IllegalArgumentException("--level is " + value + ", must be 1, 2 or 3");
    }
    return Level.of(Integer.parseInt(value));
  }

  private static ScenarioDriver.Factory profile(String value) {
    return switch (value) {
      case "vllm" -> ProfileDriver::vllm;
      case "default" -> ProfileDriver::standard;
      default -> throw new IllegalArgumentException(
          "--profile is " + value + ", must be vllm or default");
    };
  }
}
