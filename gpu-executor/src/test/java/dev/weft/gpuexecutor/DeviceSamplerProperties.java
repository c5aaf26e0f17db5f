package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.PlanWriter;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * The device chooses the very tokens that {@link TokenSampler} chooses, for random logits,
 * parameters, sequences, masks and seeds.
 */
@AddLifecycleHook(SkipWithoutDevice.class)
class DeviceSamplerProperties {
  private static final int NUM_ROWS = 8;
  private static final int MAX_LENGTH = 60;

  private final Random random = new Random();

  @Property(tries = 150)
  void theChoiceIsThatOfTheTokenSampler(@ForAll long seed) {
    random.setSeed(seed);
    int vocabularySize = vocabularySize();
    ExecutorSpec spec =
        ExecutorSpec.builder()
            .vocabularySize(vocabularySize)
            .maxModelLen(MAX_LENGTH)
            .numSlots(NUM_ROWS)
            .maxNumRows(NUM_ROWS)
            .maxNumBatchedTokens(NUM_ROWS)
            .maxNumLogprobs(2)
            .build();
    PlanWriter writer = new PlanWriter();
    float[][] logits = new float[NUM_ROWS][];
    int[] expected = new int[NUM_ROWS];
    String[] settings = new String[NUM_ROWS];
    for (int row = 0; row < NUM_ROWS; row++) {
      logits[row] = logits(vocabularySize);
      SamplingParameters parameters = parameters(vocabularySize);
      int[] sequence = random.ints(1 + random.nextInt(40), 0, vocabularySize).toArray();
      int numPrompt = 1 + random.nextInt(sequence.length);
      long[] mask = random.nextInt(3) == 0 ? mask(vocabularySize) : null;
      long key = random.nextLong();
      writeRow(writer, row, parameters, key, sequence, numPrompt, vocabularySize, mask);
      expected[row] = expected(logits[row], parameters, key, sequence, numPrompt, mask);
      settings[row] = parameters.toString();
    }

    int[] actual;
    try (DeviceSteps device = new DeviceSteps(spec, random.nextInt(6))) {
      device.prepare(writer.write());
      device.sample(logits);
      actual = device.sampled.toInts();
    }

    for (int row = 0; row < NUM_ROWS; row++) {
      assertThat(actual[row]).as(settings[row]).isEqualTo(expected[row]);
      Statistics.label("failed").collect(expected[row] < 0);
    }
  }

  private static void writeRow(
      PlanWriter writer,
      int row,
      SamplingParameters parameters,
      long key,
      int[] sequence,
      int numPrompt,
      int vocabularySize,
      long @Nullable [] mask) {
    int[] prompt = java.util.Arrays.copyOf(sequence, numPrompt);
    Request request = Request.builder(row + 1, prompt).sampling(parameters).build();
    int[] known = parameters.hasPenalties() ? sequence : new int[0];
    writer.attach(row, request, 0, key, known).blocks(row, 1, 2, 3, 4);
    writer.sampledRow(row, sequence.length - 1, sequence[sequence.length - 1]);
    if (mask != null) {
      int[] permitted =
          java.util.stream.IntStream.range(0, vocabularySize)
              .filter(token -> (mask[token >> 6] >>> token & 1) == 1)
              .toArray();
      writer.mask(vocabularySize, permitted);
    }
  }

  private static int expected(
      float[] logits,
      SamplingParameters parameters,
      long key,
      int[] sequence,
      int numPrompt,
      long @Nullable [] mask) {
    SamplingState state = new SamplingState();
    state.begin(parameters, key, numPrompt, 64);
    for (int i = 0; i < sequence.length; i++) {
      state.put(i, sequence[i]);
    }
    return new TokenSampler(logits.length).sample(logits, state, sequence.length, mask);
  }

  /** Large ones are more than a block has threads, a list has room for, or a chunk holds. */
  private int vocabularySize() {
    return switch (random.nextInt(4)) {
      case 0 -> 2 + random.nextInt(12);
      case 1 -> 64 * (1 + random.nextInt(4));
      case 2 -> 2 + random.nextInt(1100);
      default -> random.nextInt(4) == 0 ? 4000 + random.nextInt(3000) : 1025 + random.nextInt(999);
    };
  }

