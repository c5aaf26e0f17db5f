package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** cuBLAS by foreign functions, against a library of ours that has the same functions. */
class ForeignCublasTest {
  private static final int ROWS = 70;
  private static final int OUTPUTS = 128;
  private static final int INPUTS = 64;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  @AfterEach
  void forgetLibrary() {
    System.clearProperty(ForeignCublas.LIBRARY_PROPERTY);
  }

  /** What it says when it cannot be had. */
  @Nested
  class Reasons {
    @Test
    void java17IsTooOld() {
      assertThat(new ForeignCublas().unavailableReason(17))
          .contains("needs Java 22 or newer, this is Java 17");
      assertThat(new ForeignCublas().unavailableReason(21)).isPresent();
    }

    @Test
    void noLibraryIsFound() {
      StandInCublas.assumeJava();
      ForeignCublas cublas = new ForeignCublas(List.of("libnowhere.so.14", "libnowhere.so.13"));

      assertThat(cublas.unavailableReason()).contains(
          "none of libnowhere.so.14, libnowhere.so.13 is found; name the file with"
              + " -Dweft.cublas=<path>");
      assertThatThrownBy(() -> cublas.open(0, 256)).hasMessageStartingWith("cuBLAS: none of");
      cublas.close();
    }

    @Test
    void theFileThatIsNamedIsMissing() {
      StandInCublas.assumeJava();
      System.setProperty(ForeignCublas.LIBRARY_PROPERTY, "/nowhere/libcublas.so.13");

      assertThat(new ForeignCublas().unavailableReason())
          .contains("there is no file /nowhere/libcublas.so.13, which -Dweft.cublas names");
    }

    @Test
    void theFileThatIsNamedIsForAnotherMachine() throws IOException {
      Path file = StandInCublas.compile(folder, "libcublas.so.13");
      byte[] bytes = Files.readAllBytes(file);
      bytes[18] = (byte) 183; // AArch64
      Files.write(file, bytes);
      name(file);

      assertThat(new ForeignCublas().unavailableReason())
          .contains(file + ", which -Dweft.cublas names, cannot be loaded");
    }

    @Test
    void theLibraryIsTooOld() {
      name(StandInCublas.compile(folder, "libcublas.so.11", "MAJOR_VERSION=11"));

      assertThat(new ForeignCublas().unavailableReason())
          .contains("needs cuBLAS 12 or newer, this is 11.1.2");
    }

    @Test
    void theLibraryIsAnother() {
      name(StandInCublas.compile(folder, "libcublas.so.13", "WITHOUT_GEMM"));

      assertThat(new ForeignCublas().unavailableReason())
          .contains("the library has no cublasGemmEx: not cuBLAS");
    }
  }

  @Test
  void theFirstLibraryThatIsFoundIsTaken() {
    Path first = StandInCublas.compile(folder, "libcublas.so.12", "MAJOR_VERSION=12");
    Path second = StandInCublas.compile(folder, "libcublas.so.13");
    ForeignCublas cublas = new ForeignCublas(
        List.of("libnowhere.so.14", second.toString(), first.toString()));

    assertThat(cublas.unavailableReason()).isEmpty();
    assertThat(cublas.name()).isEqualTo("cuBLAS 13.1.2");
  }

  @Test
  void theOtherHalfOfTheLibraryIsLoadedFirst() throws IOException {
    name(StandInCublas.compile(folder, "libcublas.so.13"));
    StandInCublas.compile(folder, "libcublasLt.so.13");

    assertThat(new ForeignCublas().unavailableReason()).isEmpty();
    assertThat(Files.readString(Path.of("/proc/self/maps"))).contains(folder + "/libcublasLt.so");
  }

  @Test
  void aCallOutOfOrderIsAnError() {
    name(StandInCublas.compile(folder, "libcublas.so.13"));
    ForeignCublas cublas = new ForeignCublas();

    assertThatThrownBy(() -> cublas.multiply(256, 256, 256, ROWS, OUTPUTS, INPUTS))
        .isInstanceOf(IllegalStateException.class).hasMessageContaining("not open");
    assertThatThrownBy(() -> cublas.open(0, 100)).isInstanceOf(CudaException.class)
        .hasMessage("cublasSetWorkspace_v2: CUBLAS_STATUS_INVALID_VALUE (7)");
    cublas.open(0, 256);
    assertThatThrownBy(() -> cublas.open(0, 256)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> cublas.multiply(256, 256, 0, ROWS, OUTPUTS, INPUTS))
        .isInstanceOf(CudaException.class)
        .hasMessage("cublasGemmEx: CUBLAS_STATUS_INVALID_VALUE (7)");
    cublas.close();
    cublas.close();
    assertThatThrownBy(() -> cublas.multiply(256, 256, 256, ROWS, OUTPUTS, INPUTS))
        .isInstanceOf(IllegalStateException.class);
  }

  // ---- products

  @Test
  void itMultipliesInTheOrderOfTheStream() {
    name(StandInCublas.compile(folder, "libcublas.so.13"));
    for (StandIn.Order order : StandIn.Order.values()) {
      for (long seed = 1; seed <= 4; seed++) {
        StandIn.reset();
        StandIn.order(order, seed);
        try (CudaDriver driver = StandIn.driver();
            Products products = new Products(driver, new ForeignCublas(), seed)) {
          products.check();
        }
      }
    }
    StandIn.reset();
  }

