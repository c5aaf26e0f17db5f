package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cases at the edge for the kernels around the forward pass, and results that cannot be. */
class DeviceStepsTest {
  private final PlanWriter writer = new PlanWriter();
  private final Random random = new Random(5);

  private static ExecutorSpec.Builder spec(int vocabularySize) {
    return ExecutorSpec.builder()
        .vocabularySize(vocabularySize)
        .maxModelLen(3000)
        .numSlots(4)
        .maxNumRows(4)
        .maxNumBatchedTokens(2600)
        .maxNumDraftTokens(64)
        .verifiesTrees(true);
  }

  private static Request request(SamplingParameters parameters, int... prompt) {
    return Request.builder(1, prompt).sampling(parameters).build();
  }

  private float[][] logits(int numRows, int vocabularySize) {
    float[][] logits = new float[numRows][vocabularySize];
    for (float[] row : logits) {
      for (int token = 0; token < vocabularySize; token++) {
        row[token] = (float) (random.nextGaussian() * 4);
      }
    }
    return logits;
  }

  /** Runs the next plan on both sides and compares what was sampled and what was accepted. */
  private StepResult step(DeviceSteps device, HostSteps host, float[][] logits) {
    StepPlan plan = writer.write();
    StepResult expected = device.newResult();
    host.prepare(plan);
    int[] everywhere = host.sampleEverywhere(plan, logits);
    host.sample(plan, logits, expected);
    device.prepare(plan);
    device.sample(logits);
    assertThat(Arrays.copyOf(device.sampled.toInts(), logits.length)).isEqualTo(everywhere);
    device.verify();
    StepResult actual = device.result();
    for (int row = 0; row < plan.numRows(); row++) {
      assertThat(tokens(actual, row)).containsExactly(tokens(expected, row));
    }
    return actual;
  }

