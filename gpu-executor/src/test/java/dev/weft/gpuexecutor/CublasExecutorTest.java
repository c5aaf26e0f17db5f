package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.ExecutorState;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A CUDA executor that leaves products to cuBLAS, or to the library that stands in for it, samples
 * what the one without samples, up to rounding. On a GPU it is the cuBLAS that is found there.
 */
@ExtendWith(VerifiedDevice.class)
class CublasExecutorTest {
  private static final int ILLEGAL_ADDRESS = 700;

  /** Difference of log-probabilities that BF16 may make on this model. */
  private static final float TOLERANCE = 0.03f;

  private static final Logger LOGGER = Logger.getLogger(CudaExecutor.class.getName());

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path folder;

  @BeforeEach
  void nameLibrary() {
    StandIn.reset();
    StandIn.multiprocessors(2);
    LOGGER.setLevel(Level.OFF);
    if (StandIn.isReal()) {
      StandInCublas.assumeJava();
      new ForeignCublas().unavailableReason().ifPresent(Assumptions::abort);
    } else {
      Path library = StandInCublas.compile(folder, "libcublas.so.13");
      System.setProperty(ForeignCublas.LIBRARY_PROPERTY, library.toString());
    }
  }

  @AfterEach
  void forgetLibrary() {
    if (!StandIn.isReal()) {
      System.clearProperty(ForeignCublas.LIBRARY_PROPERTY);
    }
    LOGGER.setLevel(null);
  }

  @ParameterizedTest
  @EnumSource(StandIn.Order.class)
  void itSamplesWhatTheOwnKernelsDo(StandIn.Order order) throws Exception {
    List<List<LibraryWorkload.Sample>> own;
    try (CudaExecutor executor = CudaToy.build(WideToy.builder())) {
      own = LibraryWorkload.run(executor);
    }
    StandIn.order(order, 3);
    try (CudaExecutor executor =
        CudaToy.build(WideToy.builder().gemmProvider(GemmProvider.find()))) {
      compare(LibraryWorkload.run(executor), own);
    }
  }

  @Test
  void itIsUsedInDirectStepsAndInGraphs() throws Exception {
    try (CudaExecutor executor =
        CudaToy.build(WideToy.builder().gemmProvider(GemmProvider.find()))) {
      long numSmallTiled = StandIn.numKernels(Kernel.GEMM_SMALL_TILED_SILU);
      long numActivated = StandIn.numKernels(Kernel.SILU_MUL);

      LibraryWorkload.run(executor);

      int numProducts = LibraryWorkload.NUM_STEPS * WideToy.NUM_LAYERS;
      assertThat(StandIn.numKernels(Kernel.SILU_MUL)).isEqualTo(numActivated + numProducts);
      assertThat(StandIn.numKernels(Kernel.GEMM_SMALL_TILED_SILU)).isEqualTo(numSmallTiled);
    }
  }

  /** A row is compared up to the first token that rounding decided. */
  private static void compare(
      List<List<LibraryWorkload.Sample>> actual, List<List<LibraryWorkload.Sample>> own) {
    int numEqual = 0;
    for (int row = 0; row < LibraryWorkload.NUM_SEQUENCES; row++) {
      boolean isEqual = true;
      for (int step = row == 0 ? 0 : 1; isEqual && step < LibraryWorkload.NUM_STEPS; step++) {
        LibraryWorkload.Sample expected = own.get(step).get(row);
        LibraryWorkload.Sample sample = actual.get(step).get(row);
        assertThat(sample.logprob())
            .as("row %d, step %d", row, step)
            .isCloseTo(expected.logprob(), within(TOLERANCE));
        isEqual = sample.token() == expected.token();
        numEqual += isEqual ? 1 : 0;
      }
    }
    assertThat(numEqual).isGreaterThan(LibraryWorkload.NUM_SEQUENCES * 5 / 2);
    assertThat(actual.get(0)).extracting(LibraryWorkload.Sample::token)
        .isEqualTo(own.get(0).stream().map(LibraryWorkload.Sample::token).toList());
  }

  @Test
  void oneLibraryServesExecutorsOneAfterAnother() throws Exception {
    GemmProvider provider = GemmProvider.find();
    for (int i = 0; i < 2; i++) {
      try (CudaExecutor executor = CudaToy.build(WideToy.builder().gemmProvider(provider))) {
        LibraryWorkload.run(executor);
        assertThatIllegalStateException()
            .isThrownBy(() -> WideToy.builder().gemmProvider(provider).build())
            .withMessageEndingWith("is open already");
        assertThat(LibraryWorkload.submitPrompt(executor, LibraryWorkload.NUM_STEPS + 1, 70))
            .isTrue();
      }
    }
  }

  @Test
  void anErrorOfTheLibraryKillsTheExecutor() {
    try (CudaExecutor executor =
        CudaToy.build(WideToy.builder().gemmProvider(GemmProvider.find()))) {
      StandIn.failCall("cuLaunchHostFunc", 3, ILLEGAL_ADDRESS);

      assertThat(LibraryWorkload.submitPrompt(executor, 1, 70)).isFalse();

      assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
      assertThat(executor.failureMessage()).contains("cublasGemmEx").contains("700");
    }
  }
}
