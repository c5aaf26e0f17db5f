package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the stand-in driver, kernels included, with g++. The library is kept below {@code
 * target}, in a folder named by a hash of all that it was made of, so a test run compiles it only
 * after a change. Of several JVMs one does so, and the others wait for it.
 *
 * <p>The system property {@code weft.standin.sanitize} names sanitizers of g++ to compile it with;
 * the library of the first one has to be preloaded into the JVM.
 */
final class StandInBuild {
  static final String SANITIZERS_PROPERTY = "weft.standin.sanitize";

  /** Kernels compute what they say: nothing is contracted that is not written as one operation. */
  private static final List<String> FLAGS = List.of(
      "-std=c++17", "-O2", "-g1", "-fno-strict-aliasing", "-ffp-contract=off", "-mfma",
      "-fno-threadsafe-statics", "-fPIC", "-fvisibility=hidden");

  private static final List<String> SOURCES = List.of(
      "device_functions.cpp", "emu.cpp", "emu_faults.cpp", "emu_meetings.cpp", "races.cpp",
      "stand_in_control.cpp", "stand_in_driver.cpp", "stand_in_kernels.cpp",
      "stand_in_memory.cpp", "stand_in_state.cpp", "stand_in_streams.cpp", "stand_in_work.cpp");

  private static final String KERNELS = "emulated_kernels.cpp";

  /** An object must not see the kernels of the other, which have the same names. */
  private static final String PRIVATE_KERNELS = "-fwhole-program";

  /** Makes g++ call a function of ours before every access to memory. */
  private static final List<String> CHECKED = List.of(
      "-DCHECKED", "-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0");

  private static final String CUDA = "src/main/cuda";
  private static final String NATIVE = "src/test/native";
  private static final String COMPILER = "g++";
  private static final String LIBRARY = "libcuda.so.1";

  private final @Nullable Path module;
  private final String sanitizers;

  private StandInBuild(@Nullable Path module) {
    this.module = module;
    this.sanitizers = System.getProperty(SANITIZERS_PROPERTY, "");
  }

  /** The build of the sources of this module, which tests of other modules find beside theirs. */
  static StandInBuild here() {
    Path working = Path.of("").toAbsolutePath();
    for (Path candidate : List.of(
        working, working.resolve("gpu-executor"), working.resolveSibling("gpu-executor"))) {
      if (Files.isDirectory(candidate.resolve(NATIVE))) {
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
      output(COMPILER, "--version");
      return null;
    } catch (IOException e) {
      return COMPILER + " cannot be run (" + e.getMessage() + ")";
    }
  }

  /** The compiled library; takes seconds when something has changed. */
  Path library() throws IOException {
    Path all = Files.createDirectories(module.resolve("target/stand-in"));
    Path folder = all.resolve(hash());
    Path library = folder.resolve(LIBRARY);
    // Tests run in several JVMs, and one of them is enough to keep the machine busy with compiling.
    try (FileChannel channel = FileChannel.open(
            all.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      if (lock.isValid() && !Files.exists(library)) {
        Path scratch = Files.createTempDirectory(all, "building");
        try {
          compile(scratch);
          Files.move(scratch, folder, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          delete(scratch); // gone, unless that failed
        }
      }
    }
    return library;
  }

  private void compile(Path scratch) throws IOException {
    List<Compilation> running = new ArrayList<>();
    running.add(start(KERNELS, scratch.resolve("plain.o"), List.of(PRIVATE_KERNELS)));
    if (sanitizers.isEmpty()) {
      List<String> checked = new ArrayList<>(CHECKED);
      checked.add(PRIVATE_KERNELS);
      running.add(start(KERNELS, scratch.resolve("checked.o"), checked));
    }
    for (String source : SOURCES) {
      running.add(start(source, scratch.resolve(source + ".o"), List.of()));
    }
    List<String> link = new ArrayList<>(List.of(
        COMPILER, "-shared", "-Wl,-soname," + LIBRARY, "-o", scratch.resolve(LIBRARY).toString()));
    link.addAll(sanitizerFlags());
    for (Compilation compilation : running) {
      finish(compilation);
      link.add(compilation.object.toString());
    }
    nameSharedMemory(scratch, "plain");
    if (sanitizers.isEmpty()) {
      nameSharedMemory(scratch, "checked");
    }
    output(link.toArray(String[]::new));
    for (Compilation compilation : running) {
      Files.delete(compilation.object);
    }
  }

  /** The variables of the kernels' objects are their shared memory; the linker shall say where. */
  private static void nameSharedMemory(Path scratch, String object) throws IOException {
    output("objcopy", "--rename-section",
        ".bss=emu_shared_" + object + ",alloc,load,data,contents",
        scratch.resolve(object + ".o").toString());
  }

  private record Compilation(Path object, Process process) {}

  private Compilation start(String source, Path object, List<String> flags) throws IOException {
    List<String> command = new ArrayList<>(List.of(COMPILER));
    command.addAll(FLAGS);
    command.addAll(flags);
    command.addAll(sanitizerFlags());
    command.addAll(List.of(
        "-I", module.resolve(CUDA).toString(), "-I", module.resolve(NATIVE).toString(),
        "-c", module.resolve(NATIVE).resolve(source).toString(), "-o", object.toString()));
    Path log = object.resolveSibling(object.getFileName() + ".log");
    return new Compilation(object, new ProcessBuilder(command)
        .redirectErrorStream(true).redirectOutput(log.toFile()).start());
  }

  private List<String> sanitizerFlags() {
    return sanitizers.isEmpty()
        ? List.of()
        : List.of("-fsanitize=" + sanitizers, "-fno-sanitize-recover=undefined", "-DSANITIZED");
  }

  private static void finish(Compilation compilation) throws IOException {
    Path log = compilation.object.resolveSibling(compilation.object.getFileName() + ".log");
    if (waitFor(compilation.process) != 0) {
      throw new IOException(Files.readString(log));
    }
    Files.delete(log);
  }

  /** Names everything that the library is made of. */
  private String hash() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((FLAGS + sanitizers).getBytes(StandardCharsets.UTF_8));
      digest.update(output(COMPILER, "--version").getBytes(StandardCharsets.UTF_8));
      for (String folder : List.of(CUDA, NATIVE)) {
        for (Path file : sources(folder)) {
          digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
          digest.update(Files.readAllBytes(file));
        }
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private List<Path> sources(String folder) throws IOException {
    try (Stream<Path> files = Files.list(module.resolve(folder))) {
      return files.sorted().toList();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** What the command printed; it must succeed. */
  private static String output(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (waitFor(process) != 0) {
      throw new IOException(String.join(" ", command) + ":\n" + output);
    }
    return output;
  }

  private static int waitFor(Process process) throws IOException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      throw new IOException(e);
    }
  }
}
