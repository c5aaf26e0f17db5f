package dev.weft.gpuexecutor;

import org.jspecify.annotations.Nullable;

/**
 * A product of activations with a weight matrix, launched with the kernel that suits the number of
 * rows: up to 64 the packed ones, of which each has room for a number of rows and costs the same
 * full or empty; above the tiled ones, large tiles when there are enough of them for all
 * multiprocessors. The packed one of 64 rows has a form with blocks twice as wide, which is taken
 * where every multiprocessor gets one. The packed ones give the same bits for a row whatever its
 * company is, so a deterministic executor uses them for any number of rows. Where there is a {@link
 * GemmProvider}, it takes the place of the kernels for many rows.
 */
final class DeviceProduct {
  /** What becomes of the sums. */
  enum Output {
    /** Stored as BF16. */
    STORE,
    /** Of a gate and an up tile: {@code silu(gate) * up}, stored as BF16. */
    SILU,
    /** Stored as float. */
    LOGITS
  }

  private static final int[] PACKED_ROWS = {8, 16, 32, 64};
  private static final int WIDE_TILES = 4;
  private static final int TILED_ROWS = 128;
  private static final int TILED_TILES = 8;
  private static final int SMALL_TILED_ROWS = 64;
  private static final int SMALL_TILED_TILES = 4;

  private final @Nullable LibraryProduct library;
  private final LaunchSite[] packed = new LaunchSite[PACKED_ROWS.length];
  private final int[] tilesOfBlock = new int[PACKED_ROWS.length];
  private final LaunchSite tiled;
  private final LaunchSite smallTiled;
  private final int numTiles;
  private final int numMultiprocessors;
  private final boolean deterministic;

  /**
   * @param y {@code [rows][outputs]}
   * @param x {@code [rows][inputs]}
   * @param countIndex where the header of the step block says how many rows there are
   */
  DeviceProduct(
      LaunchContext context,
      DeviceMatrix matrix,
      DeviceMemory x,
      DeviceMemory y,
      int countIndex,
      Output output) {
    numTiles = matrix.numTiles();
    numMultiprocessors = context.numMultiprocessors();
    deterministic = context.deterministic();
    library = LibraryProduct.of(context, matrix, x, y, output);
    Kernel[] kernels = packedKernels(output);
    for (int i = 0; i < packed.length; i++) {
      tilesOfBlock[i] = output == Output.SILU || i >= 2 ? 2 : 1;
    }
    if (numTiles / WIDE_TILES >= numMultiprocessors) {
      kernels[packed.length - 1] = wideKernel(output);
      tilesOfBlock[packed.length - 1] = WIDE_TILES;
    }
    for (int i = 0; i < packed.length; i++) {
      packed[i] = site(context, kernels[i], matrix, x, y, countIndex);
    }
    tiled = site(context, tiledKernel(output), matrix, x, y, countIndex);
    smallTiled = site(context, smallTiledKernel(output), matrix, x, y, countIndex);
  }

  private static Kernel[] packedKernels(Output output) {
    return switch (output) {
      case STORE ->
          new Kernel[] {
            Kernel.GEMM_PACKED_N1_STORE,
            Kernel.GEMM_PACKED_N2_STORE,
            Kernel.GEMM_PACKED_N4_STORE,
            Kernel.GEMM_PACKED_N8_STORE
          };
      case SILU ->
          new Kernel[] {
            Kernel.GEMM_PACKED_N1_SILU,
            Kernel.GEMM_PACKED_N2_SILU,
            Kernel.GEMM_PACKED_N4_SILU,
            Kernel.GEMM_PACKED_N8_SILU
          };
      case LOGITS ->
          new Kernel[] {
            Kernel.GEMM_PACKED_N1_LOGITS,
            Kernel.GEMM_PACKED_N2_LOGITS,
            Kernel.GEMM_PACKED_N4_LOGITS,
            Kernel.GEMM_PACKED_N8_LOGITS
          };
    };
  }

  private static Kernel wideKernel(Output output) {
    return switch (output) {
      case STORE -> Kernel.GEMM_PACKED_N8_WIDE_STORE;
      case SILU -> Kernel.GEMM_PACKED_N8_WIDE_SILU;
      case LOGITS -> Kernel.GEMM_PACKED_N8_WIDE_LOGITS;
    };
  }

  private static Kernel tiledKernel(Output output) {
    return switch (output) {
      case STORE -> Kernel.GEMM_TILED_STORE;
      case SILU -> Kernel.GEMM_TILED_SILU;
      case LOGITS -> Kernel.GEMM_TILED_LOGITS;
    };
  }

  private static Kernel smallTiledKernel(Output output) {
    return switch (output) {
      case STORE -> Kernel.GEMM_SMALL_TILED_STORE;
      case SILU -> Kernel.GEMM_SMALL_TILED_SILU;
      case LOGITS -> Kernel.GEMM_SMALL_TILED_LOGITS;
    };
  }

  private static LaunchSite site(
      LaunchContext context,
      Kernel kernel,
      DeviceMatrix matrix,
      DeviceMemory x,
      DeviceMemory y,
      int countIndex) {
    return context.site(
        context
            .arguments(kernel)
            .pointer(0, y)
            .pointer(1, x)
            .pointer(2, matrix.memory())
            .pointer(3, context.stepBlock())
            .integer(4, matrix.numTiles())
            .integer(5, matrix.numChunks())
            .integer(6, countIndex));
  }

  /** Launches it for up to {@code maxRows} rows; how many there are it reads on the device. */
  void launch(CudaStream stream, int maxRows) {
    if (library != null && library.takes(maxRows)) {
      library.launch(stream, maxRows);
      return;
    }
    for (int i = 0; i < packed.length; i++) {
      if (maxRows <= PACKED_ROWS[i]) {
        packed[i].launch(stream, 1, numTiles / tilesOfBlock[i]);
        return;
      }
    }
    if (deterministic) {
      int last = packed.length - 1;
      int numGroups = blocks(maxRows, PACKED_ROWS[last]);
      packed[last].launch(stream, numGroups, numTiles / tilesOfBlock[last]);
      return;
    }
    int numRowBlocks = blocks(maxRows, TILED_ROWS);
    int numFeatureBlocks = blocks(numTiles, TILED_TILES);
    if ((long) numRowBlocks * numFeatureBlocks >= numMultiprocessors) {
      tiled.launch(stream, numRowBlocks, numFeatureBlocks);
      return;
    }
    numRowBlocks = blocks(maxRows, SMALL_TILED_ROWS);
    smallTiled.launch(stream, numRowBlocks, blocks(numTiles, SMALL_TILED_TILES));
  }

  private static int blocks(int length, int lengthOfBlock) {
    return (length + lengthOfBlock - 1) / lengthOfBlock;
  }
}
