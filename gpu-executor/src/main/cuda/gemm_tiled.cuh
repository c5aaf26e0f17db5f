// gemm_tiled.cuh - the product for many rows, on the same packed weights as gemm.cuh.
//
// A block makes a tile of Y in two sizes: large ones of 128 features by 128 rows read least, small
// ones of 64 by 64 are more blocks where large ones would leave multiprocessors idle. Both sum up an
// element in the same order. Rows of X go through shared memory, a chunk of 64 k at a time, while
// the chunk before is computed with; weights go from global memory (for all row groups but the first
// from the L2 cache) to registers, half a chunk at a time. What hides their latency are the other
// warps: registers are kept below 128, so that 16 of them fit on a multiprocessor.
//
//   stage[2][rows][8 units of 16 bytes]; unit u of row r stands at u ^ (r & 1), so that the eight
//   lanes of a 16-byte access, two rows and every other unit of them, hit 32 banks
//
// Cost per chunk of a large tile: 16 KiB of X, 16 KiB of weights, read by two warps each; 512 mma.
// The result goes through shared memory too, so that rows of Y are written 16 bytes at a time.
#pragma once
#include "gemm.cuh"

// FEATURE_WARPS x ROW_WARPS warps, each with 32 features by 8 * WARP_ROWS rows.
template <int FEATURE_WARPS, int ROW_WARPS, int WARP_ROWS>
struct TiledGemm {
  static constexpr int WARP_TILES = 2;
  static constexpr int TILES = FEATURE_WARPS * WARP_TILES;
  static constexpr int FEATURES = TILES * TILE_FEATURES;
  static constexpr int ROWS = ROW_WARPS * WARP_ROWS * 8;
  static constexpr int THREADS = FEATURE_WARPS * ROW_WARPS * WARP_SIZE;
  static constexpr int STAGE_UNITS = ROWS * ROW_UNITS_OF_CHUNK;

  float sum[WARP_TILES][WARP_ROWS][4];
  uint4 word[WARP_TILES][2];  // weights of two steps, half a chunk

  static __device__ __forceinline__ int first_warp_row() {
    return warp_index() / FEATURE_WARPS * WARP_ROWS * 8;
  }

  static __device__ __forceinline__ int first_warp_tile() {
    return warp_index() % FEATURE_WARPS * WARP_TILES;
  }

  // Starts to copy a chunk of the block's rows: `from` is the thread's unit of the chunk in the
  // first of its rows. Rows behind the last one become zeros.
  static __device__ __forceinline__ void copy_rows(uint4* stage, const uint4* from, int numRows,
                                                   int numChunks) {
    constexpr int ROWS_AT_ONCE = THREADS / ROW_UNITS_OF_CHUNK;
    int row = threadIdx.x / ROW_UNITS_OF_CHUNK;
    uint4* to = stage + (threadIdx.x ^ (row & 1));
#pragma unroll
    for (int i = 0; i < ROWS / ROWS_AT_ONCE; i++) {
      copy_async(to + i * THREADS, from, row + i * ROWS_AT_ONCE < numRows);
      from += (long)ROWS_AT_ONCE * ROW_UNITS_OF_CHUNK * numChunks;
    }
    commit_copies();
  }

  // Two steps, half a chunk, of each of the warp's tiles.
  __device__ __forceinline__ void load_weights(const uint4* from, int numChunks) {
#pragma unroll
    for (int i = 0; i < WARP_TILES; i++) {
#pragma unroll
      for (int step = 0; step < 2; step++) {
        word[i][step] = load_cached(from + step * WARP_SIZE);
      }
      from += (long)numChunks * WORDS_OF_CHUNK;
    }
  }

