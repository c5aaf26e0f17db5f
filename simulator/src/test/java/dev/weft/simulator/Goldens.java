package dev.weft.simulator;

import dev.weft.testkit.conformance.ScenarioCase;
import dev.weft.testkit.conformance.ScenarioFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The recorded scenarios among the test resources. */
final class Goldens {
  private Goldens() {}

  /** A folder of test resources. */
  static Path folder(String name) {
    URL url = Objects.requireNonNull(Goldens.class.getResource("/" + name), name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  static List<Path> files(String folder) {
    try {
      return ScenarioFiles.in(folder(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<ScenarioCase> read(Path file) {
    try {
      return ScenarioFiles.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All scenarios of a folder. */
  static List<ScenarioCase> all(String folder) {
    List<ScenarioCase> all = new ArrayList<>();
    files(folder).forEach(file -> all.addAll(read(file)));
    return all;
  }
}
