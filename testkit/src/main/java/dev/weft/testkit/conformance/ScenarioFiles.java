package dev.weft.testkit.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Reads scenarios from files of one JSON object a line: {@code .jsonl}, or {@code .jsonl.gz}. */
public final class ScenarioFiles {
  private ScenarioFiles() {}

  /**
   * The files with scenarios in a directory, in the order of their names; folders in it are others.
   *
   * @throws IOException when there is no such directory, or none of them in it
   */
  public static List<Path> in(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IOException(directory + " is not a directory");
    }
    try (Stream<Path> all = Files.list(directory)) {
      List<Path> files = all.filter(ScenarioFiles::hasScenarios).sorted().toList();
      if (files.isEmpty()) {
        throw new IOException(
            directory + " holds no .jsonl or .jsonl.gz file; folders in it are not read");
      }
      return files;
    }
  }

  private static boolean hasScenarios(Path file) {
    String name = file.getFileName().toString();
    return (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz")) && Files.isRegularFile(file);
  }

  /**
   * All scenarios of a file; empty lines are left out.
   *
   * @throws IOException             when it cannot be read
   * @throws ScenarioFormatException naming file, line, field, value and limit
   */
  public static List<ScenarioCase> read(Path file) throws IOException {
    List<ScenarioCase> cases = new ArrayList<>();
    forEach(file, cases::add, broken -> {
      throw broken;
    });
    return cases;
  }

  /** The same of a stream, which stays open; a name that ends with {@code .gz} is unpacked. */
  public static List<ScenarioCase> read(String name, InputStream in) throws IOException {
    List<ScenarioCase> cases = new ArrayList<>();
    forEach(name, in, cases::add, broken -> {
      throw broken;
    });
    return cases;
  }

  /**
   * Reads a file line by line, so that a broken line hides no other.
   *
   * @param cases  takes each scenario
   * @param broken takes what is wrong with each line that is none
   * @throws IOException when the file cannot be read
   */
  public static void forEach(Path file, Consumer<ScenarioCase> cases,
      Consumer<ScenarioFormatException> broken) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      forEach(String.valueOf(file.getFileName()), in, cases, broken);
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static void forEach(String name, InputStream in, Consumer<ScenarioCase> cases,
      Consumer<ScenarioFormatException> broken) throws IOException {
    InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
    int number = 1;
    for (String line = lines.readLine(); line != null; line = lines.readLine(), number++) {
      if (!line.isBlank()) {
        read(name + ": line " + number, line, cases, broken);
      }
    }
  }

  private static void read(String place, String line, Consumer<ScenarioCase> cases,
      Consumer<ScenarioFormatException> broken) {
    ScenarioCase found;
    try {
      found = ScenarioCase.read(place, line);
    } catch (ScenarioFormatException e) {
      broken.accept(e);
      return;
    }
    cases.accept(found);
  }
}
