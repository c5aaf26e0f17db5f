package dev.weft.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.SimpleJavaFileObject;

/** The text of a Java file, real or made up, for the compiler to parse. */
final class SourceFile extends SimpleJavaFileObject {
  private final String path;
  private final String text;

  /** @param path relative to the repository, with slashes */
  SourceFile(String path, String text) {
    super(URI.create("string:///" + path), Kind.SOURCE);
    this.path = path;
    this.text = text;
  }

  /** The folder of the repository, wherever in it the tests run. */
  static Path repository() {
    Path start = Path.of("").toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("scheduler-api/pom.xml"))) {
        return folder;
      }
    }
    throw new IllegalStateException(start + " is not in the repository");
  }

  /** All Java files of all modules, tests included, in the order of their paths. */
  static List<SourceFile> ofRepository(Path root) throws IOException {
    try (Stream<Path> files = Files.find(root, 32, (file, facts) -> isSource(root, file))) {
      return files.sorted().map(file -> read(root, file)).toList();
    }
  }

  private static boolean isSource(Path root, Path file) {
    String path = slashed(root.relativize(file));
    return path.matches("[^/]+/src/(main|test)/java/.*\\.java");
  }

  private static SourceFile read(Path root, Path file) {
    try {
      return new SourceFile(slashed(root.relativize(file)), Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String slashed(Path path) {
    return path.toString().replace('\\', '/');
  }

  String path() {
    return path;
  }

  String text() {
    return text;
  }

  @Override public CharSequence getCharContent(boolean ignoreEncodingErrors) {
    return text;
  }
}
