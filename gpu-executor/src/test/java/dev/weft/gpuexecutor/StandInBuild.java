package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the stand-in driver, kernels included, with g++. The library is kept below {@code
 * target}, in a folder named by a hash of all that it was made of, so a test run compiles it only
 * after a change. Two JVMs may do so at once: a folder appears complete or not at all.
 */
final class StandInBuild {
  /** Kernels compute what they say: nothing is contracted that is not written as one operation. */
  private static final List<String> FLAGS = List.of(
      "-std=c++17", "-O2", "-fno-strict-aliasing", "-ffp-contract=off", "-mfma", "-fPIC", "-shared",
      "-fvisibility=hidden", "-Wl,-soname,libcuda.so.1");

  private static final String COMPILER = "g++";
  private static final String LIBRARY = "libcuda.so.1";

  private final @Nullable Path module;

  private StandInBuild(@Nullable Path module) {
    this.module = module;
  }

  /** The build of the sources of this module, which tests of other modules find beside theirs. */
  static StandInBuild here() {
    Path working = Path.of("").toAbsolutePath();
    for (Path candidate : List.of(
        working, working.resolve("gpu-executor"), working.resolveSibling("gpu-executor"))) {
      if (Files.isDirectory(candidate.resolve("src/test/native"))) {
        return new StandInBuild(candidate);
      }
    }
    return new StandInBuild(null);
  }

  /** Why there can be no stand-in here; null when there can. */
  @Nullable String obstacle() {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.toLowerCase(Locale.ROOT).matches("linux (amd64|x86_64)")) {
      return "it needs Linux on x86-64, this is " + system;
    }
    if (module == null) {
      return "its sources are neither here nor in ../gpu-executor";
    }
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        if (line.contains("/libcuda.so")) {
          return "the real driver is loaded: " + line.substring(line.indexOf('/'));
        }
      }
      run(List.of(COMPILER, "--version"));
      return null;
    } catch (IOException e) {
      return COMPILER + " cannot be run (" + e.getMessage() + ")";
    }
  }

  /** The compiled library; takes seconds when something has changed. */
  Path library() throws IOException {
    Path folder = module.resolve("target/stand-in").resolve(hash());
    Path library = folder.resolve(LIBRARY);
    if (Files.exists(library)) {
      return library;
    }
    Files.createDirectories(folder.getParent());
    Path scratch = Files.createTempDirectory(folder.getParent(), "building");
    List<String> command = new ArrayList<>(List.of(COMPILER));
    command.addAll(FLAGS);
    command.addAll(List.of(
        "-I", module.resolve("src/main/cuda").toString(),
        "-I", module.resolve("src/test/native").toString(),
        "-o", scratch.resolve(LIBRARY).toString(),
        module.resolve("src/test/native/stand_in_driver.cpp").toString()));
    run(command);
    try {
      Files.move(scratch, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!Files.exists(library)) {
        throw e;
      }
      Files.delete(scratch.resolve(LIBRARY)); // another JVM was faster
      Files.delete(scratch);
    }
    return library;
  }

  /** Names everything that the library is made of. */
  private String hash() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(String.join(" ", FLAGS).getBytes(StandardCharsets.UTF_8));
      digest.update(run(List.of(COMPILER, "--version")).getBytes(StandardCharsets.UTF_8));
      for (String folder : List.of("src/main/cuda", "src/test/native")) {
        try (Stream<Path> files = Files.list(module.resolve(folder))) {
          for (Path file : files.sorted().toList()) {
            digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(file));
          }
        }
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** What the command printed; it must succeed. */
  private static String run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ":\n" + output);
      }
    } catch (InterruptedException e) {
      process.destroy();
      throw new IOException(e);
    }
    return output;
  }
}