  __device__ __forceinline__ void multiply(const uint4* stage, int halfOfChunk) {
    int row = first_warp_row() + lane_index() / 4;
    int unit = lane_index() % 4 * 2 + halfOfChunk;
#pragma unroll
    for (int j = 0; j < WARP_ROWS; j++) {
      const uint4 b = stage[(row + j * 8) * ROW_UNITS_OF_CHUNK + (unit ^ (row & 1))];
#pragma unroll
      for (int i = 0; i < WARP_TILES; i++) {
        const uint4 w = word[i][0];
        const unsigned a[4] = {w.x, w.y, w.z, w.w};
        multiply_add(sum[i][j], a, b.x, b.y);
      }
#pragma unroll
      for (int i = 0; i < WARP_TILES; i++) {
        const uint4 w = word[i][1];
        const unsigned a[4] = {w.x, w.y, w.z, w.w};
        multiply_add(sum[i][j], a, b.z, b.w);
      }
    }
  }

  // Rows and weights are those of this thread, in chunk 0.
  __device__ __forceinline__ void run(uint4* stage, const uint4* rows, const uint4* weights,
                                      int numRows, int numChunks) {
#pragma unroll
    for (int i = 0; i < WARP_TILES * WARP_ROWS * 4; i++) {
      sum[i / (WARP_ROWS * 4)][i / 4 % WARP_ROWS][i % 4] = 0;
    }
    copy_rows(stage, rows, numRows, numChunks);
    load_weights(weights, numChunks);
    for (int chunk = 0; chunk < numChunks; chunk++) {
      const uint4* present = stage + chunk % 2 * STAGE_UNITS;
      rows += ROW_UNITS_OF_CHUNK;
      await_copies<0>();
      // Behind it all see the chunk, and nobody still reads the one before, whose place the next
      // one takes.
      __syncthreads();
      if (chunk + 1 < numChunks) {
        copy_rows(stage + (chunk + 1) % 2 * STAGE_UNITS, rows, numRows, numChunks);
      }
#pragma unroll 1  // unrolled, more loads are in flight than there are registers for
      for (int halfOfChunk = 0; halfOfChunk < 2; halfOfChunk++) {
        multiply(present, halfOfChunk);
        weights += WORDS_OF_CHUNK / 2;
        if (halfOfChunk == 0 || chunk + 1 < numChunks) {
          load_weights(weights, numChunks);
        }
      }
    }
  }

  // Lays the block's results out in shared memory, [rows][units of 8 features], unit u of row r
  // at u ^ (r / 2 % 4): the lanes of a store then hit 16 banks, two of them with one word each.
  template <int EPILOGUE>
  __device__ __forceinline__ void gather(bf16* shared) {
    constexpr int TILES_OUT = EPILOGUE == SILU ? WARP_TILES / 2 : WARP_TILES;
    constexpr int UNITS = FEATURE_WARPS * TILES_OUT * 2;
#pragma unroll
    for (int n = 0; n < TILES_OUT * WARP_ROWS * 4; n++) {
      int i = n / (WARP_ROWS * 4);
      int j = n / 4 % WARP_ROWS;
      int element = n % 4;
      int row = first_warp_row() + j * 8 + lane_index() % 4 * 2 + element % 2;
      int unit = (warp_index() % FEATURE_WARPS * TILES_OUT + i) * 2 + element / 2;
      float value = EPILOGUE == SILU ? silu_times(sum[0][j][element], sum[1][j][element])
                                     : sum[i][j][element];
      shared[(row * UNITS + (unit ^ (row / 2 % 4))) * 8 + lane_index() / 4] =
          to_bf16(value);
    }
  }

  template <int EPILOGUE>
  __device__ __forceinline__ static void store(bf16* y, const uint4* shared, int firstRow,
                                               int numRows, int stride) {
    constexpr int UNITS = EPILOGUE == SILU ? FEATURES / 16 : FEATURES / 8;
#pragma unroll
    for (int n = 0; n < ROWS * UNITS / THREADS; n++) {
      int row = (threadIdx.x + n * THREADS) / UNITS;
      int unit = threadIdx.x % UNITS;
      int feature = (blockIdx.y * UNITS + unit) * 8;
      if (firstRow + row < numRows && feature < stride) {
        *(uint4*)(y + (long)(firstRow + row) * stride + feature) =
            shared[row * UNITS + (unit ^ (row / 2 % 4))];
      }
    }
  }

