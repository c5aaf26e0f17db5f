package dev.weft.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The tests of the scripts around the GPU benchmark, which are in Python. */
class GpuScriptsTest {
  private static final Path SCRIPTS = Path.of("gpu");

  @Test
  void theTestsOfTheScriptsPass() throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder("python3", "-B", SCRIPTS.resolve("test_run.py").toString())
          .redirectErrorStream(true).start();
    } catch (IOException e) {
      abort("skipped: python3 cannot be run: " + e.getMessage());
      return;
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("OK");
  }
}