  /** Smooth, coarse (many ties), flat, huge, or with something that is no number. */
  private float[] logits(int vocabularySize) {
    int kind = random.nextInt(13);
    float[] logits = new float[vocabularySize];
    for (int i = 0; i < vocabularySize; i++) {
      logits[i] =
          switch (kind) {
            case 0, 1, 2, 3 -> (float) (random.nextGaussian() * 4);
            case 4, 5, 6 -> random.nextInt(9) - 4;
            case 7 -> 1.5f;
            case 8 -> (random.nextBoolean() ? -0f : 0f) + random.nextInt(2) * -1f;
            case 9 -> (random.nextFloat() - 0.5f) * Float.MAX_VALUE;
            case 10 -> Float.intBitsToFloat(random.nextInt(0x7F800000)) * (1 - random.nextInt(3));
            // Many masses that exceed 32 bits only together.
            case 11 -> (float) (i == 0 ? 0 : random.nextGaussian() * 0.01 - 5);
            default -> (float) (random.nextGaussian() * 30);
          };
    }
    if (random.nextInt(20) == 0) {
      float[] values = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
      logits[random.nextInt(vocabularySize)] = values[random.nextInt(3)];
    }
    return logits;
  }

  private SamplingParameters parameters(int vocabularySize) {
    SamplingParameters.Builder builder = SamplingParameters.builder().maxNewTokens(50);
    if (random.nextInt(6) > 0) {
      builder.temperature(temperature());
    }
    if (random.nextInt(3) == 0) {
      builder.topK(random.nextInt(vocabularySize + 2));
    }
    if (random.nextInt(3) == 0) {
      builder.topP(random.nextInt(4) == 0 ? Float.MIN_VALUE : 1 - random.nextFloat());
    }
    if (random.nextInt(3) == 0) {
      builder.minP(random.nextInt(4) == 0 ? 1 : random.nextFloat() * random.nextFloat());
    }
    if (random.nextInt(3) == 0) {
      builder.repetitionPenalty(
          random.nextInt(4) == 0 ? Float.MIN_VALUE : 0.5f + 9.5f * random.nextFloat());
      builder.presencePenalty(random.nextInt(3) - 1);
      builder.frequencyPenalty(random.nextFloat() * 4 - 2);
    }
    if (random.nextInt(3) == 0) {
      int stop = random.nextInt(vocabularySize);
      builder.minNewTokens(random.nextInt(50)).stopTokenIds(stop, stop, 1 << 25);
    }
    if (random.nextInt(3) == 0) {
      builder.logitBias(biases(vocabularySize));
    }
    if (random.nextInt(3) == 0) {
      builder.numLogprobs(random.nextInt(4) - 1);
    }
    return builder.build();
  }

  private float temperature() {
    float[] extremes = {1e-7f, 1e-6f, 1e-5f, 100, 1};
    return random.nextInt(3) == 0
        ? extremes[random.nextInt(extremes.length)]
        : 0.05f + 2 * random.nextFloat();
  }

  private Map<Integer, Float> biases(int vocabularySize) {
    Map<Integer, Float> biases = new TreeMap<>();
    for (int i = random.nextInt(6); i >= 0; i--) {
      biases.put(random.nextInt(vocabularySize + 3), 200 * random.nextFloat() - 100);
    }
    return biases;
  }

  /** One in eight permits nothing. */
  private long[] mask(int vocabularySize) {
    long[] mask = new long[(vocabularySize + 63) / 64];
    boolean isEmpty = random.nextInt(8) == 0;
    boolean isSparse = random.nextBoolean();
    for (int i = 0; i < mask.length && !isEmpty; i++) {
      mask[i] = random.nextLong();
      for (int halvings = isSparse ? 2 : 0; halvings > 0; halvings--) {
        mask[i] &= random.nextLong();
      }
    }
    return mask;
  }
}
