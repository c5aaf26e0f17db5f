// gemm.cuh - products of activations with weights, Y[M,N] = X[M,K] * W[N,K]^T, and how weights lie.
//
// The weight is the A operand of mma.m16n8k16: 16 features by 16 k. It is packed once, at load, in
// the order in which the lanes of a warp want it, so that a lane needs one 16-byte load for an mma
// and a warp reads 512 bytes side by side. No lane needs what another one has read.
// N and K are padded with zeros to multiples of 64.
//
//   packed[N/16][K/64][4 steps][32 lanes] of 16 bytes: in tile i and chunk c a lane has, at step s,
//   with g = lane / 4, t = lane % 4, r = 16i + g and k = 64c + 16t + 4s,
//     x = W[r][k..k+1]   y = W[r+8][k..k+1]   z = W[r][k+2..k+3]   w = W[r+8][k+2..k+3]
//
// So k is permuted inside a chunk, and the activations that a lane needs, k = 16t .. 16t + 15 of a
// chunk, are 32 bytes side by side in a plain row of X.
//
// Gate and up matrix are packed as one, with their tiles in turn: gate 0, up 0, gate 1, up 1, ..
//
// How many rows X has is read on the device, in the header of the step. Rows of X and Y are as wide
// as the padded K and N; blocks whose rows are all behind the last one end at once.
//
// The order of the sum of an element depends on K alone, in either kernel below: not on M, not on
// the other rows, not on the variant of the packed kernel. The two kernels differ from each other.
#pragma once
#include "mma.cuh"
#include "step_block.cuh"

// What becomes of a sum: STORE bf16, SILU silu(gate) * up as bf16, LOGITS fp32.
enum Epilogue { STORE, SILU, LOGITS };

constexpr int TILE_FEATURES = 16;
constexpr int CHUNK = 64;                   // k of a chunk
constexpr int WORDS_OF_CHUNK = 4 * 32;      // of a tile
constexpr int ROW_UNITS_OF_CHUNK = CHUNK / 8;  // 16-byte units of a row of X

static __device__ __forceinline__ float silu_times(float gate, float up) {
  return gate / (1.f + __expf(-gate)) * up;
}

// Features of a row of Y: a pair of gate and up tile gives one tile.
template <int EPILOGUE>
static __device__ __forceinline__ int output_stride(int numTiles) {
  return (EPILOGUE == SILU ? numTiles / 2 : numTiles) * TILE_FEATURES;
}

static __device__ __forceinline__ void store_output(bf16* to, float value) {
  *to = to_bf16(value);
}

static __device__ __forceinline__ void store_output(float* to, float value) { *to = value; }

// ---- packing

// Packs rows of a stored matrix. A big matrix comes in pieces: `stored` points to its row
// `firstRow`, which is a multiple of 16, and has `numRows` rows of `numColumns` bf16; all pieces but
// the last have a multiple of 16 rows. Stored tile i becomes tile tileOffset + tileStride * i of the
// packed matrix: stride 2 with offsets 0 and 1 interleaves gate and up, stride 1 with an offset puts
// matrices behind one another. Rows and columns that a tile has beyond the matrix are zeros; tiles
// without any row are left alone, so the packed memory is cleared before.
// One thread for a 16-byte word; grid (tiles of the piece * chunks / 2), 256 threads.
extern "C" __global__ void __launch_bounds__(256)
    pack_weights(uint4* packed, const bf16* stored, int firstRow, int numRows, int numColumns,
                 int tileStride, int tileOffset, int numChunks) {
  long word = (long)blockIdx.x * blockDim.x + threadIdx.x;
  int lane = word % WARP_SIZE;
  int step = word / WARP_SIZE % 4;
  long chunkOfAll = word / WORDS_OF_CHUNK;
  int chunk = chunkOfAll % numChunks;
  int tile = chunkOfAll / numChunks;
  if (tile * TILE_FEATURES >= numRows) {
    return;
  }
  int row = tile * TILE_FEATURES + lane / 4;
  int column = chunk * CHUNK + lane % 4 * 16 + step * 4;
  unsigned half[8];
  for (int i = 0; i < 8; i++) {
    int r = row + i / 4 * 8;
    int c = column + i % 4;
    float value = r < numRows && c < numColumns
                      ? to_float(stored[(long)r * numColumns + c])
                      : 0.f;
    half[i] = pack_halves(value, 0.f);
  }
  uint4 v;
  v.x = half[0] | half[1] << 16;
  v.y = half[4] | half[5] << 16;
  v.z = half[2] | half[3] << 16;
  v.w = half[6] | half[7] << 16;
  long packedTile = (long)(firstRow / TILE_FEATURES + tile) * tileStride + tileOffset;
  packed[(packedTile * numChunks + chunk) * WORDS_OF_CHUNK + step * WARP_SIZE + lane] = v;
}

