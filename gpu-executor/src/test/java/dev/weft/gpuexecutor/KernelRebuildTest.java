package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** nvcc makes the PTX that is shipped; in the profile "cuda", where nvcc is. */
class KernelRebuildTest {
  private static final Path RESOURCES = Path.of("src/main/resources/dev/weft/gpuexecutor");

  @Test
  void madeAgainItIsTheSameToTheByte(@TempDir Path folder) throws Exception {
    assumeTrue(Boolean.getBoolean("weft.cuda.rebuild"), "only in the profile cuda");

    Process tool = new ProcessBuilder("../tools/build-kernels", "-o", folder.toString())
        .redirectErrorStream(true).start();
    String output = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(tool.waitFor()).as(output).isZero();
    for (String file : new String[] {"kernels.properties", "kernels.sm80.ptx"}) {
      assertThat(folder.resolve(file)).hasSameBinaryContentAs(RESOURCES.resolve(file));
    }
  }
}
