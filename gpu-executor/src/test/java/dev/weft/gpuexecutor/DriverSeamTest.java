package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** JCuda stays behind the seam, so that another binding is one class. */
class DriverSeamTest {
  @Test
  void onlyTheBindingAndItsLoaderNameJcuda() throws IOException {
    try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
      List<String> users = sources.filter(Files::isRegularFile).filter(DriverSeamTest::namesJcuda)
          .map(file -> file.getFileName().toString()).sorted().toList();

      assertThat(users).containsExactly("CudaNatives.java", "JcudaDriver.java");
    }
  }

  private static boolean namesJcuda(Path source) {
    try {
      // The coordinates of the natives are org.jcuda:..., which is no use of the binding.
      return Files.readString(source).replace("org.jcuda", "").matches("(?s).*\\bjcuda\\..*");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
