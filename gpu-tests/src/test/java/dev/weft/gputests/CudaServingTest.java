package dev.weft.gputests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.engine.Generation;
import dev.weft.engine.TokenLogprobs;
import dev.weft.engine.WeftEngine;
import dev.weft.gpuexecutor.CudaExecutor;
import dev.weft.gpuexecutor.CudaModel;
import dev.weft.gpuexecutor.EmulatedDevice;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.gpuexecutor.SoloOutput;
import dev.weft.gpuexecutor.VerifiedDevice;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.speculative.NgramDrafter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole serving runs on the emulated GPU: shared prefixes, several samples of one prompt, drafts,
 * preemption, steps in flight, requests that are cancelled, a device that fails. What is said is
 * what the host says, up to the rounding of BF16; nothing is lost and nothing hangs.
 */
@ExtendWith(VerifiedDevice.class)
final class CudaServingTest {
  private static final Path MODEL = Path.of("../model/draft");
  private static final int NUM_OUTPUT = 16;
  private static final int NUM_REQUESTS = 8;

  /** Difference of log-probabilities that BF16 may make on these models. */
  private static final float TOLERANCE = 0.04f;

  /** Tokens whose log-probabilities are this far apart cannot change places by rounding. */
  private static final float MARGIN = 2 * TOLERANCE;

  private static final Logger LOGGER = Logger.getLogger(CudaExecutor.class.getName());
  private static HostModel host;

  @BeforeAll static void load() throws IOException {
    host = HostModel.load(MODEL);
    LOGGER.setLevel(Level.OFF);
  }

  @AfterAll static void speak() {
    LOGGER.setLevel(null);
  }

