package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Reads a stored tensor row by row through a memory map, widened to float. Its rows are those of
 * the last dimension; a vector is one row.
 */
final class TensorRows {
  /** Rows handed over at once: one cache line of floats when they are written as columns. */
  static final int NUM_ROWS_AT_ONCE = 16;

  /** Bytes mapped at once; a Java buffer ends at 2^31. */
  private static final long MAX_WINDOW_SIZE = 1L << 30;

  /** Takes rows of a tensor. */
  interface Sink {
    /**
     * Takes some neighbouring rows.
     *
     * @param firstRow index of {@code rows[0]} in the tensor, a multiple of NUM_ROWS_AT_ONCE
     * @param rows {@code [NUM_ROWS_AT_ONCE][row length]}; reused after the call
     * @param numRows how many of them are filled
     */
    void accept(long firstRow, float[][] rows, int numRows);
  }

  private TensorRows() {}

  /** Hands all rows of the tensor to the sink, in order. */
  static void read(StoredTensor tensor, StorageType type, Sink sink) throws IOException {
    read(tensor, type, MAX_WINDOW_SIZE, sink);
  }

  /**
   * The same with another limit.
   *
   * @param maxWindowSize bytes mapped at once, if that is enough for NUM_ROWS_AT_ONCE rows
   */
  static void read(StoredTensor tensor, StorageType type, long maxWindowSize, Sink sink)
      throws IOException {
    int rowLength = Math.toIntExact(tensor.shape()[tensor.shape().length - 1]);
    long rowSize = (long) rowLength * type.elementSize();
    long numRows = tensor.byteSize() / rowSize;
    long groups = Math.max(1, maxWindowSize / rowSize / NUM_ROWS_AT_ONCE);
    long windowRows = groups * NUM_ROWS_AT_ONCE;
    float[][] rows = new float[NUM_ROWS_AT_ONCE][rowLength];
    try (FileChannel channel = FileChannel.open(tensor.file())) {
      for (long first = 0; first < numRows; first += windowRows) {
        long count = Math.min(windowRows, numRows - first);
        long offset = tensor.fileOffset() + first * rowSize;
        MappedByteBuffer window =
            channel.map(FileChannel.MapMode.READ_ONLY, offset, count * rowSize);
        window.order(ByteOrder.LITTLE_ENDIAN);
        readWindow(window, type, first, (int) count, rows, sink);
      }
    }
  }

  private static void readWindow(
      MappedByteBuffer window,
      StorageType type,
      long firstRow,
      int numRows,
      float[][] rows,
      Sink sink) {
    int rowSize = rows[0].length * type.elementSize();
    for (int row = 0; row < numRows; row += NUM_ROWS_AT_ONCE) {
      int count = Math.min(NUM_ROWS_AT_ONCE, numRows - row);
      for (int i = 0; i < count; i++) {
        type.widen(window, (row + i) * rowSize, rows[i], rows[i].length);
      }
      sink.accept(firstRow + row, rows, count);
    }
  }
}
