package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Brings tensors to the device piece by piece: rounded to BF16 into pinned memory, copied, and
 * packed there, and kept as they are where a matrix wants that too. Two pieces take turns, so that
 * one is filled while the other is on its way.
 */
final class WeightUploader implements AutoCloseable {
  private static final int NUM_PIECES = 2;
  private static final int PIECE_BYTES = 8 << 20;
  private static final int WORDS_OF_CHUNK = 128;

  private final DeviceResources resources;
  private final CudaDriver driver;
  private final CudaStream stream;
  private final LaunchSite pack;
  private final KernelArguments arguments;
  private final Piece[] pieces = new Piece[NUM_PIECES];
  private final LoadProgress progress;
  private final long numBytes;
  private long numBytesLoaded;
  private int numPieces;

  /**
   * @param maxRowLength most numbers of a row
   * @param numBytes of all tensors as stored, for the progress
   */
  WeightUploader(
      DeviceResources resources,
      KernelModule module,
      CudaStream stream,
      int maxRowLength,
      LoadProgress progress,
      long numBytes) {
    this.resources = resources;
    this.driver = resources.driver();
    this.stream = stream;
    this.progress = progress;
    this.numBytes = numBytes;
    arguments = resources.arguments(Kernel.PACK_WEIGHTS);
    pack = new LaunchSite(driver, module, arguments);
    int rowsBytes = Bfloat16.BYTES * maxRowLength * TensorRows.NUM_ROWS_AT_ONCE;
    for (int i = 0; i < NUM_PIECES; i++) {
      pieces[i] = new Piece(Math.max(PIECE_BYTES, rowsBytes));
    }
  }

  /** Memory that some rows of a tensor pass through. */
  private final class Piece {
    private final PinnedMemory host;
    private final DeviceMemory device;
    private final CudaEvent done;
    private final ByteBuffer buffer;
    private int firstRow;
    private int numRows;

    Piece(int bytes) {
      host = resources.allocatePinned(bytes);
      device = resources.allocate(bytes);
      done = resources.event();
      buffer = host.buffer();
    }

    void begin(int row) {
      if (row % DeviceMatrix.TILE_OUTPUTS != 0) {
        throw new IllegalStateException("a piece begins at row " + row + ", inside of a tile");
      }
      driver.block(done);
      buffer.clear();
      firstRow = row;
      numRows = 0;
    }

    void put(float[] row) {
      for (float value : row) {
        buffer.putShort(Bfloat16.of(value));
      }
      numRows++;
    }

    boolean isFull(int rowLength) {
      return buffer.remaining() < Bfloat16.BYTES * rowLength * TensorRows.NUM_ROWS_AT_ONCE;
    }
  }

  /** Loads a tensor into its part of a matrix. */
  void load(WeightSource source, StoredTensor tensor, DeviceMatrix.Part part) throws IOException {
    int rowLength = (int) tensor.shape()[tensor.shape().length - 1];
    nextPiece(0);
    source.read(
        tensor,
        (firstRow, rows, numRows) -> {
          if (current().isFull(rowLength)) {
            flush(part, rowLength);
            nextPiece((int) firstRow);
          }
          for (int i = 0; i < numRows; i++) {
            current().put(rows[i]);
          }
        });
    flush(part, rowLength);
    report(tensor);
  }

  /** Loads a tensor of one row, as it is, in front of zeros. */
  DeviceMemory loadVector(WeightSource source, StoredTensor tensor, int paddedLength)
      throws IOException {
    long bytes = (long) Bfloat16.BYTES * paddedLength;
    DeviceMemory memory = resources.allocate(bytes);
    nextPiece(0);
    source.read(tensor, (firstRow, rows, numRows) -> current().put(rows[0]));
    while (current().buffer.position() < bytes) {
      current().buffer.putShort((short) 0);
    }
    driver.copyToDevice(memory, current().host, bytes, stream);
    driver.record(current().done, stream);
    report(tensor);
    return memory;
  }

  private Piece current() {
    return pieces[numPieces % NUM_PIECES];
  }

  private void nextPiece(int firstRow) {
    numPieces++;
    current().begin(firstRow);
  }

  private void flush(DeviceMatrix.Part part, int rowLength) {
    Piece piece = current();
    long bytes = piece.buffer.position();
    driver.copyToDevice(piece.device, piece.host, bytes, stream);
    DeviceMatrix matrix = part.matrix();
    DeviceMemory rowMajor = matrix.rowMajor();
    if (rowMajor != null) {
      long firstRow = (long) part.firstOutput() + piece.firstRow;
      long from = Bfloat16.BYTES * firstRow * rowLength;
      driver.copyOnDevice(rowMajor.slice(from, bytes), piece.device, bytes, stream);
    }
    arguments
        .pointer(0, matrix.memory())
        .pointer(1, piece.device)
        .integer(2, piece.firstRow)
        .integer(3, piece.numRows)
        .integer(4, rowLength)
        .integer(5, part.tileStride())
        .integer(6, part.firstTile())
        .integer(7, matrix.numChunks());
    int numTiles =
        (piece.numRows + DeviceMatrix.TILE_OUTPUTS - 1) / DeviceMatrix.TILE_OUTPUTS;
    long numWords = (long) numTiles * matrix.numChunks() * WORDS_OF_CHUNK;
    int numThreads = Kernel.PACK_WEIGHTS.numThreads();
    pack.launch(stream, (int) ((numWords + numThreads - 1) / numThreads));
    driver.record(piece.done, stream);
  }

  private void report(StoredTensor tensor) {
    numBytesLoaded += tensor.byteSize();
    progress.onProgress(numBytesLoaded, numBytes);
  }

  /** Waits for the last piece and gives the memory of the pieces back. */
  @Override
  public void close() {
    for (Piece piece : pieces) {
      driver.block(piece.done);
      resources.free(piece.host);
      resources.free(piece.device);
    }
  }
}
