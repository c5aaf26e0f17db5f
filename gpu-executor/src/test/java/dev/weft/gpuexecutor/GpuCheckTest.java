package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.gpuexecutor.ChildJvm.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@link GpuCheck} as the archive of benchmarks/gpu/run starts it, with the stand-in where the
 * driver of a GPU would be: found by the loader of the system, unknown to the tests.
 */
class GpuCheckTest {
  /** Of each kind one: Jupiter and jqwik, kernels and executors, some that skip themselves. */
  private static final String SOME = "^(PackWeights|LayerKernels|DeviceSampler|CudaLibrary)";

  private static final int MIN_NUM_PASSED = 30;
  private static final String FOLDER = "weft-gpu";

  /** What is not for a GPU: it plants faults, counts calls, compiles, or reads what PTX is not. */
  private static final List<Class<?>> ON_THE_STAND_IN_ALONE = List.of(
      CudaAvailabilityTest.class, CudaFaultTest.class, DeviceNoiseTest.class, EmulatorTest.class,
      ForeignCublasTest.class, GpuCheckTest.class, JcudaDriverTest.class,
      PlantedKernelFaultsTest.class, StandInStreamsTest.class);

  /** A driver that runs no kernel and says that it did. */
  private static final String IDLE_DRIVER = """
      int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                         unsigned bz, unsigned shared, void *stream, void **p, void **extra) {
        return 0;
      }
      """;

  /** Started in an unpacked archive. */
  @Nested class InTheArchive {
    @TempDir private Path folder;

    /** JUnit deletes it as well, but warns of links that lead out of its folder. */
    @AfterEach
    void unlinkModels() throws IOException {
      Files.deleteIfExists(folder.resolve(FOLDER).resolve("model"));
    }

    @Test
    void aGpuThatIsRightPasses() throws IOException {
      Outcome outcome = archive().run(GpuCheck.class, SOME);

      String all = String.join("\n", outcome.output());
      assertThat(outcome.exitCode()).as(all).isZero();
      assertThat(all).contains("PackWeightsTest", "DeviceSamplerProperties")
          .contains("skipped CudaLibraryTest.itIsClosedBeforeItsMemoryGoes: ")
          .doesNotContain("FAILED");
      Matcher last = Pattern.compile("(\\d+) tests passed on the GPU, 0 failed, (\\d+) skipped")
          .matcher(outcome.output().get(outcome.output().size() - 1));
      assertThat(last.matches()).as(all).isTrue();
      assertThat(Integer.parseInt(last.group(1))).isGreaterThan(MIN_NUM_PASSED);
    }

    @Test
    void aGpuThatIsWrongFailsAndTheTestIsNamed() throws Exception {
      Outcome outcome = archive().environment("LD_PRELOAD", idleDriver().toString())
          .run(GpuCheck.class, "^PackWeights");

      assertThat(outcome.exitCode()).isEqualTo(1);
      assertThat(outcome.output())
          .contains("FAILED PackWeightsTest.aMatrixMayComeInPieces")
          .anyMatch(line -> line.startsWith("0 tests passed on the GPU, "));
    }

    @Test
    void aPatternThatNoTestHasIsNoSuccess() throws IOException {
      assertThat(archive().run(GpuCheck.class, "^Nothing").exitCode()).isEqualTo(1);
    }

    @Test
    void aClassWhoseEngineIsMissingIsNoSuccess() throws IOException {
      Outcome outcome = archive().withoutClassPath(entry -> entry.contains("jqwik-engine"))
          .run(GpuCheck.class, "^(PackWeights|DeviceSampler)");

      assertThat(outcome.exitCode()).isEqualTo(1);
      assertThat(outcome.output())
          .contains("FAILED DeviceSamplerProperties: no engine knows its tests");
    }

    @Test
    void withoutAGpuItSaysSo() throws IOException {
      Outcome outcome = archive().option("-Dweft.cuda=off").run(GpuCheck.class);

      assertThat(outcome.exitCode()).isEqualTo(2);
      assertThat(outcome.output()).containsExactly("no GPU: switched off by -Dweft.cuda=off");
    }

    /** The folder and the options of benchmarks/gpu/run, and what a driver's package installs. */
    private ChildJvm archive() throws IOException {
      assumeTrue(!StandIn.isSanitized(), "the library of the sanitizers would have to come first");
      StandIn.loadEmulated();
      Path working = Files.createDirectory(folder.resolve(FOLDER));
      Files.createSymbolicLink(
          working.resolve("model"), ReferenceData.directory("draft").toRealPath().getParent());
      Path natives = Files.createDirectory(folder.resolve("natives"));
      try (InputStream jar =
          CudaNatives.class.getResourceAsStream("/lib/" + CudaNatives.fileName())) {
        Files.copy(jar, natives.resolve(CudaNatives.fileName()));
      }
      Path driver = StandInBuild.here().library().toRealPath();
      return new ChildJvm()
          .in(working)
          .option("-Dweft.cuda.natives=" + natives)
          .withoutClassPath(entry -> entry.contains("jcuda-natives"))
          .environment("LD_LIBRARY_PATH", driver.getParent().toString());
    }

    private Path idleDriver() throws Exception {
      Path source = Files.writeString(folder.resolve("idle.c"), IDLE_DRIVER);
      Path library = folder.resolve("idle.so");
      Process compiler = new ProcessBuilder(
          "g++", "-shared", "-fPIC", "-x", "c", "-o", library.toString(), source.toString())
          .inheritIO().start();
      assertThat(compiler.waitFor()).isZero();
      return library;
    }
  }

  /** Nobody who writes a test of the device forgets to say where it can run. */
  @Test
  void everyTestOfTheDeviceIsForAGpuOrForTheStandInAlone() throws Exception {
    Set<String> listed = Stream.of(GpuCheck.TESTS, ON_THE_STAND_IN_ALONE).flatMap(List::stream)
        .map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new));

    assertThat(testsOfTheDevice()).isEqualTo(listed);
  }

  /** Names of the test classes that use the stand-in, by themselves or through others. */
  private static Set<String> testsOfTheDevice() throws Exception {
    Map<String, String> constants = constants();
    Set<String> users = new HashSet<>(Set.of("StandIn"));
    boolean isGrowing = true;
    while (isGrowing) {
      Set<String> more = constants.keySet().stream()
          .filter(name -> !name.equals("GpuCheck"))
          .filter(name -> users.stream().anyMatch(user -> names(constants.get(name), user)))
          .collect(Collectors.toSet());
      isGrowing = users.addAll(more);
    }
    return users.stream().filter(name -> name.matches(".*(Test|Properties)"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean names(String constants, String type) {
    return constants.matches("(?s).*dev/weft/gpuexecutor/" + type + "\\b.*");
  }

  /** The bytes of each class of this folder as text, those of its nested classes with it. */
  private static Map<String, String> constants() throws Exception {
    Path classes = Path.of(GpuCheck.class.getResource("GpuCheck.class").toURI()).getParent();
    Map<String, String> constants = new HashMap<>();
    try (Stream<Path> files = Files.list(classes)) {
      for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
        String name = file.getFileName().toString().replaceFirst("(\\$.*)?\\.class$", "");
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        constants.merge(name, text, String::concat);
      }
    }
    return constants;
  }
}