  // fp32 straight from the registers: eight lanes write 32 bytes side by side.
  __device__ __forceinline__ void store_logits(float* y, int firstRow, int numRows, int firstTile,
                                               int stride) {
    int feature = firstTile * TILE_FEATURES + lane_index() / 4;
    if (firstTile * TILE_FEATURES >= stride) {
      return;
    }
#pragma unroll
    for (int n = 0; n < WARP_ROWS * 2; n++) {
      int row = firstRow + first_warp_row() + n / 2 * 8 + lane_index() % 4 * 2 + n % 2;
      if (row < numRows) {
        float* to = y + (long)row * stride + feature;
#pragma unroll
        for (int i = 0; i < WARP_TILES * 2; i++) {
          to[i * 8] = sum[i / 2][n / 2][i % 2 * 2 + n % 2];
        }
      }
    }
  }
};

template <class Gemm, int EPILOGUE, class Output>
__device__ __forceinline__ void gemm_tiled(Output* y, const bf16* x, const uint4* weights,
                                           const int* step, int numTiles, int numChunks,
                                           int countIndex) {
  __shared__ uint4 stage[2 * Gemm::STAGE_UNITS];
  int firstRow = blockIdx.x * Gemm::ROWS;
  int numRows = step[countIndex];
  if (firstRow >= numRows) {
    return;
  }
  int firstTile = blockIdx.y * Gemm::TILES + Gemm::first_warp_tile();
  // In the last block half of the warps may have no features; they compute others and store nothing.
  int readTile = min(firstTile, numTiles - Gemm::WARP_TILES);
  const uint4* ownWeights = weights + (long)readTile * numChunks * WORDS_OF_CHUNK + lane_index();
  long ownRow = firstRow + threadIdx.x / ROW_UNITS_OF_CHUNK;
  const uint4* ownUnit = (const uint4*)x + ownRow * numChunks * ROW_UNITS_OF_CHUNK +
                         threadIdx.x % ROW_UNITS_OF_CHUNK;

  Gemm gemm;
  gemm.run(stage, ownUnit, ownWeights, numRows - firstRow, numChunks);
  int stride = output_stride<EPILOGUE>(numTiles);
  if constexpr (EPILOGUE == LOGITS) {
    gemm.store_logits(y, firstRow, numRows, firstTile, stride);
  } else {
    __syncthreads();
    gemm.template gather<EPILOGUE>((bf16*)stage);
    __syncthreads();
    Gemm::template store<EPILOGUE>(y, stage, firstRow, numRows, stride);
  }
}

typedef TiledGemm<4, 2, 8> LargeTile;
typedef TiledGemm<2, 2, 4> SmallTile;

// gemm_tiled_*: grid (ceil(rows / 128), ceil(numTiles / 8)), 256 threads.
// gemm_small_tiled_*: grid (ceil(rows / 64), ceil(numTiles / 4)), 128 threads.
#define GEMM_TILED(NAME, TILE, BLOCKS, EPILOGUE, OUTPUT)                                         \
  extern "C" __global__ void __launch_bounds__(TILE::THREADS, BLOCKS) NAME(                      \
      OUTPUT* y, const bf16* x, const uint4* weights, const int* step, int numTiles,             \
      int numChunks, int countIndex) {                                                           \
    gemm_tiled<TILE, EPILOGUE>(y, x, weights, step, numTiles, numChunks, countIndex);            \
  }
GEMM_TILED(gemm_tiled_store, LargeTile, 2, STORE, bf16)
GEMM_TILED(gemm_tiled_silu, LargeTile, 2, SILU, bf16)
GEMM_TILED(gemm_tiled_logits, LargeTile, 2, LOGITS, float)
GEMM_TILED(gemm_small_tiled_store, SmallTile, 4, STORE, bf16)
GEMM_TILED(gemm_small_tiled_silu, SmallTile, 4, SILU, bf16)
GEMM_TILED(gemm_small_tiled_logits, SmallTile, 4, LOGITS, float)
