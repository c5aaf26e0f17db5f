package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.gpuexecutor.ChildJvm.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether CUDA is available is said in one line; nothing is thrown, printed or left behind. */
class CudaAvailabilityTest {
  private static final String NATIVES = "org.jcuda:jcuda-natives:12.6.0:linux-x86_64";

  /** Without the stand-in, as on a machine that has no driver. */
  @Nested class Alone {
    @Test
    void withoutADriverTheLibraryIsNamed() {
      assumeNoDriver();
      assertUnavailable(new ChildJvm().run(AvailabilityProbe.class))
          .startsWith("no NVIDIA driver: ").contains("libcuda.so.1");
    }

    @Test
    void theSwitchKeepsEverythingUntouched() {
      assertUnavailable(new ChildJvm().option("-Dweft.cuda=off").run(AvailabilityProbe.class))
          .isEqualTo("switched off by -Dweft.cuda=off");
    }

    @Test
    void missingNativesAreNamedAsMavenKnowsThem() {
      assertUnavailable(new ChildJvm().withoutClassPath(entry -> entry.contains("jcuda-natives"))
          .run(AvailabilityProbe.class))
          .isEqualTo("JCuda's natives are missing: add " + NATIVES + " to the class path");
    }

    @Test
    void soIsADirectoryThatDoesNotHaveThem(@TempDir Path directory) {
      assertUnavailable(new ChildJvm().option("-Dweft.cuda.natives=" + directory)
          .run(AvailabilityProbe.class))
          .isEqualTo("libJCudaDriver-12.6.0-linux-x86_64.so is not in " + directory
              + ", which -Dweft.cuda.natives names");
    }

    @ParameterizedTest
    @CsvSource({"Mac OS X, aarch64", "Windows 11, amd64", "Linux, aarch64"})
    void otherSystemsAreToldSo(String system, String architecture) {
      assertUnavailable(new ChildJvm().option("-Dos.name=" + system)
          .option("-Dos.arch=" + architecture).run(AvailabilityProbe.class))
          .isEqualTo("CUDA is used on Linux on x86-64 only, this is " + system + " on "
              + architecture);
    }

    @Test
    void aTemporaryDirectoryThatIsNotThereIsAReason() {
      assumeNoDriver();
      assertUnavailable(new ChildJvm().option("-Djava.io.tmpdir=/nowhere/at/all")
          .run(AvailabilityProbe.class)).contains("/nowhere/at/all");
    }

    private void assumeNoDriver() {
      for (String folder : List.of("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib")) {
        assumeTrue(!Files.exists(Path.of(folder, "libcuda.so.1")), "there is a driver");
      }
    }
  }

  /** With the stand-in, which can be any driver. */
  @Nested class OnTheStandIn {
    OnTheStandIn() {
      StandIn.loadEmulated();
    }

    @Test
    void aDriverWithADeviceThatTakesTheKernelsIsEnough() {
      assertAvailable(new ChildJvm().run(AvailabilityProbe.class, "stand-in"));
    }

