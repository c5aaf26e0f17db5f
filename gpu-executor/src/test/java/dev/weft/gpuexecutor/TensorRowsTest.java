package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorRowsTest {
  private static final int NUM_ROWS = 107;
  private static final int ROW_LENGTH = 5;

  @Test
  void rowsComeInOrderInGroupsThatBeginAtMultiplesOfSixteenWhateverIsMapped(@TempDir Path folder)
      throws Exception {
    ByteBuffer numbers =
        ByteBuffer.allocate(4 * NUM_ROWS * ROW_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < NUM_ROWS * ROW_LENGTH; i++) {
      numbers.putFloat(i);
    }
    Path file = Files.write(folder.resolve("numbers"), numbers.array());
    long[] shape = {NUM_ROWS, ROW_LENGTH};
    StoredTensor tensor = new StoredTensor(file, "numbers", "F32", shape, 0, numbers.capacity());
    for (long windowSize : new long[] {1, 20 * 16, 20 * 37, 1 << 20}) {
      List<Float> read = new ArrayList<>();
      TensorRows.read(
          tensor,
          StorageType.F32,
          windowSize,
          (firstRow, rows, numRows) -> {
            assertThat(firstRow % TensorRows.NUM_ROWS_AT_ONCE).isZero();
            assertThat(firstRow * ROW_LENGTH).isEqualTo(read.size());
            for (int row = 0; row < numRows; row++) {
              for (float value : rows[row]) {
                read.add(value);
              }
            }
          });
      assertThat(read).hasSize(NUM_ROWS * ROW_LENGTH);
      for (int i = 0; i < read.size(); i++) {
        assertThat(read.get(i)).isEqualTo(i);
      }
    }
  }
}
