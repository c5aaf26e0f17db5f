// inputs.cuh - from a step block to what the forward pass reads.
//
// prepare_inputs is one block that works in phases: it brings the slots up to date (attached
// sequences, block tables), then writes for each token of the batch its id, position and place in
// the cache, for each row of logits its token and row, and the head of the result. Only within a
// block can phases be parted by __syncthreads, and the work is small: a step of 256 decodes moves
// some ten kilobytes.
#pragma once
#include "device.cuh"
#include "step_block.cuh"

#define PREPARE_THREADS 1024

/** A section of the step. */
static __device__ __forceinline__ const int* section(const int* step, int header) {
  return step + step[header];
}

static __device__ __forceinline__ int* slot_at(const int* step, int* slots, int slot) {
  return slots + (size_t)slot * step[HEADER_SLOT_STRIDE];
}

static __device__ __forceinline__ const int* slot_at(const int* step, const int* slots, int slot) {
  return slots + (size_t)slot * step[HEADER_SLOT_STRIDE];
}

/** The result area that the step writes to. */
static __device__ __forceinline__ int* result_area(const int* step, int* results) {
  return results + (size_t)step[HEADER_RESULT_SLOT] * step[HEADER_RESULT_AREA];
}

/** Time of the device in nanoseconds, the same clock for all multiprocessors. */
static __device__ __forceinline__ unsigned long long device_nanos() {
#ifdef __CUDACC__
  unsigned long long nanos;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(nanos));
  return nanos;
#else
  return emu::global_timer();
#endif
}

static __device__ __forceinline__ void store_long(int* target, unsigned long long value) {
  target[0] = (int)value;
  target[1] = (int)(value >> 32);
}

/** Thread `first` of `stride` threads that copy together. */
static __device__ __forceinline__ void copy_ints(int* target, const int* source, int count,
                                                 int first, int stride) {
#pragma unroll 1  // unrolled, a block of 1,024 threads has not registers enough
  for (int i = first; i < count; i += stride) {
    target[i] = source[i];
  }
}

/** A warp takes a sequence; a history, which can be long, is copied by all threads. */
static __device__ void attach_slots(const int* step, int* slots) {
  const int* attached = section(step, HEADER_ATTACHED);
  int numAttached = step[HEADER_NUM_ATTACHED];
  int lane = threadIdx.x & 31;
  for (int i = threadIdx.x >> 5; i < numAttached; i += PREPARE_THREADS / 32) {
    const int* record = attached + i * ATTACHED_INTS;
    int* slot = slot_at(step, slots, record[ATTACHED_SLOT]);
    if (lane == 0) {
      slot[SLOT_LAST_TOKEN] = -1;
    }
    copy_ints(slot + SLOT_PARAMETERS, record + ATTACHED_PARAMETERS, SLOT_NUM_PARAMETERS, lane, 32);
    copy_ints(slot + step[HEADER_SLOT_STOPS], step + record[ATTACHED_STOPS],
              record[SLOT_NUM_STOPS], lane, 32);
    copy_ints(slot + step[HEADER_SLOT_BIASES], step + record[ATTACHED_BIASES],
              2 * record[SLOT_NUM_BIASES], lane, 32);
  }
  for (int i = 0; i < numAttached; i++) {
    const int* record = attached + i * ATTACHED_INTS;
    int* slot = slot_at(step, slots, record[ATTACHED_SLOT]);
    copy_ints(slot + step[HEADER_SLOT_HISTORY], step + record[ATTACHED_HISTORY],
              record[ATTACHED_NUM_HISTORY], threadIdx.x, PREPARE_THREADS);
  }
}

/** All at once, or by one thread where a later write may replace an earlier one. */
static __device__ void write_tables(const int* step, int* slots) {
  const int* writes = section(step, HEADER_TABLE_WRITES);
  bool inOrder = step[HEADER_FLAGS] & FLAG_TABLE_WRITES_IN_ORDER;
  int stride = inOrder ? 1 : PREPARE_THREADS;
  int first = inOrder && threadIdx.x > 0 ? step[HEADER_NUM_TABLE_WRITES] : threadIdx.x;
  for (int i = first; i < step[HEADER_NUM_TABLE_WRITES]; i += stride) {
    const int* write = writes + i * WRITE_INTS;
    int* slot = slot_at(step, slots, write[WRITE_SLOT]);
    slot[step[HEADER_SLOT_TABLE] + write[WRITE_INDEX]] = write[WRITE_BLOCK];
  }
}