    @Test
    void oneDeviceThatIsNewEnoughIsEnough() {
      assertAvailable(
          new ChildJvm().run(AvailabilityProbe.class, "stand-in", "devices=3", "old=2"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "version=11080 | the NVIDIA driver knows CUDA 11.8, needs 12.0 (driver 525) or newer",
        "devices=0 | the NVIDIA driver sees no device: give one to this process or container",
        "capability=7 | stand-in has compute capability 7.5, needs 8.0 or more",
        "fail=cuInit:100 | the NVIDIA driver sees no device: give one to this process or "
            + "container: cuInit: CUDA_ERROR_NO_DEVICE (100)",
        "fail=cuInit:803 | libcuda.so.1 and the kernel's driver are of different versions, restart "
            + "the machine or take the CUDA compatibility package out of the container: "
            + "cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)",
        "fail=cuInit:34 | libcuda.so.1 is the toolkit's stub, put that of the driver before it: "
            + "cuInit: CUDA_ERROR_STUB_LIBRARY (34)",
        "fail=cuInit:802 | the machine's GPUs are not ready, its fabric manager may not run: "
            + "cuInit: CUDA_ERROR_SYSTEM_NOT_READY (802)",
        "fail=cuInit:804 | the CUDA compatibility package does not know this GPU, take it out of "
            + "the container: cuInit: CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE (804)",
        "fail=cuInit:999 | cuInit: CUDA_ERROR_UNKNOWN (999)",
        "fail=cuDriverGetVersion:36 | cuDriverGetVersion: CUDA error (36)",
        "fail=cuDevicePrimaryCtxRetain:46 "
            + "| cuDevicePrimaryCtxRetain: CUDA_ERROR_DEVICE_UNAVAILABLE (46)",
        "fail=cuModuleLoadData:222 | the driver refuses the kernels, it may be too old: "
            + "cuModuleLoadData: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)",
        "fail=cuModuleLoadData:218 | the driver refuses the kernels, it may be too old: "
            + "cuModuleLoadData: CUDA_ERROR_INVALID_PTX (218)",
        "fail=cuModuleLoadData:209 | the driver refuses the kernels, it may be too old: "
            + "cuModuleLoadData: CUDA_ERROR_NO_BINARY_FOR_GPU (209)"})
    void everyRefusalIsAReason(String switches, String reason) {
      Outcome outcome = new ChildJvm().run(AvailabilityProbe.class, "stand-in", switches);

      assertUnavailable(outcome).isEqualTo(reason);
      assertThat(outcome.output().get(4)).as("what was not given back").isEqualTo("[]");
    }

    @Test
    void anOldDriverIsAskedForNothingButItsVersion(@TempDir Path directory) throws Exception {
      // Calling a function that a driver lacks would end the JVM.
      Path source = Files.writeString(directory.resolve("old.c"),
          "int cuDriverGetVersion(int* version) { *version = 11040; return 0; }\n");
      Path library = directory.resolve("libcuda.so.1");
      Process compiler = new ProcessBuilder("g++", "-shared", "-fPIC", "-x", "c",
          "-Wl,-soname,libcuda.so.1", "-o", library.toString(), source.toString())
          .inheritIO().start();
      assertThat(compiler.waitFor()).isZero();

      assertUnavailable(new ChildJvm().run(AvailabilityProbe.class, "load=" + library))
          .isEqualTo("the NVIDIA driver knows CUDA 11.4, needs 12.0 (driver 525) or newer");
    }

    @Test
    void whatSomebodyPlantedInTheTemporaryDirectoryIsNotLoadedAndNothingIsLeft(
        @TempDir Path temporary) throws IOException {
      Path planted = temporary.resolve("libJCudaDriver-12.6.0-linux-x86_64.so");
      Files.writeString(planted, "not a library");

      assertAvailable(new ChildJvm().option("-Djava.io.tmpdir=" + temporary)
          .run(AvailabilityProbe.class, "stand-in"));
      try (Stream<Path> left = Files.list(temporary)) {
        assertThat(left.filter(file -> !file.toString().contains("hsperfdata")))
            .containsExactly(planted);
      }
    }

    @Test
    void unpackedNativesAreUsedWhereTheyAreAndStayThere(
        @TempDir Path natives, @TempDir Path temporary) throws IOException {
      Path relative = Path.of("").toRealPath().relativize(natives.toRealPath());
      Path library = natives.resolve(CudaNatives.fileName());
      try (InputStream content = jarOfNatives()) {
        Files.copy(content, library);
      }

      assertAvailable(new ChildJvm().option("-Dweft.cuda.natives=" + relative)
          .option("-Djava.io.tmpdir=" + temporary)
          .withoutClassPath(entry -> entry.contains("jcuda-natives"))
          .run(AvailabilityProbe.class, "stand-in"));
      assertThat(library).exists();
    }

    private InputStream jarOfNatives() {
      return CudaNatives.class.getResourceAsStream("/lib/" + CudaNatives.fileName());
    }
  }

  @Test
  void nobodyElseMayWriteWhereTheNativesAreUnpacked() throws IOException {
    assumeTrue(System.getProperty("os.name").startsWith("Linux"), "no Linux");
    Path directory = CudaNatives.privateDirectory();

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwx------");
    Files.delete(directory);
  }

  private static void assertAvailable(Outcome outcome) {
    assertThat(outcome.errors()).isEmpty();
    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.output())
        .containsExactly("available", "available", "true", "true", "[]");
  }

  /** The reason, to be asserted on. */
  private static AbstractStringAssert<?> assertUnavailable(Outcome outcome) {
    assertThat(withoutWarnings(outcome.errors())).isEmpty();
    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.output()).hasSize(5);
    assertThat(outcome.output().get(1)).as("asked again").isEqualTo(outcome.output().get(0));
    assertThat(outcome.output().subList(2, 4)).containsExactly("false", "true");
    return assertThat(outcome.output().get(0));
  }

  /** The JVM itself warns, such as of a temporary directory that is not there. */
  private static List<String> withoutWarnings(List<String> lines) {
    return lines.stream()
        .filter(line -> !line.contains("warning: ") && !line.startsWith("WARNING: "))
        .toList();
  }
}