// ---- few rows

// A block makes TILES * 16 features of 8 * ROWS rows of X, over all of K: its 8 warps take the
// chunks of K in turn and their sums are added through shared memory, in the order of the warps.
// Rows of X are the B operand, whose 8 columns cost the same full or empty.
//
// Cost: the weights once for every 8 * ROWS rows. What hides the latency of memory is the number of
// bytes that are on their way. Loads to registers do not keep them there: the assembler has those
// for the next turn of a loop awaited in this one. So every warp has a ring of stages in shared
// memory, all of them filled at once by copies that run by themselves. A stage is 2 KiB: a chunk of
// one tile, half a chunk of two or a quarter of four. A lane copies what it will read itself, so it
// waits for its own copies and the ring needs no barrier.
//
// A block reads its rows of X from the L2 cache: with 64 rows and two tiles that is twice what it
// reads of the weights. With four tiles it is as much, so there are kernels with four, for matrices
// of so many features that all multiprocessors get a block nevertheless.
//
// Grid (row groups, numTiles / TILES): the row groups of a tile run one after the other and find
// its weights in the L2 cache.

constexpr int PACKED_WARPS = 8;
constexpr int NUM_STAGES = 3;  // of a ring
constexpr int STAGE_WORDS = WORDS_OF_CHUNK;

// The rings of a block's warps and, when these were read, the sums: 48 KiB, the most that a kernel
// has without asking for more.
__device__ __forceinline__ uint4* packed_shared() {
  __shared__ uint4 shared[PACKED_WARPS * NUM_STAGES * STAGE_WORDS];
  return shared;
}

template <int TILES, int ROWS>
struct PackedGemm {
  static constexpr int NUM_ROWS = 8 * ROWS;
  // Floats between two rows of sums in shared memory: then the lanes of a warp hit 32 banks.
  static constexpr int SUM_STRIDE = 20;
  static constexpr int STEPS_OF_STAGE = 4 / TILES;
  static constexpr int STAGES_OF_CHUNK = TILES;
  static_assert(sizeof(float) * PACKED_WARPS * NUM_ROWS * SUM_STRIDE <=
                sizeof(uint4) * PACKED_WARPS * NUM_STAGES * STAGE_WORDS);

  float sum[TILES][ROWS][4];

  // This lane's part of a stage of this warp's ring.
  __device__ __forceinline__ static uint4* stage_at(int index) {
    return packed_shared() + (warp_index() * NUM_STAGES + index) * STAGE_WORDS + lane_index();
  }

  // Starts to copy a stage to place `index`: number `stage` from the first of `chunk` on, which may
  // be one of a later chunk of this warp. Behind the last chunk there is nothing to copy, but a
  // group of copies nevertheless: so the number of groups tells which stages are there.
  __device__ __forceinline__ static void copy_weights(int index, const uint4* tiles, int numChunks,
                                                      int chunk, int stage) {
    chunk += stage / STAGES_OF_CHUNK * PACKED_WARPS;
    if (chunk < numChunks) {
      int firstStep = stage % STAGES_OF_CHUNK * STEPS_OF_STAGE;
      const uint4* from =
          tiles + (long)chunk * WORDS_OF_CHUNK + firstStep * WARP_SIZE + lane_index();
      uint4* to = stage_at(index);
#pragma unroll
      for (int i = 0; i < TILES * STEPS_OF_STAGE; i++) {
        long tile = i / STEPS_OF_STAGE * (long)numChunks * WORDS_OF_CHUNK;
        copy_async(to + i * WARP_SIZE, from + tile + i % STEPS_OF_STAGE * WARP_SIZE, true);
      }
    }
    commit_copies();
  }

