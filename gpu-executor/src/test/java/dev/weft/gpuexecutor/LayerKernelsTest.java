package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayerKernelsTest {
  private static final float UNTOUCHED = DeviceArray.fromBf16((short) 0x5a5a);
  private static final float EPSILON = 1e-5f;

  @ParameterizedTest
  @CsvSource({"100, 64, 0", "37, 200, 3", "64, 129, 2"})
  void tokensGetTheirRowOfThePackedTable(int vocabularySize, int width, long schedule) {
    PackedMatrix table = PackedMatrix.random(vocabularySize, width, new Random(width));
    int[] tokenIds = {vocabularySize - 1, 0, 15, 8, 7, 16, 31, 24, -1};
    int numTokens = tokenIds.length - 1;
    int stride = PackedMatrix.padded(width);
    float[] hidden;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.bf16(tokenIds.length * stride);
      device.launch(
          Kernel.EMBED, numTokens + 1, out, table.on(device), device.ints(tokenIds),
          header(device, numTokens, 0), table.numChunks());
      hidden = out.toFloatsFromBf16();
    }

    for (int i = 0; i < numTokens; i++) {
      int from = tokenIds[i] * width;
      float[] expected = Arrays.copyOfRange(table.values(), from, from + width);
      assertThat(Arrays.copyOfRange(hidden, i * stride, (i + 1) * stride))
          .isEqualTo(Arrays.copyOf(expected, stride));
    }
    assertThat(Arrays.copyOfRange(hidden, numTokens * stride, hidden.length))
        .containsOnly(UNTOUCHED);
  }

  @ParameterizedTest
  @CsvSource({"1, 64, 0", "3, 200, 1", "2, 2500, 3", "5, 129, 4", "4, 72, 7", "2, 8, 2"})
  void theSumIsStoredAndNormed(int numTokens, int width, long schedule) {
    int stride = PackedMatrix.padded(width);
    Random random = new Random(width);
    float[] hidden = rows(numTokens + 1, width, random);
    float[] delta = rows(numTokens + 1, width, random);
    float[] weight = rows(1, width, random);
    float[] sum;
    float[] normed;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray residual = device.bf16(hidden);
      DeviceArray out = device.bf16(hidden.length);
      device.launch(
          Kernel.ADD_RMS_NORM, numTokens + 1, out, residual, device.bf16(delta),
          device.bf16(weight), header(device, numTokens, 0), width, stride, EPSILON);
      sum = residual.toFloatsFromBf16();
      normed = out.toFloatsFromBf16();
    }

    for (int i = 0; i < hidden.length; i++) {
      boolean isAdded = i < numTokens * stride;
      float expected = isAdded ? DeviceArray.rounded(hidden[i] + delta[i]) : hidden[i];
      assertThat(sum[i]).isEqualTo(expected);
    }
    for (int token = 0; token < numTokens; token++) {
      assertNormed(normed, token, sum, token, weight, width);
    }
    assertThat(Arrays.copyOfRange(normed, numTokens * stride, normed.length))
        .containsOnly(UNTOUCHED);
  }

  @Test
  void withoutADeltaOnlyTheNormIsTaken() {
    float[] hidden = rows(2, 100, new Random(3));
    float[] weight = rows(1, 100, new Random(4));
    try (KernelRunner device = KernelRunner.open(5)) {
      DeviceArray residual = device.bf16(hidden);
      DeviceArray out = device.bf16(hidden.length);

      device.launch(
          Kernel.ADD_RMS_NORM, 2, out, residual, null, device.bf16(weight), header(device, 2, 0),
          100, 128, EPSILON);

      assertThat(residual.toFloatsFromBf16()).isEqualTo(hidden);
      assertNormed(out.toFloatsFromBf16(), 0, hidden, 0, weight, 100);
      assertNormed(out.toFloatsFromBf16(), 1, hidden, 1, weight, 100);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, 3})
  void tokensWithLogitsAreGathered(long schedule) {
    int width = 300;
    int stride = PackedMatrix.padded(width);
    Random random = new Random(schedule);
    float[] hidden = rows(6, width, random);
    float[] delta = rows(6, width, random);
    float[] weight = rows(1, width, random);
    int[] logitTokens = {4, 0, 5, -1};
    float[] normed;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray residual = device.bf16(hidden);
      DeviceArray out = device.bf16(4 * stride);
      device.launch(
          Kernel.GATHER_RMS_NORM, 4, out, residual, device.bf16(delta), device.bf16(weight),
          device.ints(logitTokens), header(device, 6, 3), width, stride, EPSILON);
      normed = out.toFloatsFromBf16();
      assertThat(residual.toFloatsFromBf16()).isEqualTo(hidden);
    }

    float[] sum = new float[hidden.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = DeviceArray.rounded(hidden[i] + delta[i]);
    }
    for (int i = 0; i < 3; i++) {
      assertNormed(normed, i, sum, logitTokens[i], weight, width);
    }
    assertThat(Arrays.copyOfRange(normed, 3 * stride, normed.length)).containsOnly(UNTOUCHED);
  }

  @ParameterizedTest
  @CsvSource({"1, 64, 0", "3, 128, 2", "2, 2112, 3", "5, 192, 5"})
  void gateIsActivatedAndMultipliedByUp(int numTokens, int width, long schedule) {
    float[] gateUp = PackedMatrix.gaussian((numTokens + 1) * 2 * width, 3, new Random(width));
    float[] inner;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray out = device.bf16((numTokens + 1) * width);
      device.launch(
          Kernel.SILU_MUL, numTokens + 1, out, device.bf16(gateUp), header(device, numTokens, 0),
          width);
      inner = out.toFloatsFromBf16();
    }

    for (int i = 0; i < numTokens * width; i++) {
      int row = i / width * 2 * width;
      double gate = DeviceArray.rounded(gateUp[row + i % width]);
      double up = DeviceArray.rounded(gateUp[row + width + i % width]);
      double expected = gate / (1 + Math.exp(-gate)) * up;
      assertThat((double) inner[i])
          .isCloseTo(expected, within(0.004 * (0.01 + Math.abs(expected))));
    }
    assertThat(Arrays.copyOfRange(inner, numTokens * width, inner.length))
        .containsOnly(UNTOUCHED);
  }

  /** Deterministic mode: the norm of a row is the same to the bit wherever the row stands. */
  @Test
  void aRowsNormDependsOnTheRowAlone() {
    float[] one = rows(1, 1000, new Random(6));
    float[] weight = rows(1, 1000, new Random(7));
    float[] hidden = new float[3 * one.length];
    System.arraycopy(one, 0, hidden, 2 * one.length, one.length);
    try (KernelRunner device = KernelRunner.open(9)) {
      DeviceArray out = device.bf16(hidden.length);
      DeviceArray alone = device.bf16(one.length);

      device.launch(
          Kernel.ADD_RMS_NORM, 3, out, device.bf16(hidden), null, device.bf16(weight),
          header(device, 3, 0), 1000, one.length, EPSILON);
      device.launch(
          Kernel.ADD_RMS_NORM, 1, alone, device.bf16(one), null, device.bf16(weight),
          header(device, 1, 0), 1000, one.length, EPSILON);

      short[] all = out.toShorts();
      assertThat(Arrays.copyOfRange(all, 2 * one.length, all.length)).isEqualTo(alone.toShorts());
    }
  }

  private static void assertNormed(
      float[] normed, int row, float[] rows, int source, float[] weight, int width) {
    int stride = weight.length;
    double squares = 0;
    for (int i = 0; i < width; i++) {
      squares += (double) rows[source * stride + i] * rows[source * stride + i];
    }
    double factor = 1 / Math.sqrt(squares / width + EPSILON);
    for (int i = 0; i < width; i++) {
      double expected = rows[source * stride + i] * factor * weight[i];
      assertThat((double) normed[row * stride + i])
          .isCloseTo(expected, within(0.004 * (0.01 + Math.abs(expected))));
    }
    for (int i = width; i < stride; i++) {
      assertThat(normed[row * stride + i]).isZero();
    }
  }

  /** Rows with zeros up to the padded width. */
  private static float[] rows(int numRows, int width, Random random) {
    int stride = PackedMatrix.padded(width);
    float[] values = PackedMatrix.gaussian(numRows * stride, 1, random);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % stride < width ? values[i] : 0;
    }
    return values;
  }

  private static DeviceArray header(KernelRunner device, int numTokens, int numLogits) {
    int[] header = new int[StepBlock.HEADER_INTS];
    header[StepBlock.HEADER_NUM_TOKENS] = numTokens;
    header[StepBlock.HEADER_NUM_LOGITS] = numLogits;
    header[StepBlock.HEADER_MAX_TOKENS] = 1000;
    return device.ints(header);
  }
}