/** Token `token` of the batch, number `offset` of its row. */
static __device__ void prepare_token(const int* step, int* slots, int* tokens, int* area,
                                     const int* row, int token, int offset) {
  int* slot = slot_at(step, slots, row[ROW_SLOT]);
  int maxTokens = step[HEADER_MAX_TOKENS];
  int blockShift = step[HEADER_BLOCK_SHIFT];
  int cachePosition = row[ROW_START_POSITION] + offset;
  int numKnown = row[ROW_NUM_TOKENS] - row[ROW_NUM_DRAFTS];

  int id = section(step, HEADER_TOKENS)[token];
  id = id == -1 ? slot[SLOT_LAST_TOKEN] : id;
  if ((unsigned)id >= (unsigned)step[HEADER_VOCABULARY_SIZE]) {
    atomicOr(&area[RESULT_FAULTS], FAULT_BAD_INPUT);
    id = 0;
  }
  if (slot[SLOT_HAS_PENALTIES] && offset < numKnown) {
    slot[step[HEADER_SLOT_HISTORY] + cachePosition] = id;
  }

  int position = cachePosition;
  int low = 0;
  int high = 0;
  if (row[ROW_TREE] >= 0 && offset >= numKnown) {
    const int* draft = step + row[ROW_TREE] + (offset - numKnown) * TREE_INTS;
    position = row[ROW_START_POSITION] + numKnown - 1 + draft[TREE_DEPTH];
    low = draft[TREE_MASK_LOW];
    high = draft[TREE_MASK_HIGH];
  }
  int block = slot[step[HEADER_SLOT_TABLE] + (cachePosition >> blockShift)];
  int inBlock = cachePosition & ((1 << blockShift) - 1);
  tokens[TOKEN_ID * maxTokens + token] = id;
  tokens[TOKEN_POSITION * maxTokens + token] = position;
  tokens[TOKEN_KV_SLOT * maxTokens + token] = (block << blockShift) + inBlock;
  tokens[TOKEN_CACHE_POSITION * maxTokens + token] = cachePosition;
  tokens[TOKEN_TREE_LOW * maxTokens + token] = low;
  tokens[TOKEN_TREE_HIGH * maxTokens + token] = high;
}

/**
 * Grid 1, 1024 threads.
 *
 * slots: all slots; tokens: TOKEN_ARRAYS arrays of HEADER_MAX_TOKENS; logitTokens, logitRows: for
 * each row of logits the token of the batch that it is behind, and the row of the step.
 */
extern "C" __global__ void __launch_bounds__(PREPARE_THREADS)
    prepare_inputs(const int* step, int* slots, int* tokens, int* logitTokens, int* logitRows,
                   int* results) {
  int* area = result_area(step, results);
  if (threadIdx.x == 0) {
    unsigned long long now = device_nanos();
    area[RESULT_STEP_ID] = step[HEADER_STEP_ID];
    area[RESULT_STEP_ID + 1] = step[HEADER_STEP_ID + 1];
    store_long(area + RESULT_START_NANOS, now);
    store_long(area + RESULT_END_NANOS, now);
    area[RESULT_NUM_ROWS] = step[HEADER_NUM_ROWS];
    area[RESULT_FAULTS] = 0;
  }
  attach_slots(step, slots);
  write_tables(step, slots);
  __syncthreads();  // the slots are up to date
  for (int token = threadIdx.x; token < step[HEADER_NUM_TOKENS]; token += PREPARE_THREADS) {
    int rowIndex = section(step, HEADER_TOKEN_ROWS)[token];
    const int* row = section(step, HEADER_ROWS) + rowIndex * ROW_INTS;
    int offset = token - row[ROW_FIRST_TOKEN];
    prepare_token(step, slots, tokens, area, row, token, offset);
    int node = offset - (row[ROW_NUM_TOKENS] - row[ROW_NUM_DRAFTS] - 1);
    if (row[ROW_FIRST_LOGIT] >= 0 && node >= 0) {
      logitTokens[row[ROW_FIRST_LOGIT] + node] = token;
      logitRows[row[ROW_FIRST_LOGIT] + node] = rowIndex;
    }
  }
}