  // Begins to fill the ring of this warp: all of it but one stage.
  __device__ __forceinline__ static void begin(const uint4* tiles, int numChunks) {
#pragma unroll
    for (int stage = 0; stage < NUM_STAGES - 1; stage++) {
      copy_weights(stage, tiles, numChunks, warp_index(), stage);
    }
  }

  // Rows behind the last one count as zeros. A lane has row g of each eight, and 16 k of the chunk.
  __device__ __forceinline__ static void load_rows(uint4 (&to)[ROWS][2], const bf16* x,
                                                   int firstRow, int numRows, int numChunks,
                                                   int chunk) {
#pragma unroll
    for (int j = 0; j < ROWS; j++) {
      int row = firstRow + j * 8 + lane_index() / 4;
      to[j][0] = to[j][1] = uint4{0, 0, 0, 0};
      if (row < numRows) {
        const uint4* from = (const uint4*)(x + (long)row * numChunks * CHUNK + chunk * CHUNK);
        to[j][0] = load_cached(from + lane_index() % 4 * 2);
        to[j][1] = load_cached(from + lane_index() % 4 * 2 + 1);
      }
    }
  }

  // Multiplies with a stage, which is number `part` of its chunk.
  __device__ __forceinline__ void multiply(const uint4 (&x)[ROWS][2], const uint4* stage,
                                           int part) {
#pragma unroll
    for (int i = 0; i < TILES; i++) {
#pragma unroll
      for (int step = 0; step < STEPS_OF_STAGE; step++) {
        const uint4 w = stage[(i * STEPS_OF_STAGE + step) * WARP_SIZE];
        const unsigned a[4] = {w.x, w.y, w.z, w.w};
        int stepOfChunk = part * STEPS_OF_STAGE + step;
#pragma unroll
        for (int j = 0; j < ROWS; j++) {
          const uint4 b = x[j][stepOfChunk / 2];
          multiply_add(sum[i][j], a, stepOfChunk % 2 ? b.z : b.x, stepOfChunk % 2 ? b.w : b.y);
        }
      }
    }
  }

  // Sums over this warp's chunks, behind begin.
  __device__ __forceinline__ void run(const bf16* x, const uint4* tiles, int firstRow, int numRows,
                                      int numChunks) {
#pragma unroll
    for (int i = 0; i < TILES * ROWS * 4; i++) {
      sum[i / (ROWS * 4)][i / 4 % ROWS][i % 4] = 0;
    }
    int present = 0;            // place of the stage to multiply with
    int last = NUM_STAGES - 1;  // and of the one before, which is free
    for (int chunk = warp_index(); chunk < numChunks; chunk += PACKED_WARPS) {
      uint4 rows[ROWS][2];
      load_rows(rows, x, firstRow, numRows, numChunks, chunk);
#pragma unroll
      for (int part = 0; part < STAGES_OF_CHUNK; part++) {
        copy_weights(last, tiles, numChunks, chunk, part + NUM_STAGES - 1);
        await_copies<NUM_STAGES - 1>();
        multiply(rows, stage_at(present), part);
        last = present;
        present = present + 1 == NUM_STAGES ? 0 : present + 1;
      }
    }
  }

  // Adds up the warps' sums of one tile: element threadIdx.x + 256 * n goes to total[n]. Element e
  // is feature e % 16 of row e / 16.
  static constexpr int NUM_TOTALS = (TILE_FEATURES * NUM_ROWS + 255) / 256;

  __device__ __forceinline__ void add_warps(float (&total)[NUM_TOTALS], int tile) {
    float* shared = (float*)packed_shared();
    __syncthreads();  // the rings, or the sums of the tile before, were read
    float* mine = shared + warp_index() * NUM_ROWS * SUM_STRIDE;
#pragma unroll
    for (int i = 0; i < ROWS * 4; i++) {
      int feature = lane_index() / 4 + i % 4 / 2 * 8;
      int row = i / 4 * 8 + lane_index() % 4 * 2 + i % 2;
      mine[row * SUM_STRIDE + feature] = sum[tile][i / 4][i % 4];
    }
    __syncthreads();
#pragma unroll
    for (int n = 0; n < NUM_TOTALS; n++) {
      int element = threadIdx.x + 256 * n;
      if (element < TILE_FEATURES * NUM_ROWS) {
        const float* from = shared + element / 16 * SUM_STRIDE + element % 16;
        total[n] = from[0];
        for (int warp = 1; warp < PACKED_WARPS; warp++) {
          total[n] += from[warp * NUM_ROWS * SUM_STRIDE];
        }
      }
    }
  }
};

