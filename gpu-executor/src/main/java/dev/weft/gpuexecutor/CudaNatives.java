package dev.weft.gpuexecutor;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Loads JCuda's native library, once in the life of the JVM and from a directory that nobody else
 * can write to.
 *
 * <p>Left alone, JCuda unpacks the library to a fixed name in {@code java.io.tmpdir} and loads a
 * file that is already there unchecked, so another user could plant one and two JVMs could read
 * each other's half-written file; and on the module path it does not find the library at all. So
 * this unpacks the library itself into a fresh directory of mode 0700, lets {@code java.io.tmpdir}
 * name it while JCuda's class is first touched, and then deletes both: Linux keeps the mapping.
 * {@code -Dweft.cuda.natives=<directory>} names a directory of unpacked natives instead, for hosts
 * where no file of a temporary directory may be executed.
 */
final class CudaNatives {
  /** The Maven coordinates of the natives, which an application adds by itself. */
  static final String COORDINATES =
      "org.jcuda:jcuda-natives:" + JCudaVersion.get() + ":linux-x86_64";

  /** Names a directory of unpacked natives. */
  static final String DIRECTORY_PROPERTY = "weft.cuda.natives";

  private static final Set<String> SUPPORTED_ARCHITECTURES = Set.of("amd64", "x86_64");
  private static final String TEMPORARY_DIRECTORY = "java.io.tmpdir";

  /** What the driver said, once the natives are loaded; 0 before. */
  private static int version;

  private CudaNatives() {}

  /** The name of the library's file. */
  static String fileName() {
    String name = LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get());
    return LibUtils.createLibraryFileName(name);
  }

  /** Why the library cannot be had here; empty when it can. */
  static Optional<String> missingReason() {
    String system = System.getProperty("os.name");
    String architecture = System.getProperty("os.arch");
    if (!system.equals("Linux") || !SUPPORTED_ARCHITECTURES.contains(architecture)) {
      return Optional.of(
          "CUDA is used on Linux on x86-64 only, this is " + system + " on " + architecture);
    }
    Path named = namedDirectory();
    if (named != null && !Files.isRegularFile(named.resolve(fileName()))) {
      return Optional.of(fileName() + " is not in " + named + ", which -D" + DIRECTORY_PROPERTY
          + " names");
    }
    if (named == null && !isResource()) {
      return Optional.of("JCuda's natives are missing: add " + COORDINATES + " to the class path");
    }
    return Optional.empty();
  }

  private static boolean isResource() {
    try (InputStream content = resource()) {
      return content != null;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Loads the natives unless they are loaded, and asks the driver for its version, which is the one
   * call that no driver refuses or lacks.
   *
   * @return the newest CUDA version that the driver knows, such as 12000
   * @throws LinkageError when the natives or {@code libcuda.so.1} cannot be loaded; the first such
   *     error makes JCuda unusable for the rest of the JVM's life
   * @throws CudaException when the driver does not tell its version
   * @throws UncheckedIOException when the natives cannot be unpacked
   */
  static synchronized int load() {
    if (version == 0) {
      try {
        Path named = namedDirectory();
        version = named == null ? loadUnpacked() : loadFrom(named);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot unpack the natives of JCuda", e);
      }
    }
    return version;
  }

  /** Makes a directory that nobody else can write to. */
  static Path privateDirectory() throws IOException {
    return Files.createTempDirectory("weft-cuda",
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  private static int loadUnpacked() throws IOException {
    Path directory = privateDirectory();
    Path library = directory.resolve(fileName());
    try {
      try (InputStream content = resource()) {
        if (content == null) {
          throw new UnsatisfiedLinkError("not on the class path: " + COORDINATES);
        }
        Files.copy(content, library);
      }
      return loadFrom(directory);
    } finally {
      Files.deleteIfExists(library);
      deleteIfEmpty(directory);
    }
  }

  /** Another thread may have made a temporary file in that moment: it is not ours to delete. */
  private static void deleteIfEmpty(Path directory) throws IOException {
    String[] left = directory.toFile().list();
    if (left != null && left.length == 0) {
      Files.deleteIfExists(directory);
    }
  }

  /** JCuda reads the property when its class is initialised, so it can be set for that long. */
  private static int loadFrom(Path directory) throws IOException {
    // The JDK remembers the property when it first makes a temporary file. That must be before.
    Files.delete(File.createTempFile("weft", null).toPath());

    String temporaryDirectory = System.getProperty(TEMPORARY_DIRECTORY);
    System.setProperty(TEMPORARY_DIRECTORY, directory.toString());
    try {
      int[] found = {0};
      int code = JCudaDriver.cuDriverGetVersion(found);
      if (code != 0) {
        // The name of the code would be another call, of a driver whose version is not known.
        throw new CudaException(code, "CUDA error", "cuDriverGetVersion");
      }
      return found[0];
    } finally {
      System.setProperty(TEMPORARY_DIRECTORY, temporaryDirectory);
    }
  }

  private static @Nullable Path namedDirectory() {
    String directory = System.getProperty(DIRECTORY_PROPERTY);
    // The JVM loads a library by its absolute path alone.
    return directory == null ? null : Path.of(directory).toAbsolutePath();
  }

  /** The library in the natives' jar. JCuda's own loader is where an application puts them both. */
  private static @Nullable InputStream resource() {
    ClassLoader loader = LibUtils.class.getClassLoader();
    return loader == null
        ? ClassLoader.getSystemResourceAsStream("lib/" + fileName())
        : loader.getResourceAsStream("lib/" + fileName());
  }
}