  /** Prompts that begin with the same words, which the model itself goes on with. */
  private static List<int[]> prompts() {
    int[] begin = {1, 72, 755, 80, 9};
    int[] all;
    try (SoloDecoder solo = SoloDecoder.singleThreaded(host)) {
      int[] more = solo.decode(begin, greedy(48), 0).tokens();
      all = Arrays.copyOf(begin, begin.length + more.length);
      System.arraycopy(more, 0, all, begin.length, more.length);
    }
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < NUM_REQUESTS; i++) {
      prompts.add(Arrays.copyOf(all, 24 + 3 * i));
    }
    return prompts;
  }

  private static SamplingParameters greedy(int numTokens) {
    return SamplingParameters.builder().maxNewTokens(numTokens).numLogprobs(2).build();
  }

  private static CudaExecutor executor(int numBlocks) throws IOException {
    return CudaExecutor.builder(CudaModel.open(MODEL))
        .maxModelLen(96)
        .blockSize(4)
        .numBlocks(numBlocks)
        .maxNumRows(8)
        .maxNumBatchedTokens(48)
        .maxNumDraftTokens(4)
        .maxInFlight(2)
        .build();
  }

  @ParameterizedTest @ValueSource(longs = {0, 1, 2})
  void greedyOutputIsThatOfTheHost(long seed) throws Exception {
    EmulatedDevice.reset(seed);
    List<int[]> prompts = prompts();
    List<Generation> generations = new ArrayList<>();
    try (WeftEngine engine = WeftEngine.builder(executor(28))
        .drafter(NgramDrafter.create()).draftTimeLimit(Duration.ofHours(1)).build()) {
      for (int id = 0; id < NUM_REQUESTS; id++) {
        Request request = Request.builder(id, prompts.get(id))
            .sampling(id == 5 ? twoSamples() : greedy(NUM_OUTPUT)).build();
        generations.add(engine.submit(request).generation());
      }
      for (int i = 0; i < 6; i++) {
        engine.runOnce();
      }
      generations.get(2).cancel();
      engine.runUntilIdle();
      CompletableFuture<Boolean> books = checkBooks(engine);
      engine.runOnce();
      assertThat(books.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
      assertThat(engine.numLiveRequests()).isZero();
      checkStats(engine.stats());
    }
    int numChecked = 0;
    for (int id = 0; id < NUM_REQUESTS; id++) {
      FinishReason reason = id == 2 ? FinishReason.ABORT : FinishReason.LENGTH;
      assertThat(generations.get(id).reason(0)).isEqualTo(reason);
      numChecked += check(host, prompts.get(id), generations.get(id));
    }
    assertThat(numChecked).isGreaterThan(40);
  }

  private static CompletableFuture<Boolean> checkBooks(WeftEngine engine) {
    return engine.control(scheduler -> {
      scheduler.checkIntegrity();
      return true;
    }).toCompletableFuture();
  }

  private static SamplingParameters twoSamples() {
    return SamplingParameters.builder().maxNewTokens(NUM_OUTPUT).numSamples(2).numLogprobs(2)
        .build();
  }

  private static void checkStats(SchedulerStats stats) {
    assertThat(stats.numPrefixHitTokens()).as("tokens found in the prefix cache").isPositive();
    assertThat(stats.numForks()).as("samples forked").isPositive();
    assertThat(stats.numBlockCopies()).as("blocks copied for them").isPositive();
    assertThat(stats.numPreemptions()).as("preemptions").isPositive();
    assertThat(stats.numAcceptedDraftTokens()).as("accepted drafts").isPositive();
  }

  /** Compares up to where the host itself is undecided; returns how many tokens that is. */
  private static int check(HostModel model, int[] prompt, Generation generation) {
    SoloOutput expected;
    try (SoloDecoder solo = SoloDecoder.singleThreaded(model)) {
      expected = solo.decode(prompt, greedy(NUM_OUTPUT), 0);
    }
    int numChecked = 0;
    for (int sample = 0; sample < generation.numSamples(); sample++) {
      for (int i = 0; i < generation.numTokens(sample) && isDecided(expected, i); i++) {
        String place = generation + " sample " + sample + " token " + i;
        assertThat(generation.token(sample, i)).as(place).isEqualTo(expected.tokens()[i]);
        checkLogprobs(place, generation.logprobs(sample, i), expected, i);
        numChecked++;
      }
    }
    return numChecked;
  }

  private static void checkLogprobs(
      String place, TokenLogprobs actual, SoloOutput expected, int index) {
    assertThat(actual.logprob()).as(place)
        .isCloseTo(expected.logprob(index), within(TOLERANCE));
    assertThat(actual.topToken(0)).as(place).isEqualTo(expected.topToken(index, 0));
    assertThat(actual.numTop()).as(place).isEqualTo(2);
    for (int rank = 0; rank < actual.numTop(); rank++) {
      assertThat(actual.topLogprob(rank)).as("%s rank %d", place, rank)
          .isCloseTo(expected.topLogprob(index, rank), within(TOLERANCE));
    }
  }

  private static boolean isDecided(SoloOutput output, int index) {
    return index < output.numTokens()
        && output.topLogprob(index, 0) - output.topLogprob(index, 1) > MARGIN;
  }

  @Test void theTargetModelSaysWhatItSaysOnTheHost() throws Exception {
    EmulatedDevice.reset(4);
    Path directory = Path.of("../model/target");
    HostModel target = HostModel.load(directory);
    // Prompts of the reference data on which no choice is close: a question, a letter, two others.
    int[][] prompts = {
        {1, 37, 71, 114, 323, 524, 360, 66, 37, 485, 889, 62},
        {1, 37, 80, 124, 739, 705, 47, 356},
        {1, 644, 861, 399, 317, 70, 268, 115, 361, 13},
        {1, 358, 394, 394, 394, 394, 394, 394, 394, 394, 394}};
    List<Generation> generations = new ArrayList<>();
    CudaExecutor executor = CudaExecutor.builder(CudaModel.open(directory)).maxModelLen(32)
        .numBlocks(9).maxNumRows(4).maxNumBatchedTokens(32).maxNumDraftTokens(0).build();
    try (WeftEngine engine = WeftEngine.builder(executor).build()) {
      for (int[] prompt : prompts) {
        Request request =
            Request.builder(engine.nextRequestId(), prompt).sampling(greedy(8)).build();
        generations.add(engine.submit(request).generation());
      }
      engine.runUntilIdle();
    }
    for (int i = 0; i < prompts.length; i++) {
      assertThat(generations.get(i).reason(0)).isEqualTo(FinishReason.LENGTH);
      assertThat(check(target, prompts[i], generations.get(i))).as("prompt %d", i).isEqualTo(8);
    }
  }

  @Test void everyRequestEndsWhenTheDeviceFails() throws Exception {
    for (int kernel = 1; kernel < 130; kernel += 11) {
      EmulatedDevice.reset(kernel);
      List<Generation> generations = new ArrayList<>();
      try (WeftEngine engine = WeftEngine.builder(executor(100)).build()) {
        EmulatedDevice.failKernel(kernel);
        for (int[] prompt : prompts().subList(0, 3)) {
          Request request = Request.builder(engine.nextRequestId(), prompt)
              .sampling(SamplingParameters.greedy(6)).build();
          generations.add(engine.submit(request).generation());
        }
        engine.runUntilIdle();
        assertThat(engine.health().isLive()).as("kernel %d", kernel).isFalse();
        assertThat(engine.health().message()).contains("CUDA_ERROR_ILLEGAL_ADDRESS");
      }
      for (Generation generation : generations) {
        assertThat(generation.reason(0)).isIn(FinishReason.ERROR, FinishReason.LENGTH);
      }
      EmulatedDevice.verify();
    }
  }
}
