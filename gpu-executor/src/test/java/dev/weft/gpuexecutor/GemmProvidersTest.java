package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which provider is taken of those that there are. */
class GemmProvidersTest {
  @TempDir Path folder;

  @BeforeEach
  void hideCublas() {
    System.setProperty(ForeignCublas.LIBRARY_PROPERTY, "/nowhere");
  }

  @AfterEach
  void forgetLibrary() {
    System.clearProperty(ForeignCublas.LIBRARY_PROPERTY);
  }

  @Test
  void theFirstThatWorksIsTaken() throws IOException {
    try (URLClassLoader loader = loaderOf(Broken.class, Works.class)) {
      assertThat(GemmProviders.find(loader)).isInstanceOf(Works.class);
    }
  }

  @Test
  void whereNoneWorksEachSaysWhy() throws IOException {
    try (URLClassLoader loader = loaderOf(Broken.class)) {
      assertThatThrownBy(() -> GemmProviders.find(loader))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageStartingWith("no library for matrix products; mine: out of order; cuBLAS: ");
    }
  }

  @Test
  void oneThatCannotBeMadeIsNamedAndPassedOver() throws IOException {
    try (URLClassLoader loader = loaderOf(Unmakeable.class, Broken.class)) {
      assertThatThrownBy(() -> GemmProviders.find(loader))
          .hasMessageContaining("Unmakeable could not be instantiated")
          .hasMessageContaining("mine");
    }
    try (URLClassLoader loader = loaderOf(Unmakeable.class, Works.class)) {
      assertThat(GemmProviders.find(loader)).isInstanceOf(Works.class);
    }
  }

  private URLClassLoader loaderOf(Class<?>... providers) throws IOException {
    Path file = folder.resolve("META-INF/services/" + GemmProvider.class.getName());
    Files.createDirectories(file.getParent());
    StringBuilder names = new StringBuilder();
    for (Class<?> provider : providers) {
      names.append(provider.getName()).append('\n');
    }
    Files.writeString(file, names);
    return new URLClassLoader(
        new URL[] {folder.toUri().toURL()}, GemmProvidersTest.class.getClassLoader());
  }

  /** One that always works. */
  public static class Works implements GemmProvider {
    @Override
    public String name() {
      return "mine";
    }

    @Override
    public Optional<String> unavailableReason() {
      return Optional.empty();
    }

    @Override
    public int minRows() {
      return 1;
    }

    @Override
    public long workspaceBytes() {
      return 0;
    }

    @Override
    public void open(long stream, long workspace) {}

    @Override
    public void multiply(long y, long x, long w, int rows, int outputs, int inputs) {}

    @Override
    public void close() {}
  }

  /** One that never does. */
  public static final class Broken extends Works {
    @Override
    public Optional<String> unavailableReason() {
      return Optional.of("out of order");
    }
  }

  /** One that cannot even be made. */
  public static final class Unmakeable extends Works {
    /** Throws. */
    public Unmakeable() {
      throw new IllegalStateException("not today");
    }
  }
}