  @Test
  void aProductIsCapturedIntoAGraph() {
    name(StandInCublas.compile(folder, "libcublas.so.13"));
    StandIn.reset();
    StandIn.order(StandIn.Order.LAZY, 1);
    try (CudaDriver driver = StandIn.driver();
        Products products = new Products(driver, new ForeignCublas(), 5)) {
      products.checkCaptured();
    }
    StandIn.reset();
  }

  @Test
  void aProductMakesNoJavaObject() {
    name(StandInCublas.compile(folder, "libcublas.so.13"));
    StandIn.reset();
    try (CudaDriver driver = StandIn.driver();
        Products products = new Products(driver, new ForeignCublas(), 5)) {
      ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      for (int i = 0; i < 20_000; i++) {
        products.multiplySmall();
      }
      long before = thread.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        products.multiplySmall();
      }
      long numBytes = thread.getCurrentThreadAllocatedBytes() - before;

      assertThat(numBytes).as("bytes of 1000 products").isLessThan(1000);
    }
  }

  private static void name(Path library) {
    System.setProperty(ForeignCublas.LIBRARY_PROPERTY, library.toString());
  }

  /** Matrices on the stand-in device, and what their products must be. */
  private static final class Products implements AutoCloseable {
    private static final int NUM_Y = ROWS * OUTPUTS;
    private static final int NUM_X = ROWS * INPUTS;
    private static final int NUM_W = OUTPUTS * INPUTS;

    private final CudaDriver driver;
    private final GemmProvider provider;
    private final CudaStream stream;
    private final DeviceMemory memory;
    private final DeviceMemory workspace;
    private final PinnedMemory host;
    private final DeviceMemory y;
    private final DeviceMemory x;
    private final DeviceMemory w;
    private final float[] values = new float[NUM_Y + NUM_X + NUM_W];

    Products(CudaDriver driver, GemmProvider provider, long seed) {
      this.driver = driver;
      this.provider = provider;
      stream = driver.stream();
      memory = driver.allocate(2L * values.length);
      workspace = driver.allocate(provider.workspaceBytes());
      host = driver.allocatePinned(memory.bytes());
      y = memory.slice(0, 2L * NUM_Y);
      x = memory.slice(2L * NUM_Y, 2L * NUM_X);
      w = memory.slice(2L * (NUM_Y + NUM_X), 2L * NUM_W);
      Random random = new Random(seed);
      for (int i = 0; i < values.length; i++) {
        short bits = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16);
        values[i] = bf16(bits);
        host.buffer().putShort(2 * i, bits);
      }
      provider.open(stream.address(), workspace.address());
    }

    /** Before the copy has run, the device holds nothing of use to an early product. */
    void check() {
      driver.copyToDevice(memory, host, memory.bytes(), stream);
      driver.fill(y, (byte) 0xFF, y.bytes(), stream); // Not-a-numbers, which must not be read.
      provider.multiply(y.address(), x.address(), w.address(), ROWS, OUTPUTS, INPUTS);
      expect();
    }

    /** Nothing runs while it is captured; then it runs as often as the graph does. */
    void checkCaptured() {
      driver.copyToDevice(memory, host, memory.bytes(), stream);
      driver.synchronize();
      driver.beginCapture(stream);
      provider.multiply(y.address(), x.address(), w.address(), ROWS, OUTPUTS, INPUTS);
      CudaGraph graph = driver.endCapture(stream);
      driver.copyToHost(host, y, y.bytes(), stream);
      driver.synchronize();
      for (int i = 0; i < NUM_Y; i++) {
        assertThat(bf16(host.buffer().getShort(2 * i))).as("captured").isEqualTo(values[i]);
      }
      for (int run = 0; run < 2; run++) {
        driver.fill(y, (byte) 0xFF, y.bytes(), stream);
        driver.launch(graph, stream);
        expect();
      }
      driver.release(graph);
    }

    void multiplySmall() {
      provider.multiply(y.address(), x.address(), w.address(), 1, 64, 64);
    }

    private void expect() {
      driver.copyToHost(host, y, y.bytes(), stream);
      driver.synchronize();
      for (int row = 0; row < ROWS; row++) {
        for (int output = 0; output < OUTPUTS; output++) {
          double expected = 0;
          for (int input = 0; input < INPUTS; input++) {
            expected += (double) values[NUM_Y + row * INPUTS + input]
                * values[NUM_Y + NUM_X + output * INPUTS + input];
          }
          float actual = bf16(host.buffer().getShort(2 * (row * OUTPUTS + output)));
          assertThat(Math.abs(actual - expected)).as("row %d, output %d", row, output)
              .isLessThan(0.005 * (1 + Math.abs(expected)));
        }
      }
    }

    private static float bf16(short bits) {
      return Float.intBitsToFloat(bits << 16);
    }

    @Override
    public void close() {
      provider.close();
      driver.free(host);
      driver.free(workspace);
      driver.free(memory);
      driver.release(stream);
    }
  }
}
