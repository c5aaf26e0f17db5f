package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * A product of activations with a weight matrix, left to a {@link GemmProvider}. It is told the
 * number of rows by the host, so for a graph it multiplies as many as the graph is for; all buffers
 * have that many, and nobody reads what it makes of rows behind the last token.
 */
final class LibraryProduct {
  private final MatrixLibrary library;
  private final long y;
  private final long x;
  private final long weights;
  private final int numOutputs;
  private final int numInputs;

  /** Makes one row of gate and up; null when the sums are wanted as they are. */
  private final @Nullable LaunchSite siluMul;

  private LibraryProduct(
      MatrixLibrary library,
      DeviceMatrix matrix,
      DeviceMemory rowMajor,
      DeviceMemory x,
      DeviceMemory y,
      @Nullable LaunchSite siluMul) {
    this.library = library;
    this.y = y.address();
    this.x = x.address();
    this.siluMul = siluMul;
    weights = rowMajor.address();
    numOutputs = matrix.numOutputs();
    numInputs = matrix.numInputs();
  }

  /**
   * The product, or null when it is none for a library: there is no library, or no matrix row after
   * row, as of the one behind logits, which are floats.
   */
  static @Nullable LibraryProduct of(
      LaunchContext context,
      DeviceMatrix matrix,
      DeviceMemory x,
      DeviceMemory y,
      DeviceProduct.Output output) {
    MatrixLibrary library = context.library();
    DeviceMemory rowMajor = matrix.rowMajor();
    if (library == null || rowMajor == null) {
      return null;
    }
    return switch (output) {
      case STORE -> new LibraryProduct(library, matrix, rowMajor, x, y, null);
      case SILU -> {
        LaunchSite siluMul = siluMul(context, y, library.gateUp());
        yield new LibraryProduct(library, matrix, rowMajor, x, library.gateUp(), siluMul);
      }
      case LOGITS -> null;
    };
  }

  private static LaunchSite siluMul(
      LaunchContext context, DeviceMemory inner, DeviceMemory gateUp) {
    return context.site(
        context
            .arguments(Kernel.SILU_MUL)
            .pointer(0, inner)
            .pointer(1, gateUp)
            .pointer(2, context.stepBlock())
            .integer(3, context.shape().inner()));
  }

  /** Whether it should do so many rows. */
  boolean takes(int numRows) {
    return library.takes(numRows);
  }

  /** Queues it for so many rows, on the stream that the provider was opened on. */
  void launch(CudaStream stream, int numRows) {
    library.provider().multiply(y, x, weights, numRows, numOutputs, numInputs);
    if (siluMul != null) {
      siluMul.launch(stream, numRows);
    }
  }
}
