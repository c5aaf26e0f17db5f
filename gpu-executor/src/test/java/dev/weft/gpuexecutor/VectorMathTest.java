package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The small pieces between the matrix products, against double arithmetic. */
class VectorMathTest {
  @Test
  void expIsExactToOnePartInEightMillion() {
    int n = 1_000_000;
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = -87.3f + i * (175.3f / n);
    }
    float[] y = x.clone();
    Exponential.apply(y, new float[n], 0f, 0, n);
    double worst = 0;
    for (int i = 0; i < n; i++) {
      double exact = Math.exp(x[i]);
      worst = Math.max(worst, Math.abs(y[i] - exact) / exact);
    }
    assertThat(worst).isLessThan(1.2e-7);
  }

  @Test
  void expOfZeroIsOneAndFarArgumentsAreClamped() {
    float[] y = {0, -0f, 1000, -1000, Float.NEGATIVE_INFINITY, Float.NaN};
    Exponential.apply(y, new float[6], 0f, 0, 6);
    assertThat(y[0]).isEqualTo(1);
    assertThat(y[1]).isEqualTo(1);
    assertThat(y[2]).isCloseTo((float) Math.exp(88), within(1e32f));
    assertThat(y[3]).isBetween(0f, 1.3e-38f);
    assertThat(y[4]).isEqualTo(y[3]);
    assertThat(y[5]).isNaN();
  }

  @Test
  void oneShiftOrManyGiveTheSameBits() {
    Random random = new Random(3);
    float[] a = new float[100];
    float[] shifts = new float[100];
    for (int i = 0; i < 100; i++) {
      a[i] = (float) random.nextGaussian() * 9;
      shifts[i] = 2.5f;
    }
    float[] b = a.clone();
    float untouched = a[10];
    Exponential.apply(a, new float[100], 2.5f, 11, 99);
    Exponential.apply(b, new float[100], shifts, 11, 99);
    assertThat(a).isEqualTo(b);
    assertThat(a[10]).isEqualTo(untouched);
  }

  @Test
  void rmsNormMatchesItsFormulaForAnyWidth() {
    Random random = new Random(4);
    for (int width = 1; width < 40; width++) {
      float[] x = new float[width];
      float[] weight = new float[width];
      double sum = 0;
      for (int i = 0; i < width; i++) {
        x[i] = (float) random.nextGaussian();
        weight[i] = random.nextFloat();
        sum += (double) x[i] * x[i];
      }
      float[] out = new float[width];
      RmsNorm.apply(x, weight, 1e-5f, out);
      double root = Math.sqrt(sum / width + 1e-5);
      for (int i = 0; i < width; i++) {
        assertThat((double) out[i]).isCloseTo(x[i] / root * weight[i], within(1e-6));
      }
    }
  }

  @Test
  void swiGluMatchesItsFormula() {
    float[] gateUp = {-50, -1, 0, 2, 80, 3, -2, 5, 0.5f, 1};
    float[] expected = new float[5];
    for (int i = 0; i < 5; i++) {
      expected[i] = (float) (gateUp[i] / (1 + Math.exp(-gateUp[i])) * gateUp[5 + i]);
    }
    new SwiGlu(5).apply(gateUp);
    for (int i = 0; i < 5; i++) {
      assertThat(gateUp[i]).isCloseTo(expected[i], within(1e-6f));
    }
  }

  @Test
  void aNormalisedZeroHasNoSign() {
    assertThat(Float.floatToRawIntBits(LaneMath.normalise(-0f, 1f))).isZero();
    assertThat(LaneMath.normalise(-3f, 0.5f)).isEqualTo(-1.5f);
  }

  @Test
  void ropeRotatesEachPairByItsAngle() {
    RopeTable table = new RopeTable(4, 100, null, 8);
    float[] heads = {9, 1, 2, 3, 4, 5, 6, 7, 8};
    table.rotate(heads, 1, 2, 3, 2f);
    assertThat(heads[0]).isEqualTo(9);
    assertPair(heads, 1, 1, 3, 3.0);
    assertPair(heads, 2, 2, 4, 0.3);
    assertPair(heads, 5, 5, 7, 3.0);
    assertPair(heads, 6, 6, 8, 0.3);
  }

  private static void assertPair(float[] heads, int at, float a, float b, double angle) {
    double first = 2 * (a * Math.cos(angle) - b * Math.sin(angle));
    double second = 2 * (b * Math.cos(angle) + a * Math.sin(angle));
    assertThat((double) heads[at]).isCloseTo(first, within(1e-5));
    assertThat((double) heads[at + 2]).isCloseTo(second, within(1e-5));
  }

  @Test
  void thisMachineHasFusedMultiplyAdd() {
    assertThat(HardwareFma.isPresent()).isTrue();
    assertThatCode(HardwareFma::require).doesNotThrowAnyException();
  }
}