  private static int[] tokens(StepResult result, int row) {
    return IntStream.range(0, result.numTokens(row)).map(i -> result.token(row, i)).toArray();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 1, 3})
  void aLongHistoryIsPenalisedInAllOfALargeVocabulary(long schedule) {
    int vocabularySize = 9001;
    ExecutorSpec spec = spec(vocabularySize).build();
    SamplingParameters.Builder builder =
        SamplingParameters.builder()
            .temperature(0.7f)
            .topK(3000)
            .topP(0.99f)
            .repetitionPenalty(10)
            .frequencyPenalty(0.3f)
            .presencePenalty(-0.2f)
            .stopTokenIds(8999)
            .minNewTokens(5000)
            .maxNewTokens(5000);
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, schedule)) {
      int[][] prompts = new int[2][];
      for (int slot = 0; slot < 2; slot++) {
        SamplingParameters parameters = builder.numLogprobs(slot - 1).build();
        int[] prompt = random.ints(900, 0, vocabularySize - 1).toArray();
        prompts[slot] = prompt;
        writer.attach(slot, request(parameters, prompt), 0, slot, prompt);
        writer.blocks(slot, IntStream.range(1, 188).toArray());
        writer.sampledRow(slot, 0, prompt).drafts(random.ints(4, 0, vocabularySize).toArray());
      }
      float[][] logits = logits(10, vocabularySize);
      for (int i = 0; i < 10; i++) {
        for (int token : prompts[i / 5]) {
          logits[i][token] = 40; // the best, were it not for the penalty
        }
      }
      step(device, host, logits);
    }
  }

  @Test
  void aChainOf64DraftsIsWalkedToItsEnd() {
    ExecutorSpec spec = spec(100).build();
    SamplingParameters penalised = SamplingParameters.builder().presencePenalty(1).build();
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, 1)) {
      int[] drafts = random.ints(64, 0, 100).toArray();
      writer.attach(2, request(penalised, 1, 2), 0, 7, 1, 2).blocks(2, 1, 2, 3, 4, 5);
      writer.sampledRow(2, 0, 1, 2).drafts(drafts);
      float[][] logits = logits(65, 100);
      for (int draft = 0; draft < 64; draft++) {
        logits[draft][drafts[draft]] = 90;
      }

      StepResult result = step(device, host, logits);

      assertThat(result.numTokens(0)).isEqualTo(65);
      assertThat(Arrays.copyOf(device.accepted.toInts(), 64)).isEqualTo(host.accepted[0]);
    }
  }

  @Test
  void aTreeOf64DraftsIsWalkedThroughItsLastOnes() {
    ExecutorSpec spec = spec(100).build();
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, 3)) {
      // 40 drafts behind the root, 23 behind the last of them, one behind the last of these.
      int[] drafts = IntStream.range(0, 64).toArray();
      int[] parents = IntStream.range(0, 64).map(i -> i < 40 ? -1 : i < 63 ? 39 : 62).toArray();
      writer.attach(0, request(SamplingParameters.greedy(9), 1), 7).blocks(0, 1, 2, 3, 4, 5);
      writer.sampledRow(0, 0, 1).draftTree(drafts, parents);
      float[][] logits = logits(65, 100);
      logits[0][39] = 90;
      logits[40][62] = 90;
      logits[63][63] = 90;

      StepResult result = step(device, host, logits);

      assertThat(result.numTokens(0)).isEqualTo(4);
      assertThat(Arrays.copyOf(device.accepted.toInts(), 3)).containsExactly(39, 62, 63);
    }
  }

  /** Every node prefers the lowest draft that is not yet among the tokens before it. */
  @Test
  void aDraftOfATreeIsPenalisedForItsAncestorsAlone() {
    ExecutorSpec spec = spec(100).build();
    SamplingParameters parameters = SamplingParameters.builder().repetitionPenalty(10).build();
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, 5)) {
      int[] drafts = {5, 6, 7, 8, 5, 6, 7, 8};
      int[] parents = {-1, -1, 0, 1, 2, 2, 3, 5};
      writer.attach(0, request(parameters, 1), 0, 7, 1).blocks(0, 1);
      writer.sampledRow(0, 0, 1).draftTree(drafts, parents);
      float[][] logits = new float[9][100];
      for (float[] behind : logits) {
        Arrays.fill(behind, 5, 9, 10);
      }

      step(device, host, logits);

      assertThat(Arrays.copyOf(device.sampled.toInts(), 9))
          .containsExactly(5, 6, 5, 6, 5, 6, 8, 5, 5);
    }
  }

  @Test
  void aRowOfMoreTokensThanABlockHasThreadsIsPrepared() {
    ExecutorSpec spec = spec(100).build();
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, 2)) {
      int[] prompt = random.ints(2500, 0, 100).toArray();
      int[] blocks = random.ints(157, 1, 1000).toArray();
      writer.attach(3, request(SamplingParameters.greedy(9), prompt), 7).blocks(3, blocks);
      writer.sampledRow(3, 0, prompt);
      step(device, host, logits(1, 100));

      int[] tokens = device.tokens.toInts();
      assertThat(Arrays.copyOf(tokens, 2500)).isEqualTo(prompt);
      int kvSlots = StepBlock.TOKEN_KV_SLOT * 2600;
      assertThat(tokens[kvSlots + 2499]).isEqualTo(blocks[156] * 16 + 3).isEqualTo(
          host.kvSlot(2499));
    }
  }

  @Test
  void aStepWithoutRowsChangesSlotsAndHasAResult() {
    ExecutorSpec spec = spec(100).build();
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, 1)) {
      writer.attach(3, request(SamplingParameters.greedy(9), 4), 7).blocks(3, 9);
      StepResult empty = step(device, host, new float[0][]);
      writer.sampledRow(3, 0, 4);
      StepResult result = step(device, host, logits(1, 100));

      assertThat(empty.numRows()).isZero();
      assertThat(empty.deviceNanos()).isZero();
      assertThat(result.deviceNanos()).isPositive();
    }
  }

  @Test
  void aTokenThatWasNeverSampledFailsTheStep() {
    ExecutorSpec spec = spec(100).build();
    try (DeviceSteps device = new DeviceSteps(spec, 0)) {
      writer.attach(1, request(SamplingParameters.greedy(9), 4), 7).blocks(1, 9);
      writer.rowOnDevice(1, 1);
      device.prepare(writer.write());
      device.sample(logits(1, 100));
      device.verify();

      StepResult result = device.result();

      assertThat(result.outcome()).isEqualTo(StepResult.Outcome.FAILED);
      assertThat(result.failureMessage())
          .isEqualTo("step 1: the device was given a token that does not exist");
      assertThat(device.tokens.toInts()[0]).as("the forward pass stays in bounds").isZero();
    }
  }

  @Test
  void theResultOfAnotherStepIsRefused() {
    ResultLayout layout = new ResultLayout(spec(100).build());
    IntBuffer area = IntBuffer.allocate((int) layout.bytes() / Integer.BYTES);
    area.put(StepBlock.RESULT_STEP_ID, 7).put(StepBlock.RESULT_NUM_ROWS, 2);
    ResultReader reader = new ResultReader(layout);
    StepResult result = new StepResult(4, 64, 20);

    reader.read(area, 7, 2, result);
    assertThatThrownBy(() -> reader.read(area, 8, 2, result))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("step 8 with rows: 2; the device has a result of step 7 with rows: 2");
    assertThatThrownBy(() -> reader.read(area, 7, 1, result))
        .isInstanceOf(IllegalStateException.class);
  }

  // ---- log-probabilities

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 1, 3})
  void logprobsAreThoseOfTheSoftmaxWithTiesInTheOrderOfTokens(long schedule) {
    int vocabularySize = 5003;
    ExecutorSpec spec = spec(vocabularySize).build();
    float[][] logits = new float[4][];
    logits[0] = logits(1, vocabularySize)[0];
    logits[1] = new float[vocabularySize];
    logits[2] = new float[vocabularySize];
    logits[3] = new float[vocabularySize];
    for (int token = 0; token < vocabularySize; token++) {
      logits[2][token] = (token * 31 % 7) * (token % 400 == 399 ? 2 : 1) - 3f;
      logits[3][token] = -1e6f * (token % 5);
    }
    SamplingParameters parameters =
        SamplingParameters.builder()
            .numLogprobs(20)
            .temperature(1)
            .presencePenalty(1)
            .logitBias(Map.of(17, 60f))
            .build();
    try (DeviceSteps device = new DeviceSteps(spec, schedule)) {
      for (int slot = 0; slot < 4; slot++) {
        writer.attach(slot, request(parameters, 3), 0, slot, 3).blocks(slot, 1);
        writer.sampledRow(slot, 0, 3);
      }
      StepResult result = step(device, new HostSteps(spec), logits);

      for (int row = 0; row < 4; row++) {
        checkLogprobs(result, row, logits[row]);
      }
    }
  }

  @Test
  void logprobsHaveTheSameBitsUnderEverySchedule() {
    int vocabularySize = 5003;
    ExecutorSpec spec = spec(vocabularySize).build();
    float[][] logits = logits(1, vocabularySize);
    SamplingParameters parameters = SamplingParameters.builder().numLogprobs(3).build();
    Set<Float> logprobs = new HashSet<>();
    for (long schedule = 0; schedule < 4; schedule++) {
      try (DeviceSteps device = new DeviceSteps(spec, schedule)) {
        PlanWriter plan = new PlanWriter().attach(0, request(parameters, 3), 1).blocks(0, 1);
        device.prepare(plan.sampledRow(0, 0, 3).write());
        device.sample(logits);
        device.verify();
        StepResult result = device.result();
        logprobs.add(result.logprob(0, 0));
        logprobs.add(result.topLogprob(0, 0, 0)); // of the same token
      }
    }
    assertThat(logprobs).hasSize(1);
  }

  private static void checkLogprobs(StepResult result, int row, float[] logits) {
    double max = IntStream.range(0, logits.length).mapToDouble(t -> logits[t]).max().orElseThrow();
    double sum =
        IntStream.range(0, logits.length).mapToDouble(t -> Math.exp(logits[t] - max)).sum();
    double normaliser = max + Math.log(sum);
    int[] best =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[b], logits[a]))
            .limit(20)
            .mapToInt(token -> token)
            .toArray();
    double relative = 1e-6;
    for (int rank = 0; rank < 20; rank++) {
      double expected = logits[best[rank]] - normaliser;
      assertThat(result.topToken(row, 0, rank)).isEqualTo(best[rank]);
      assertThat((double) result.topLogprob(row, 0, rank))
          .isCloseTo(expected, within(1e-6 + relative * Math.abs(expected)));
    }
    double expected = logits[result.token(row, 0)] - normaliser;
    assertThat((double) result.logprob(row, 0))
        .isCloseTo(expected, within(1e-6 + relative * Math.abs(expected)));
  }
}
