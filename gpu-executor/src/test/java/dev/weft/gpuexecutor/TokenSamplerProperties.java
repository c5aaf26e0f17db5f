package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/** The sampler against the naive one, on random logits, parameters, sequences and masks. */
class TokenSamplerProperties {
  private final Random random = new Random();

  @Property(tries = 3000)
  void theChoiceIsThatOfTheNaiveSampler(@ForAll long seed) {
    random.setSeed(seed);
    int vocabularySize = 1 + random.nextInt(random.nextBoolean() ? 12 : 300);
    float[] logits = logits(vocabularySize);
    int[] sequence = random.ints(random.nextInt(40), 0, vocabularySize).toArray();
    int numPromptTokens = random.nextInt(sequence.length + 1);
    SamplingParameters parameters = parameters(vocabularySize);
    long[] mask = random.nextInt(3) == 0 ? mask(vocabularySize) : null;
    int position = sequence.length;

    NaiveSampler naive = new NaiveSampler();
    int expected =
        naive.sample(logits, parameters, sequence, numPromptTokens, seed, position, mask);
    int actual = sample(logits, parameters, sequence, numPromptTokens, seed, position, mask);

    Statistics.label("too close to call")
        .collect(naive.isClose())
        .coverage(cases -> cases.check(true).percentage(share -> share < 10));
    if (!naive.isClose()) {
      assertThat(actual).as(parameters.toString()).isEqualTo(expected);
    }
  }

  private static int sample(
      float[] logits,
      SamplingParameters parameters,
      int[] sequence,
      int numPromptTokens,
      long seed,
      int position,
      long @Nullable [] mask) {
    SamplingState state = new SamplingState();
    state.begin(parameters, seed, numPromptTokens, 64);
    for (int i = 0; i < sequence.length; i++) {
      state.put(i, sequence[i]);
    }
    float[] before = logits.clone();
    int token = new TokenSampler(logits.length).sample(logits, state, position, mask);
    assertThat(logits).isEqualTo(before);
    return token;
  }

  /** Smooth, coarse (many ties), or flat. */
  private float[] logits(int vocabularySize) {
    int kind = random.nextInt(3);
    float[] logits = new float[vocabularySize];
    for (int i = 0; i < vocabularySize; i++) {
      logits[i] =
          switch (kind) {
            case 0 -> (float) (random.nextGaussian() * 4);
            case 1 -> random.nextInt(9) - 4;
            default -> 1.5f;
          };
    }
    return logits;
  }

  private SamplingParameters parameters(int vocabularySize) {
    SamplingParameters.Builder builder = SamplingParameters.builder().maxNewTokens(50);
    if (random.nextInt(5) > 0) {
      builder.temperature(0.05f + 2 * random.nextFloat());
    }
    if (random.nextBoolean()) {
      builder.topK(random.nextInt(vocabularySize + 2));
    }
    if (random.nextBoolean()) {
      builder.topP(1 - random.nextFloat());
    }
    if (random.nextBoolean()) {
      builder.minP(random.nextFloat() * random.nextFloat());
    }
    if (random.nextBoolean()) {
      builder.repetitionPenalty(0.5f + random.nextFloat());
      builder.presencePenalty(random.nextInt(3) - 1);
      builder.frequencyPenalty(random.nextFloat() - 0.5f);
    }
    if (random.nextBoolean()) {
      builder.minNewTokens(random.nextInt(20)).stopTokenIds(random.nextInt(vocabularySize), 999);
    }
    if (random.nextBoolean()) {
      builder.logitBias(biases(vocabularySize));
    }
    return builder.build();
  }

  private Map<Integer, Float> biases(int vocabularySize) {
    Map<Integer, Float> biases = new TreeMap<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      biases.put(random.nextInt(vocabularySize + 3), 4 * random.nextFloat() - 2);
    }
    return biases;
  }

  private long[] mask(int vocabularySize) {
    long[] mask = new long[(vocabularySize + 63) / 64];
    for (int i = 0; i < mask.length; i++) {
      long half = random.nextLong();
      mask[i] = half & random.nextLong();
    }
    return mask;
  }

  @Property(tries = 500)
  void theThresholdIsThatOfASort(@ForAll long seed) {
    random.setSeed(seed);
    int numValues = 1 + random.nextInt(50);
    float[] values = new float[numValues];
    long[] masses = new long[numValues];
    long total = 0;
    for (int i = 0; i < numValues; i++) {
      values[i] = random.nextBoolean() ? random.nextInt(5) - 2 : (float) random.nextGaussian();
      values[i] = random.nextInt(9) == 0 ? -0f : values[i];
      masses[i] = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(100);
      total += masses[i];
    }
    long target = 1 + (long) (random.nextDouble() * 1.1 * total);
    if (total > 0) {
      assertThat(new ThresholdSearch().find(values, masses, numValues, target))
          .isEqualTo(naiveThreshold(values, masses, target));
    }
  }

  private static float naiveThreshold(float[] values, long[] masses, long target) {
    float smallest = Float.POSITIVE_INFINITY;
    float best = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      long mass = 0;
      for (int j = 0; j < values.length; j++) {
        mass += values[j] >= values[i] ? masses[j] : 0;
      }
      if (masses[i] > 0) {
        smallest = Math.min(smallest, values[i] + 0f);
        best = mass >= target ? Math.max(best, values[i] + 0f) : best;
      }
    }
    return best == Float.NEGATIVE_INFINITY ? smallest : best;
  }
}
