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
        throw new IOException(directory + " holds no .jsonl or .jsonl.gz file");
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
    try (InputStream in = Files.newInputStream(file)) {
      return read(String.valueOf(file.getFileName()), in);
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** The same of a stream, which stays open; a name that ends with {@code .gz} is unpacked. */
  public static List<ScenarioCase> read(String name, InputStream in) throws IOException {
    InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
    List<ScenarioCase> cases = new ArrayList<>();
    int number = 1;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (!line.isBlank()) {
        cases.add(ScenarioCase.read(name + ": line " + number, line));
      }
      number++;
    }
    return cases;
  }
}
