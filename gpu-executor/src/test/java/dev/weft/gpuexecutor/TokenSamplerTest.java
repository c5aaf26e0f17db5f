package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.SamplingParameters;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSamplerTest {
  private static final float[] LOGITS = {1, 3, 2, 3, 0, -1, 2, -5};

  private static SamplingParameters hot(UnaryOperator<SamplingParameters.Builder> change) {
    return change.apply(SamplingParameters.builder().maxNewTokens(99).temperature(1)).build();
  }

  private static SamplingState state(SamplingParameters parameters, long seed) {
    SamplingState state = new SamplingState();
    state.begin(parameters, seed, 0, 99);
    return state;
  }

  private static int sample(float[] logits, SamplingParameters parameters, int position) {
    return new TokenSampler(logits.length).sample(logits, state(parameters, 5), position, null);
  }

  /** Every token that can be drawn. */
  private static Set<Integer> drawn(float[] logits, SamplingParameters parameters) {
    TokenSampler sampler = new TokenSampler(logits.length);
    SamplingState state = state(parameters, 3);
    Set<Integer> tokens = new TreeSet<>();
    for (int position = 0; position < 5000; position++) {
      tokens.add(sampler.sample(logits, state, position, null));
    }
    return tokens;
  }

  @Test
  void greedyTakesTheLowerOfEqualTokens() {
    assertThat(sample(LOGITS, SamplingParameters.greedy(9), 0)).isEqualTo(1);
    float[] zeros = {-1, -0f, 0f};
    assertThat(sample(zeros, SamplingParameters.greedy(9), 0)).isEqualTo(1);
  }

  @Test
  void topKOfOneAndATinyTemperatureAreGreedy() {
    for (int position = 0; position < 50; position++) {
      assertThat(sample(LOGITS, hot(b -> b.topK(1)), position)).isEqualTo(1);
      assertThat(sample(LOGITS, hot(b -> b.temperature(1e-30f)), position)).isEqualTo(1);
    }
  }

  @Test
  void tiesAtTheEdgeOfTopKAllRemain() {
    assertThat(drawn(LOGITS, hot(b -> b.topK(2)))).containsExactly(1, 3);
    assertThat(drawn(LOGITS, hot(b -> b.topK(3)))).containsExactly(1, 2, 3, 6);
    assertThat(drawn(LOGITS, hot(b -> b.topK(4)))).containsExactly(1, 2, 3, 6);
  }

  @Test
  void tiesAtTheEdgeOfTopPAllRemain() {
    float[] logits = {0, 0, 0, 0, -50};
    assertThat(drawn(logits, hot(b -> b.topP(0.1f)))).containsExactly(0, 1, 2, 3);
    float[] steps = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
    assertThat(drawn(steps, hot(b -> b.topP(0.49f)))).containsExactly(0);
    assertThat(drawn(steps, hot(b -> b.topP(0.6f)))).containsExactly(0, 1);
    assertThat(drawn(steps, hot(b -> b.topP(0.9f)))).containsExactly(0, 1, 2);
  }

  @Test
  void minPCutsRelativeToTheMostLikely() {
    float[] logits = {0, (float) Math.log(0.4), (float) Math.log(0.1)};
    assertThat(drawn(logits, hot(b -> b.minP(1)))).containsExactly(0);
    assertThat(drawn(logits, hot(b -> b.minP(0.3f)))).containsExactly(0, 1);
    assertThat(drawn(logits, hot(b -> b.minP(0.05f)))).containsExactly(0, 1, 2);
  }

  @Test
  void topPCountsOnlyWhatTopKLeft() {
    float[] logits = {0, 0.001f, -0.001f, -0.002f};
    // Of all four 0.4 needs two; of the best two it needs one.
    assertThat(drawn(logits, hot(b -> b.topP(0.4f)))).containsExactly(0, 1);
    assertThat(drawn(logits, hot(b -> b.topP(0.4f).topK(2)))).containsExactly(1);
  }

  @Test
  void drawsFollowTheSoftmax() {
    float[] logits = {0.5f, -1, 2, 0};
    double[] expected = new double[4];
    double total = 0;
    for (int i = 0; i < 4; i++) {
      expected[i] = Math.exp(logits[i] / 1.5);
      total += expected[i];
    }
    int numDraws = 400_000;
    int[] counts = new int[4];
    TokenSampler sampler = new TokenSampler(4);
    SamplingState state = state(hot(b -> b.temperature(1.5f)), 12345);
    for (int position = 0; position < numDraws; position++) {
      counts[sampler.sample(logits, state, position, null)]++;
    }
    for (int i = 0; i < 4; i++) {
      // Three standard deviations are 0.0024; the seed is fixed, so this never flickers.
      assertThat(counts[i] / (double) numDraws).isCloseTo(expected[i] / total, within(0.003));
    }
  }

  @Test
  void seedsAndPositionsDrawIndependently() {
    SamplingParameters parameters = hot(b -> b.temperature(2));
    Set<Integer> bySeed = new TreeSet<>();
    for (long seed = 0; seed < 100; seed++) {
      SamplingState state = state(parameters, seed << 32);
      bySeed.add(new TokenSampler(8).sample(LOGITS, state, 4, null));
    }
    assertThat(bySeed).hasSizeGreaterThan(4);
    assertThat(drawn(LOGITS, parameters)).hasSizeGreaterThan(6);
  }

  @Test
  void aMaskExcludesAndNothingMayBeLeft() {
    TokenSampler sampler = new TokenSampler(8);
    SamplingState state = state(SamplingParameters.greedy(9), 1);
    assertThat(sampler.sample(LOGITS, state, 0, new long[] {0b0100_0101})).isEqualTo(2);
    assertThat(sampler.sample(LOGITS, state, 0, new long[] {0}))
        .isEqualTo(TokenDistribution.NOTHING_PERMITTED);
  }

  @Test
  void stopTokensAreWithheldWhileTooFewTokensAreOut() {
    SamplingParameters parameters =
        SamplingParameters.builder().maxNewTokens(9).minNewTokens(3).stopTokenIds(1, 3).build();
    SamplingState state = new SamplingState();
    state.begin(parameters, 0, 10, 0);
    TokenSampler sampler = new TokenSampler(8);
    assertThat(sampler.sample(LOGITS, state, 12, null)).isEqualTo(2);
    assertThat(sampler.sample(LOGITS, state, 13, null)).isEqualTo(1);
  }

  @Test
  void penaltiesCountPromptAndOutputApart() {
    SamplingParameters parameters =
        SamplingParameters.builder()
            .maxNewTokens(9)
            .repetitionPenalty(2)
            .frequencyPenalty(0.25f)
            .presencePenalty(0.5f)
            .build();
    SamplingState state = new SamplingState();
    state.begin(parameters, 0, 2, 9);
    int[] tokens = {0, 1, 1, 1, 2, 5};
    for (int i = 0; i < tokens.length; i++) {
      state.put(i, tokens[i]);
    }
    float[] logits = LOGITS.clone();
    Penalties penalties = new Penalties(8);
    penalties.apply(state, logits);
    assertThat(logits)
        .containsExactly(0.5f, 1.5f - 0.5f - 0.5f, 1 - 0.25f - 0.5f, 3, 0, -2 - 0.75f, 2, -5);
    float[] again = LOGITS.clone();
    penalties.apply(state, again);
    assertThat(again).isEqualTo(logits);
  }

  @Test
  void aBiasIsAddedBeforeTheChoice() {
    SamplingParameters parameters =
        SamplingParameters.builder().maxNewTokens(9).logitBias(Map.of(7, 8.5f, 1, -1f)).build();
    assertThat(sample(LOGITS, parameters, 0)).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aLogitThatIsNoNumberIsReported(float value) {
    float[] logits = LOGITS.clone();
    logits[6] = value;
    assertThat(sample(logits, SamplingParameters.greedy(9), 0))
        .isEqualTo(TokenDistribution.NOT_A_NUMBER);
  }

  @Test
  void passingOverHopelessTokensChangesNothing() {
    Random random = new Random(6);
    SamplingParameters parameters = hot(b -> b.temperature(0.3f));
    TokenSampler sampler = new TokenSampler(500);
    GumbelNoise noise = new GumbelNoise();
    for (int position = 0; position < 300; position++) {
      float[] logits = new float[500];
      for (int i = 0; i < 500; i++) {
        logits[i] = (float) random.nextGaussian() * 5;
      }
      noise.begin(8, position);
      int best = 0;
      float bestSum = Float.NEGATIVE_INFINITY;
      for (int token = 0; token < 500; token++) {
        float sum = logits[token] / 0.3f + noise.at(token);
        best = sum > bestSum ? token : best;
        bestSum = Math.max(bestSum, sum);
      }
      assertThat(sampler.sample(logits, state(parameters, 8), position, null)).isEqualTo(best);
    }
  }

  @Test
  void logprobsAreThoseOfTheSoftmaxAndTiesGoToTheLowerToken() {
    TopLogprobs logprobs = new TopLogprobs(8, 20);
    logprobs.compute(LOGITS, 5);
    double sum = 0;
    for (float logit : LOGITS) {
      sum += Math.exp(logit);
    }
    int[] expected = {1, 3, 2, 6, 0};
    assertThat(logprobs.numTop()).isEqualTo(5);
    for (int rank = 0; rank < 5; rank++) {
      assertThat(logprobs.topToken(rank)).isEqualTo(expected[rank]);
    }
    for (int token = 0; token < 8; token++) {
      double exact = LOGITS[token] - Math.log(sum);
      assertThat((double) logprobs.of(token)).isCloseTo(exact, within(1e-6));
    }
    logprobs.compute(LOGITS, 20);
    assertThat(logprobs.numTop()).isEqualTo(8);
    logprobs.compute(LOGITS, 0);
    assertThat(logprobs.numTop()).isZero();
  }
}
