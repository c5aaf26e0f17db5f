package dev.weft.gpuexecutor;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A JVM of its own for a test: native code is loaded once in the life of a JVM, if ever. */
final class ChildJvm {
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private Predicate<String> onClassPath = entry -> true;
  private @Nullable File directory;

  /**
   * What a child left.
   *
   * @param exitCode of the process
   * @param output lines of its standard output
   * @param errors lines of its standard error
   */
  record Outcome(int exitCode, List<String> output, List<String> errors) {}

  /** An option of the JVM, such as {@code -Dkey=value}. */
  ChildJvm option(String option) {
    options.add(option);
    return this;
  }

  /** A variable of its environment, beside those of this JVM. */
  ChildJvm environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Where it works; where this JVM does unless set. */
  ChildJvm in(Path directory) {
    this.directory = directory.toFile();
    return this;
  }

  /** Leaves entries out of the class path, which is otherwise that of this JVM. */
  ChildJvm withoutClassPath(Predicate<String> entry) {
    onClassPath = onClassPath.and(entry.negate());
    return this;
  }

  /** Runs the main method of a class to its end. */
  Outcome run(Class<?> main, String... arguments) {
    // Surefire may hide the real class path in the manifest of a jar of its own.
    String classPath = Arrays.stream(System.getProperty("surefire.test.class.path",
            System.getProperty("java.class.path")).split(":"))
        .filter(onClassPath).collect(Collectors.joining(":"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Newer JVMs print a warning about native code otherwise; 17 knows the option, too.
    command.addAll(List.of("-cp", classPath, "--enable-native-access=ALL-UNNAMED"));
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    try {
      Path errors = Files.createTempFile("weft-child", ".err");
      ProcessBuilder builder =
          new ProcessBuilder(command).directory(directory).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      byte[] output = process.getInputStream().readAllBytes();
      int exitCode = process.waitFor();
      List<String> said = Files.readAllLines(errors);
      Files.delete(errors);
      return new Outcome(
          exitCode, new String(output, StandardCharsets.UTF_8).lines().toList(), said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
