package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GumbelNoiseTest {
  private static final int NUM_UNIFORMS = 1 << 23;

  @Test
  void philoxGivesTheKnownAnswers() {
    assertThat(philox(0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(philox(-1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  }

  /** The third known answer of the authors' test file: digits of pi as counter and key. */
  @Test
  void philoxTellsItsCounterWordsAndKeyWordsApart() {
    int[] words = new int[4];
    long key = 0xa4093822L | 0x299f31d0L << 32;
    Philox.generate(key, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, words);
    assertThat(words).containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  private static int[] philox(long key, int counter) {
    int[] words = new int[4];
    Philox.generate(key, counter, counter, counter, counter, words);
    return words;
  }

  @Test
  void noiseOfATokenDependsOnSeedPositionAndTokenAlone() {
    GumbelNoise noise = new GumbelNoise();
    noise.begin(99, 7);
    float[] ascending = new float[40];
    for (int token = 0; token < 40; token++) {
      ascending[token] = noise.at(token);
    }
    noise.begin(1, 1);
    noise.at(3);
    noise.begin(99, 7);
    int[] words = new int[4];
    for (int token = 39; token >= 0; token--) {
      assertThat(noise.at(token)).isEqualTo(ascending[token]);
      Philox.generate(99, 7, token / 4, 0, 0, words);
      assertThat(GumbelNoise.ofWord(words[token % 4])).isEqualTo(ascending[token]);
    }
  }

  @Test
  void everyUniformIsExactAndInsideTheUnitInterval() {
    assertThat(GumbelNoise.uniform(0)).isEqualTo(0x1p-24f);
    assertThat(GumbelNoise.uniform(-1)).isEqualTo(1 - 0x1p-24f).isLessThan(1f);
    for (int i = 0; i < NUM_UNIFORMS; i += 7) {
      assertThat((double) GumbelNoise.uniform(i << 9)).isEqualTo((i + 0.5) / NUM_UNIFORMS);
    }
  }

  @Test
  void theLogarithmIsAccurateAndMonotoneForEveryUniform() {
    double worst = 0;
    float previous = Float.NEGATIVE_INFINITY;
    int numDescents = 0;
    for (int i = 0; i < NUM_UNIFORMS; i++) {
      float u = GumbelNoise.uniform(i << 9);
      float log = GumbelNoise.log(u);
      double exact = Math.log(u);
      worst = Math.max(worst, Math.abs((log - exact) / exact));
      numDescents += log < previous ? 1 : 0;
      previous = log;
    }
    assertThat(worst).isLessThan(1.2e-7);
    assertThat(numDescents).isZero();
  }

  @Test
  void theNoiseIsAccurateAndMonotoneForEveryUniform() {
    double worst = 0;
    float previous = Float.NEGATIVE_INFINITY;
    int numDescents = 0;
    for (int i = 0; i < NUM_UNIFORMS; i++) {
      float noise = GumbelNoise.ofWord(i << 9);
      double exact = -Math.log(-Math.log((i + 0.5) / NUM_UNIFORMS));
      worst = Math.max(worst, Math.abs(noise - exact));
      numDescents += noise < previous ? 1 : 0;
      previous = noise;
    }
    assertThat(worst).isLessThan(6e-7);
    assertThat(numDescents).isZero();
    assertThat(previous).isEqualTo(GumbelNoise.MAX);
  }
}
