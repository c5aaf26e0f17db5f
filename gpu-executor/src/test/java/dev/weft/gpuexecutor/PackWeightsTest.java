package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackWeightsTest {
  @ParameterizedTest
  @CsvSource({"64, 64, 0", "1, 1, 2", "17, 70, 3", "130, 200, 4", "48, 129, 5"})
  void aMatrixIsPackedAndPaddedWithZeros(int numRows, int numColumns, long schedule) {
    PackedMatrix matrix = PackedMatrix.random(numRows, numColumns, new Random(schedule));
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray packed = device.bf16(matrix.packed().length).fill(0);

      pack(device, packed, matrix, 0, numRows, 1, 0);

      assertThat(packed.toShorts()).isEqualTo(matrix.packed());
    }
  }

  @Test
  void aMatrixMayComeInPieces() {
    PackedMatrix matrix = PackedMatrix.random(100, 80, new Random(1));
    try (KernelRunner device = KernelRunner.open(7)) {
      DeviceArray packed = device.bf16(matrix.packed().length).fill(0);

      pack(device, packed, matrix, 48, 16, 1, 0);
      pack(device, packed, matrix, 64, 36, 1, 0);
      pack(device, packed, matrix, 0, 48, 1, 0);

      assertThat(packed.toShorts()).isEqualTo(matrix.packed());
    }
  }

  @Test
  void gateAndUpTilesComeInTurn() {
    int numRows = 40;
    PackedMatrix gateUp = PackedMatrix.randomGateUp(numRows, 64, new Random(2));
    float[] values = gateUp.values();
    int half = values.length / 2;
    try (KernelRunner device = KernelRunner.open(2)) {
      DeviceArray packed = device.bf16(gateUp.packed().length).fill(0);
      DeviceArray gate = device.bf16(Arrays.copyOf(values, half));
      DeviceArray up = device.bf16(Arrays.copyOfRange(values, half, 2 * half));

      device.launch(Kernel.PACK_WEIGHTS, 2, packed, gate, 0, 32, 64, 2, 0, 1);
      long rest = gate.address() + 32L * 64 * Short.BYTES;
      device.launch(Kernel.PACK_WEIGHTS, 2, packed, rest, 32, 8, 64, 2, 0, 1);
      device.launch(Kernel.PACK_WEIGHTS, 2, packed, up, 0, numRows, 64, 2, 1, 1);

      assertThat(packed.toShorts()).isEqualTo(gateUp.packed());
    }
  }

  @Test
  void matricesMayStandBehindOneAnother() {
    PackedMatrix all = PackedMatrix.random(96, 64, new Random(3));
    try (KernelRunner device = KernelRunner.open(1)) {
      DeviceArray packed = device.bf16(all.packed().length).fill(0);
      DeviceArray values = device.bf16(all.values());

      // The second matrix begins at tile 2, the third at tile 4.
      for (int first = 0; first < 96; first += 32) {
        long stored = values.address() + first * 64L * Short.BYTES;
        device.launch(Kernel.PACK_WEIGHTS, 1, packed, stored, 0, 32, 64, 1, first / 16, 1);
      }

      assertThat(packed.toShorts()).isEqualTo(all.packed());
    }
  }

  private static void pack(
      KernelRunner device, DeviceArray packed, PackedMatrix matrix, int firstRow, int numRows,
      int tileStride, int tileOffset) {
    int numColumns = matrix.numColumns();
    int from = firstRow * numColumns;
    float[] piece = Arrays.copyOfRange(matrix.values(), from, from + numRows * numColumns);
    int numTiles = (numRows + 15) / 16;
    int numBlocks = (numTiles * matrix.numChunks() + 1) / 2;
    device.launch(
        Kernel.PACK_WEIGHTS, numBlocks, packed, device.bf16(piece), firstRow, numRows, numColumns,
        tileStride, tileOffset, matrix.numChunks());
  }
}
