package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The PTX that is shipped was made of the sources that are here; needs no CUDA toolkit. */
class KernelSourcesTest {
  private static final Path SOURCES = Path.of("src/main/cuda");
  private static final String REBUILD = "run tools/build-kernels and commit what it writes";

  @Test
  void thePtxWasMadeOfTheseSources() throws IOException {
    Map<String, String> expected = new TreeMap<>();
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.toList()) {
        expected.put("source." + file.getFileName(), hash(Files.readAllBytes(file)));
      }
    }
    Map<String, String> noted = new TreeMap<>();
    Properties properties = properties();
    properties.stringPropertyNames().stream().filter(name -> name.startsWith("source."))
        .forEach(name -> noted.put(name, properties.getProperty(name)));

    assertThat(noted).as(REBUILD).isEqualTo(expected);
  }

  @Test
  void thePtxIsTheOneThatWasNoted() throws IOException {
    assertThat(properties().getProperty("ptx")).as(REBUILD).isEqualTo(hash(KernelModule.ptx()));
  }

  @Test
  void itWasMadeAsTheToolMakesItNow() throws IOException {
    List<String> tool = Files.readAllLines(Path.of("../tools/build-kernels"));

    assertThat(tool).as(REBUILD)
        .contains("flags=\"" + properties().getProperty("nvcc.flags") + "\"");
    assertThat(properties().getProperty("nvcc.version")).matches("13\\.0\\.\\d+");
  }

  @Test
  void itIsForTheOldestDriverAndDeviceThatAreSupported() {
    String ptx = new String(KernelModule.ptx(), StandardCharsets.US_ASCII);

    assertThat(ptx.lines().filter(line -> line.startsWith(".version")))
        .containsExactly(".version 8.0");
    assertThat(ptx.lines().filter(line -> line.startsWith(".target")))
        .containsExactly(".target sm_80");
    // Such a symbol holds a hash of the path that the sources were compiled in.
    assertThat(ptx).doesNotContain("_INTERNAL_");
  }

  private static Properties properties() throws IOException {
    Properties properties = new Properties();
    try (InputStream text = KernelSourcesTest.class.getResourceAsStream("kernels.properties")) {
      properties.load(text);
    }
    return properties;
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
