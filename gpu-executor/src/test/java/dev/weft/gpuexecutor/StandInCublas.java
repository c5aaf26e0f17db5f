package dev.weft.gpuexecutor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The stand-in for cuBLAS, compiled with g++ when a test asks for it; the test is skipped where
 * that cannot be, or where Java is too old to call it.
 */
final class StandInCublas {
  private StandInCublas() {}

  /**
   * Compiles one.
   *
   * @param folder where the library goes
   * @param definitions for the preprocessor, such as {@code MAJOR_VERSION=12}
   */
  static Path compile(Path folder, String name, String... definitions) {
    assumeJava();
    Path source = source();
    Path library = folder.resolve(name);
    List<String> command = new ArrayList<>(List.of("g++", "-std=c++17", "-O2", "-fPIC", "-shared",
        "-fvisibility=hidden", "-Wl,-soname," + name, "-o", library.toString()));
    for (String definition : definitions) {
      command.add("-D" + definition);
    }
    command.addAll(List.of(source.toString(), "-ldl"));
    try {
      Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (compiler.waitFor() != 0) {
        throw new AssertionError(String.join(" ", command) + "\n" + output);
      }
    } catch (IOException e) {
      assumeTrue(false, () -> "no stand-in for cuBLAS: g++ cannot be run (" + e.getMessage() + ")");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return library;
  }

  /** Skips a test that calls foreign functions where there are none. */
  static void assumeJava() {
    ForeignFunctions.unavailableReason(Runtime.version().feature())
        .ifPresent(reason -> assumeTrue(false, "foreign functions: " + reason));
  }

  private static Path source() {
    Path file = Path.of("src/test/native/stand_in_cublas.cpp").toAbsolutePath();
    if (!Files.isRegularFile(file)) {
      throw new UncheckedIOException(new IOException("no file " + file));
    }
    return file;
  }
}
