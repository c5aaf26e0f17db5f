package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GemmKernelsTest {
  /** What memory holds that nobody wrote: 0x5A5A as bf16. */
  private static final float UNTOUCHED = DeviceArray.fromBf16((short) 0x5a5a);

  /** The kernels of one family, by what becomes of a sum. */
  private enum Family {
    N1(Kernel.GEMM_PACKED_N1_STORE, Kernel.GEMM_PACKED_N1_SILU, Kernel.GEMM_PACKED_N1_LOGITS, 8, 1),
    N2(
        Kernel.GEMM_PACKED_N2_STORE, Kernel.GEMM_PACKED_N2_SILU, Kernel.GEMM_PACKED_N2_LOGITS, 16,
        1),
    N4(
        Kernel.GEMM_PACKED_N4_STORE, Kernel.GEMM_PACKED_N4_SILU, Kernel.GEMM_PACKED_N4_LOGITS, 32,
        2),
    N8(
        Kernel.GEMM_PACKED_N8_STORE, Kernel.GEMM_PACKED_N8_SILU, Kernel.GEMM_PACKED_N8_LOGITS, 64,
        2),
    N8_WIDE(
        Kernel.GEMM_PACKED_N8_WIDE_STORE, Kernel.GEMM_PACKED_N8_WIDE_SILU,
        Kernel.GEMM_PACKED_N8_WIDE_LOGITS, 64, 4),
    TILED(Kernel.GEMM_TILED_STORE, Kernel.GEMM_TILED_SILU, Kernel.GEMM_TILED_LOGITS, 128, 8),
    SMALL_TILED(
        Kernel.GEMM_SMALL_TILED_STORE, Kernel.GEMM_SMALL_TILED_SILU,
        Kernel.GEMM_SMALL_TILED_LOGITS, 64, 4);

    private final Kernel store;
    private final Kernel silu;
    private final Kernel logits;
    private final int numRows;
    private final int numTiles;

    Family(Kernel store, Kernel silu, Kernel logits, int numRows, int numTiles) {
      this.store = store;
      this.silu = silu;
      this.logits = logits;
      this.numRows = numRows;
      this.numTiles = numTiles;
    }

    /** A block has a gate and an up tile at least. */
    int numTiles(Kernel kernel) {
      return kernel == silu ? Math.max(2, numTiles) : numTiles;
    }
  }

  @ParameterizedTest
  @CsvSource({
    // family, rows, features, k, schedule
    "N1, 1, 64, 64, 0", "N1, 7, 100, 576, 3", "N1, 8, 64, 1100, 2", "N1, 3, 64, 2112, 1",
    "N2, 13, 64, 640, 5", "N2, 16, 64, 64, 4", "N2, 16, 64, 3136, 6",
    "N4, 32, 64, 200, 7", "N4, 25, 64, 1088, 0",
    "N8, 61, 64, 320, 9", "N8, 100, 64, 576, 2", "N8, 65, 64, 64, 1",
    "N8_WIDE, 61, 130, 576, 3", "N8_WIDE, 65, 64, 64, 2",
    "TILED, 65, 64, 64, 3", "TILED, 130, 190, 192, 0", "TILED, 200, 128, 128, 5",
    "TILED, 1, 320, 100, 2",
    "SMALL_TILED, 65, 64, 64, 3", "SMALL_TILED, 130, 190, 192, 0", "SMALL_TILED, 1, 64, 320, 4"
  })
  void everyRowTimesEveryFeature(
      Family family, int numRows, int numFeatures, int k, long schedule) {
    Random random = new Random(numRows);
    PackedMatrix weights = PackedMatrix.random(numFeatures, k, random);
    float[] x = activations(numRows, k, random);

    float[] stored = run(family, family.store, weights, x, numRows, schedule);
    float[] logits = run(family, family.logits, weights, x, numRows, schedule + 1);

    int stride = PackedMatrix.padded(numFeatures);
    for (int i = 0; i < numRows * stride; i++) {
      int feature = i % stride;
      double expected = feature < numFeatures
          ? weights.times(feature, x, i / stride * PackedMatrix.padded(k))
          : 0;
      assertClose(stored[i], expected, 0.004 * (0.1 + Math.abs(expected)), i);
      assertClose(logits[i], expected, 1e-5 * k, i);
    }
    assertThat(Arrays.copyOfRange(stored, numRows * stride, stored.length))
        .containsOnly(UNTOUCHED);
  }

  @ParameterizedTest
  @CsvSource({
    "N1, 5, 70, 128, 1", "N1, 5, 70, 1088, 1", "N2, 9, 64, 640, 2",
    "N4, 20, 64, 64, 3", "N8, 70, 64, 128, 5", "N8_WIDE, 70, 100, 128, 3",
    "TILED, 140, 100, 128, 3", "TILED, 66, 64, 192, 2", "SMALL_TILED, 70, 100, 128, 5"
  })
  void gateIsActivatedAndMultipliedByUp(
      Family family, int numRows, int width, int k, long schedule) {
    Random random = new Random(width);
    PackedMatrix weights = PackedMatrix.randomGateUp(width, k, random);
    float[] x = activations(numRows, k, random);

    float[] inner = run(family, family.silu, weights, x, numRows, schedule);

    int stride = PackedMatrix.padded(width);
    for (int i = 0; i < numRows * stride; i++) {
      int feature = i % stride;
      int from = i / stride * PackedMatrix.padded(k);
      double expected = 0;
      if (feature < width) {
        double gate = weights.times(feature, x, from);
        expected = gate / (1 + Math.exp(-gate)) * weights.times(width + feature, x, from);
      }
      assertClose(inner[i], expected, 0.004 * (0.1 + Math.abs(expected)), i);
    }
    assertThat(Arrays.copyOfRange(inner, numRows * stride, inner.length)).containsOnly(UNTOUCHED);
  }

  /** What deterministic mode stands on: neither the variant nor the other rows change a bit. */
  @Test
  void allPackedVariantsGiveTheSameBits() {
    Random random = new Random(5);
    int k = 2112; // so long that every warp uses the first stage of its ring again
    int stride = PackedMatrix.padded(k);
    PackedMatrix weights = PackedMatrix.random(64, k, random);
    float[] x = activations(64, k, random);
    float[] all = run(Family.N8, Family.N8.logits, weights, x, 64, 2);

    for (Family family :
        List.of(Family.N1, Family.N2, Family.N4, Family.N8, Family.N8_WIDE)) {
      for (int numRows : new int[] {1, family.numRows - 3, family.numRows}) {
        int first = 64 - numRows;
        float[] rows = Arrays.copyOfRange(x, first * stride, 64 * stride);
        float[] logits = run(family, family.logits, weights, rows, numRows, 3);
        assertThat(Arrays.copyOf(logits, numRows * 64))
            .isEqualTo(Arrays.copyOfRange(all, first * 64, 64 * 64));
      }
    }
    float[] stored = run(Family.N4, Family.N4.store, weights, x, 32, 4);
    for (int i = 0; i < 32 * 64; i++) {
      assertThat(stored[i]).isEqualTo(DeviceArray.rounded(all[i]));
    }
  }

  @Test
  void aTiledRowDependsNeitherOnTheOthersNorOnTheTile() {
    Random random = new Random(6);
    PackedMatrix weights = PackedMatrix.random(128, 192, random);
    float[] x = activations(150, 192, random);
    float[] all = run(Family.TILED, Family.TILED.logits, weights, x, 150, 1);
    float[] small = run(Family.SMALL_TILED, Family.SMALL_TILED.logits, weights, x, 150, 3);

    float[] last = Arrays.copyOfRange(x, 149 * 192, 150 * 192);
    float[] alone = run(Family.TILED, Family.TILED.logits, weights, last, 1, 2);

    assertThat(Arrays.copyOf(alone, 128)).isEqualTo(Arrays.copyOfRange(all, 149 * 128, 150 * 128));
    assertThat(Arrays.copyOf(small, 150 * 128)).isEqualTo(Arrays.copyOf(all, 150 * 128));
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void nothingIsWrittenWithoutRows(Family family) {
    PackedMatrix weights = PackedMatrix.random(64, 64, new Random(7));

    float[] y = run(family, family.store, weights, new float[64], 0, 0);

    assertThat(y).containsOnly(UNTOUCHED);
  }

  /**
   * Multiplies, in a grid for some rows more than there are.
   *
   * @return one group of rows more than asked for, at the width of the padded output
   */
  private static float[] run(
      Family family, Kernel kernel, PackedMatrix weights, float[] x, int numRows, long schedule) {
    int numGroups = (numRows + family.numRows - 1) / family.numRows + 1;
    int tilesOfBlock = family.numTiles(kernel);
    int numBlocks = (weights.numTiles() + tilesOfBlock - 1) / tilesOfBlock;
    int stride = weights.numTiles() * PackedMatrix.TILE_ROWS / (kernel == family.silu ? 2 : 1);
    int length = numGroups * family.numRows * stride;
    int[] header = new int[StepBlock.HEADER_INTS];
    Arrays.fill(header, -1);
    int countIndex =
        kernel == family.logits ? StepBlock.HEADER_NUM_LOGITS : StepBlock.HEADER_NUM_TOKENS;
    header[countIndex] = numRows;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray y = kernel == family.logits ? device.floats(length) : device.bf16(length);
      device.launchGrid(
          kernel, numGroups, numBlocks, 1, y, device.bf16(x), weights.on(device),
          device.ints(header), weights.numTiles(), weights.numChunks(), countIndex);
      return kernel == family.logits ? y.toFloats() : y.toFloatsFromBf16();
    }
  }

  /** Rows with zeros up to the padded width. */
  private static float[] activations(int numRows, int width, Random random) {
    int stride = PackedMatrix.padded(width);
    float[] values = PackedMatrix.gaussian(numRows * stride, 1 / Math.sqrt(width), random);
    for (int i = 0; i < values.length; i++) {
      if (i % stride >= width) {
        values[i] = 0;
      }
    }
    return values;
  }

  private static void assertClose(float actual, double expected, double tolerance, int index) {
    if (!(Math.abs(actual - expected) <= tolerance)) {
      assertThat((double) actual).as("element " + index).isCloseTo(expected, within(tolerance));
    }
  }
}
