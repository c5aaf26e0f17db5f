package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a CUDA executor asks of a library for products, and what becomes of it when that fails. */
@ExtendWith(VerifiedDevice.class)
class CudaLibraryTest {
  private static final Logger LOGGER = Logger.getLogger(CudaExecutor.class.getName());
  private static final int PRODUCTS_OF_LAYER = 4;
  private static final int NUM_LOGPROBS = SamplingParameters.MAX_NUM_LOGPROBS;
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final RecordingProvider provider = new RecordingProvider();

  @BeforeAll
  static void silence() {
    LOGGER.setLevel(Level.OFF);
  }

  @AfterAll
  static void speak() {
    LOGGER.setLevel(null);
  }

  @BeforeEach
  void reset() {
    StandIn.reset();
    StandIn.multiprocessors(2);
  }

  private CudaExecutor build() {
    return CudaToy.build(WideToy.builder().gemmProvider(provider));
  }

  /** A prompt of so many tokens. What is sampled is anything: the provider computes nothing. */
  private static void prefill(CudaExecutor executor, int numTokens) throws InterruptedException {
    assertThat(LibraryWorkload.submitPrompt(executor, 1, numTokens)).isTrue();
    assertThat(executor.await(TIMEOUT_NANOS)).isTrue();
    StepResult result = new StepResult(executor.spec().maxNumRows(), 0, NUM_LOGPROBS);
    assertThat(executor.poll(result)).isTrue();
  }

  @Test
  void stepsOfManyTokensAreForTheLibrary() throws InterruptedException {
    try (CudaExecutor executor = build()) {
      provider.products.clear();
      prefill(executor, RecordingProvider.MIN_ROWS);

      List<String> expected = new ArrayList<>();
      for (int layer = 0; layer < WideToy.NUM_LAYERS; layer++) {
        expected.addAll(List.of("65x256x64", "65x64x128", "65x384x64", "65x64x192"));
      }
      assertThat(provider.products).isEqualTo(expected);
    }
  }

  @Test
  void stepsOfFewerTokensAreNot() throws InterruptedException {
    try (CudaExecutor executor = build()) {
      provider.products.clear();
      long numKernels = StandIn.numKernels(Kernel.SILU_MUL);
      prefill(executor, RecordingProvider.MIN_ROWS - 1);

      assertThat(provider.products).isEmpty();
      assertThat(StandIn.numKernels(Kernel.SILU_MUL)).isEqualTo(numKernels);
    }
  }

  @Test
  void graphsOfLargeBucketsAskForAllTheirRows() {
    try (CudaExecutor executor = build()) {
      // Each bucket is run once before it is captured.
      int numPasses = 2 * List.of(96, 128).size();
      assertThat(provider.products)
          .hasSize(numPasses * WideToy.NUM_LAYERS * PRODUCTS_OF_LAYER)
          .allMatch(product -> product.startsWith("96x") || product.startsWith("128x"));
      assertThat(executor.state()).isEqualTo(ExecutorState.READY);
    }
  }

  @Test
  void itIsClosedBeforeItsMemoryGoes() {
    CudaExecutor executor = build();
    long numFreed = StandIn.numCalls("cuMemFree");
    assertThat(provider.numOpened).isEqualTo(1);
    assertThat(provider.numClosed).isZero();

    executor.close();
    executor.close();

    assertThat(provider.numClosed).isEqualTo(1);
    assertThat(provider.numFreedBeforeClose).isEqualTo(numFreed);
    assertThat(StandIn.numCalls("cuMemFree")).isGreaterThan(numFreed);
  }

  // ---- refusals

  @Test
  void aDeterministicExecutorTakesNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WideToy.builder().deterministic(true).gemmProvider(provider).build())
        .withMessage("a deterministic executor adds in one order, notes in its own");
  }

  @Test
  void widthsThatAreNoMultiplesOf64AreNamed() {
    refusesWidths(
        new TinyCheckpoint.Shape(64, 1, 2, 1, 32, 80, 10),
        "intermediateSize of the model is 80, must be a multiple of 64 for a GemmProvider");
    refusesWidths(
        new TinyCheckpoint.Shape(64, 1, 1, 1, 32, 64, 10),
        "width of the query heads of the model is 32, must be a multiple of 64 for a GemmProvider");
    refusesWidths(
        new TinyCheckpoint.Shape(96, 1, 2, 1, 32, 64, 10),
        "hiddenSize of the model is 96, must be a multiple of 64 for a GemmProvider");
    assertThat(StandIn.numCalls("cuMemAlloc")).isZero();
  }

  private void refusesWidths(TinyCheckpoint.Shape shape, String message) {
    CudaModel model = WideToy.model(shape);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CudaExecutor.builder(model).gemmProvider(provider).build())
        .withMessage(message);
  }

  @Test
  void oneThatDoesNotWorkSaysWhy() {
    provider.reason = "has no strings";

    assertThatIllegalStateException()
        .isThrownBy(this::build)
        .withMessage("notes: has no strings");
    assertThat(StandIn.numCalls("cuMemAlloc")).isZero();
  }

  // ---- failures

  @Test
  void oneThatCannotBeOpenedGivesEverythingBack() {
    provider.failureOfOpen = new IllegalStateException("is open already");

    assertThatThrownBy(this::build).isSameAs(provider.failureOfOpen);
    assertThat(provider.numClosed).isZero();
  }

  @Test
  void aFailureWhileGraphsAreMadeGivesEverythingBack() {
    for (int numProducts : new int[] {0, 7, 8, 15, 31}) {
      provider.numProductsUntilFailure = numProducts;
      provider.numClosed = 0;

      assertThatThrownBy(this::build).isSameAs(provider.failure);
      assertThat(provider.numClosed).isEqualTo(1);
    }
  }

  @Test
  void aFailureInAStepKillsTheExecutor() {
    int numProductsOfStep = WideToy.NUM_LAYERS * PRODUCTS_OF_LAYER;
    for (int numProducts = 0; numProducts < numProductsOfStep; numProducts++) {
      provider.numProductsUntilFailure = Integer.MAX_VALUE;
      provider.numClosed = 0;
      try (CudaExecutor executor = build()) {
        int[] prompt = LibraryWorkload.prompt(3);
        new AloneOnExecutor(executor, prompt, SamplingParameters.greedy(1), 0).run();
        provider.numProductsUntilFailure = numProducts;

        assertThat(LibraryWorkload.submitPrompt(executor, 2, 70)).isFalse();

        assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
        assertThat(executor.failureMessage())
            .contains("out of tune").doesNotContain("start another");
        assertThat(executor.lastGoodStepId()).isEqualTo(1);
        assertThat(LibraryWorkload.submitPrompt(executor, 2, 3)).isFalse();
      }
      assertThat(provider.numClosed).isEqualTo(1);
    }
  }
}