template <int TILES, int ROWS, int EPILOGUE, class Output>
__device__ __forceinline__ void gemm_packed(Output* y, const bf16* x, const uint4* weights,
                                            const int* step, int numTiles, int numChunks,
                                            int countIndex) {
  typedef PackedGemm<TILES, ROWS> Gemm;
  static_assert(EPILOGUE != SILU || TILES % 2 == 0, "a block has gate tiles and their up tiles");
  int firstRow = blockIdx.x * Gemm::NUM_ROWS;
  int firstTile = blockIdx.y * TILES;
  const uint4* tiles = weights + (long)firstTile * numChunks * WORDS_OF_CHUNK;

  // The weights do not depend on the step: ask for both at once.
  int numRows = step[countIndex];
  Gemm::begin(tiles, numChunks);
  if (firstRow >= numRows) {
    await_copies<0>();  // they must not outlive the block
    return;
  }
  Gemm gemm;
  gemm.run(x, tiles, firstRow, numRows, numChunks);

  float total[TILES][Gemm::NUM_TOTALS];
#pragma unroll
  for (int i = 0; i < TILES; i++) {
    gemm.add_warps(total[i], i);
  }
  int stride = output_stride<EPILOGUE>(numTiles);
#pragma unroll
  for (int n = 0; n < Gemm::NUM_TOTALS; n++) {
    int element = threadIdx.x + 256 * n;
    int row = firstRow + element / 16;
    if (element >= TILE_FEATURES * Gemm::NUM_ROWS || row >= numRows) {
      continue;
    }
    if constexpr (EPILOGUE == SILU) {
#pragma unroll
      for (int i = 0; i < TILES; i += 2) {
        long feature = (firstTile + i) / 2 * TILE_FEATURES + element % 16;
        store_output(y + (long)row * stride + feature, silu_times(total[i][n], total[i + 1][n]));
      }
    } else {
#pragma unroll
      for (int i = 0; i < TILES; i++) {
        long feature = (firstTile + i) * TILE_FEATURES + element % 16;
        store_output(y + (long)row * stride + feature, total[i][n]);
      }
    }
  }
}

// gemm_packed_nR_*: up to 8 * R rows in each of gridDim.x row groups; 256 threads. The header of
// the step has the number of rows at `countIndex`. The wide ones are for many features.
#define GEMM_PACKED(R, SUFFIX, TILES, BLOCKS, EPILOGUE, OUTPUT)                                  \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) gemm_packed_n##R##_##SUFFIX(         \
      OUTPUT* y, const bf16* x, const uint4* weights, const int* step, int numTiles,             \
      int numChunks, int countIndex) {                                                           \
    gemm_packed<TILES, R, EPILOGUE>(y, x, weights, step, numTiles, numChunks, countIndex);       \
  }
GEMM_PACKED(1, store, 1, 4, STORE, bf16)
GEMM_PACKED(2, store, 1, 4, STORE, bf16)
GEMM_PACKED(4, store, 2, 2, STORE, bf16)
GEMM_PACKED(8, store, 2, 1, STORE, bf16)
GEMM_PACKED(1, silu, 2, 4, SILU, bf16)
GEMM_PACKED(2, silu, 2, 4, SILU, bf16)
GEMM_PACKED(4, silu, 2, 2, SILU, bf16)
GEMM_PACKED(8, silu, 2, 1, SILU, bf16)
GEMM_PACKED(1, logits, 1, 4, LOGITS, float)
GEMM_PACKED(2, logits, 1, 4, LOGITS, float)
GEMM_PACKED(4, logits, 2, 2, LOGITS, float)
GEMM_PACKED(8, logits, 2, 1, LOGITS, float)
GEMM_PACKED(8, wide_store, 4, 1, STORE, bf16)
GEMM_PACKED(8, wide_silu, 4, 1, SILU, bf16)
GEMM_PACKED(8, wide_logits, 4, 1, LOGITS, float)
