// logit_row.cuh - a row of logits and the block of threads that works on it: the values that tokens
// have after penalties, bias, mask and stop tokens, and what a block finds out about them together.
//
// A pass reads the row once, in coalesced float4. Penalties, biases and stop tokens concern few
// tokens of the vocabulary, so a row that has some is patched chunk by chunk in shared memory:
// occurrences are counted there, then logits changed. The order of operations for a token is that
// of TokenDistribution.java and Penalties.java, with the same roundings.
#pragma once
#include "device.cuh"
#include "noise.cuh"
#include "step_block.cuh"

#define SAMPLE_THREADS 512
#define SAMPLE_WARPS (SAMPLE_THREADS / 32)

/** Tokens that are patched at a time. */
#define SAMPLE_CHUNK 4096

/** Loads of a thread that are under way together. */
#define LOADS_AT_ONCE 4

/** Digits of the radix search, from the highest: 11, 11 and 10 bits. */
#define MAX_DIGITS 2048

/** Most tokens that are listed instead of being looked for in the row again and again. */
#define MAX_LISTED 1024

#define MAX_TOP_LOGPROBS 20
#define NO_TOKEN 0x7fffffff
#define NOTHING_PERMITTED -1
#define NOT_A_NUMBER -2
#define MIN_TEMPERATURE 1e-6f
#define UNIT_MASS 0x1p38f

/** Marks a token of the prompt; the bits below count occurrences in the output. */
#define IN_PROMPT 0x80000000u

typedef unsigned long long mass_t;

/** What changes the logits of single tokens. */
struct Patches {
  bool hasPenalties;
  const int* history;
  int numHistory;
  int numPath;  // drafts that stand before the token, behind the known tokens
  int numPromptTokens;
  float repetitionPenalty;
  float frequencyPenalty;
  float presencePenalty;
  const int* biases;
  int numBiases;
  const int* stops;
  int numStops;  // withheld ones
  int path[MAX_DRAFTS];
};

/** Shared memory of a block. */
struct SampleMemory {
  alignas(16) unsigned chunk[SAMPLE_CHUNK];  // occurrences, then the bits of changed logits
  unsigned massLow[MAX_DIGITS];              // a sum of 64 bits in two words, which the hardware
  unsigned massHigh[MAX_DIGITS];             // adds to faster than to one
  mass_t warpMass[SAMPLE_WARPS];
  float warpValue[SAMPLE_WARPS];
  int warpToken[SAMPLE_WARPS];
  Patches patches;
  int digit;
  mass_t massAbove;
  int numListed;
  int listedToken[MAX_LISTED];
  float listedValue[MAX_LISTED];
  int numTop;
  int topToken[MAX_TOP_LOGPROBS];
  float topValue[MAX_TOP_LOGPROBS];
};

/** A row of logits and how its values are made. The same in all threads of a block. */
struct LogitRow {
  float* logits;
  int vocabularySize;
  const unsigned* mask;  // null permits all
  bool isPatched;
  bool isListed;  // tokens that are not listed are excluded
  float temperature;
  float topKValue;  // values below are excluded
  float topPValue;
  float minP;
  float shift;  // value of the most likely token
};

struct Candidate {
  float value;
  int token;
};

// ---- over the block

static __device__ __forceinline__ bool beats(Candidate a, Candidate b) {
  return a.value > b.value || (a.value == b.value && a.token < b.token);
}

static __device__ __forceinline__ Candidate no_candidate() {
  Candidate none;
  none.value = NEGATIVE_INFINITY;
  none.token = NO_TOKEN;
  return none;
}

/** The best candidate of all threads, in all threads. */
static __device__ __forceinline__ Candidate block_best(Candidate mine, SampleMemory& memory) {
  for (int distance = 16; distance; distance >>= 1) {
    Candidate other;
    other.value = __shfl_xor_sync(ALL_LANES, mine.value, distance);
    other.token = __shfl_xor_sync(ALL_LANES, mine.token, distance);
    mine = beats(other, mine) ? other : mine;
  }
  if ((threadIdx.x & 31) == 0) {
    memory.warpValue[threadIdx.x >> 5] = mine.value;
    memory.warpToken[threadIdx.x >> 5] = mine.token;
  }
  __syncthreads();
  for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
    Candidate other;
    other.value = memory.warpValue[warp];
    other.token = memory.warpToken[warp];
    mine = beats(other, mine) ? other : mine;
  }
  __syncthreads();  // before the next one writes there
  return mine;
}

/** The sum over all threads, in all threads. */
static __device__ __forceinline__ mass_t block_sum(mass_t mine, SampleMemory& memory) {
  for (int distance = 16; distance; distance >>= 1) {
    mine += __shfl_xor_sync(ALL_LANES, mine, distance);
  }
  if ((threadIdx.x & 31) == 0) {
    memory.warpMass[threadIdx.x >> 5] = mine;
  }
  __syncthreads();
  mass_t sum = 0;
  for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
    sum += memory.warpMass[warp];
  }
  __syncthreads();
  return sum;
}

// ---- values

static __device__ __forceinline__ bool is_finite(float value) {
  return (__float_as_int(value) & 0x7f800000) != 0x7f800000;
}

static __device__ __forceinline__ float penalised(float logit, unsigned seen,
                                                  const Patches& patches) {
  float result = logit > 0 ? __fdiv_rn(logit, patches.repetitionPenalty)
                           : __fmul_rn(logit, patches.repetitionPenalty);
  int numInOutput = (int)(seen & ~IN_PROMPT);
  if (numInOutput > 0) {
    result = __fsub_rn(result, __fmul_rn(patches.frequencyPenalty, __int2float_rn(numInOutput)));
    result = __fsub_rn(result, patches.presencePenalty);
  }
  return result;
}

/** Leaves in memory.chunk the logits from `base` on, with penalties, biases and stop tokens. */
static __device__ __forceinline__ void patch_chunk(const LogitRow& row, SampleMemory& memory,
                                                   int base) {
  const Patches& patches = memory.patches;
  unsigned count = min(SAMPLE_CHUNK, row.vocabularySize - base);
  for (unsigned i = threadIdx.x; i < SAMPLE_CHUNK; i += SAMPLE_THREADS) {
    memory.chunk[i] = 0;
  }
  __syncthreads();
  for (int i = threadIdx.x; patches.hasPenalties && i < patches.numHistory + patches.numPath;
       i += SAMPLE_THREADS) {
    int token = i < patches.numHistory ? patches.history[i] : patches.path[i - patches.numHistory];
    unsigned at = token - base;
    if (at < count && i < patches.numPromptTokens) {
      atomicOr(&memory.chunk[at], IN_PROMPT);
    } else if (at < count) {
      atomicAdd(&memory.chunk[at], 1u);
    }
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < count; i += SAMPLE_THREADS) {
    float logit = row.logits[base + i];
    unsigned seen = memory.chunk[i];
    memory.chunk[i] = __float_as_int(seen ? penalised(logit, seen, patches) : logit);
  }
  __syncthreads();
  for (int i = threadIdx.x; i < patches.numBiases; i += SAMPLE_THREADS) {
    unsigned at = patches.biases[2 * i] - base;
    if (at < count) {
      float bias = __int_as_float(patches.biases[2 * i + 1]);
      memory.chunk[at] = __float_as_int(__fadd_rn(__int_as_float(memory.chunk[at]), bias));
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < patches.numStops; i += SAMPLE_THREADS) {
    unsigned at = patches.stops[i] - base;
    if (at < count) {
      atomicExch(&memory.chunk[at], (unsigned)__float_as_int(NEGATIVE_INFINITY));  // may repeat
    }
  }
  __syncthreads();
}

/** Four neighbouring logits; what lies behind the chunk does not matter. */
static __device__ __forceinline__ float4 load_logits(const LogitRow& row, int first, int end) {
  return first < end ? *(const float4*)(row.logits + first) : make_float4(0, 0, 0, 0);
}

/** Load number `index` of those: registers have no index, and in local memory they are slow. */
static __device__ __forceinline__ float4 choose_load(const float4 (&loads)[LOADS_AT_ONCE],
                                                     int index) {
  float4 chosen = loads[0];
#pragma unroll
  for (int i = 1; i < LOADS_AT_ONCE; i++) {
    chosen = index == i ? loads[i] : chosen;
  }
  return chosen;
}

/** Four neighbouring values, without what is masked or lies behind the vocabulary. */
static __device__ __forceinline__ float4 permitted_values(const LogitRow& row, int first,
                                                          float4 values) {
  unsigned permitted = row.mask ? row.mask[first >> 5] >> (first & 31) : 0xfu;
  permitted &= first + 4 > row.vocabularySize ? 0xfu >> (first + 4 - row.vocabularySize) : 0xfu;
  values.x = permitted & 1 ? values.x : NEGATIVE_INFINITY;
  values.y = permitted & 2 ? values.y : NEGATIVE_INFINITY;
  values.z = permitted & 4 ? values.z : NEGATIVE_INFINITY;
  values.w = permitted & 8 ? values.w : NEGATIVE_INFINITY;
  return values;
}

/** The values of the four neighbours of a listed token, as if only it could be drawn. */
static __device__ __forceinline__ float4 listed_value(const SampleMemory& memory, int index) {
  int place = memory.listedToken[index] & 3;
  float value = memory.listedValue[index];
  return make_float4(place == 0 ? value : NEGATIVE_INFINITY,
                     place == 1 ? value : NEGATIVE_INFINITY,
                     place == 2 ? value : NEGATIVE_INFINITY,
                     place == 3 ? value : NEGATIVE_INFINITY);
}

/**
 * Calls visit(first, raw, value) for four neighbouring tokens at a time: for all of the vocabulary,
 * or for those that are listed. The value is the logit after penalties, bias, mask and stop tokens,
 * and minus infinity behind the vocabulary; raw logits are only there where nothing is listed. A
 * thread gets the same tokens in every pass. It asks for several loads before it waits for one,
 * for a step of few rows has few multiprocessors at work, and each must ask for much at a time.
 */
template <class Visit>
static __device__ __forceinline__ void for_each_value(const LogitRow& row, SampleMemory& memory,
                                                      Visit visit) {
  const int stride = 4 * SAMPLE_THREADS;
  // A listed token takes the place of four neighbours.
  int size = row.isListed ? 4 * memory.numListed : row.vocabularySize;
  int chunk = row.isPatched ? SAMPLE_CHUNK : size;
  for (int base = 0; base < size; base += chunk) {
    if (row.isPatched) {
      patch_chunk(row, memory, base);
    }
    int end = min(base + chunk, size);
    int loadEnd = row.isListed ? 0 : end;
    for (int begin = base + 4 * threadIdx.x; begin < end; begin += LOADS_AT_ONCE * stride) {
      float4 loads[LOADS_AT_ONCE];
#pragma unroll
      for (int i = 0; i < LOADS_AT_ONCE; i++) {
        loads[i] = load_logits(row, begin + i * stride, loadEnd);
      }
#pragma unroll 1  // a visit is much code
      for (int i = 0; i < LOADS_AT_ONCE; i++) {
        int first = begin + i * stride;
        if (first >= end) {
          break;
        }
        float4 raw = choose_load(loads, i);
        int token = first;
        float4 now;
        if (row.isListed) {
          token = memory.listedToken[first >> 2] & ~3;
          now = listed_value(memory, first >> 2);
        } else {
          now = row.isPatched ? *(const float4*)(memory.chunk + (first - base)) : raw;
          now = permitted_values(row, first, now);
        }
        float raws[4] = {raw.x, raw.y, raw.z, raw.w};
        float values[4] = {now.x, now.y, now.z, now.w};
        visit(token, raws, values);
      }
    }
    if (row.isPatched) {
      __syncthreads();  // before the next chunk is patched
    }
  }
}

/** After temperature and top-k. */
static __device__ __forceinline__ float kept_by_top_k(const LogitRow& row, float value) {
  float tempered = __fdiv_rn(value, row.temperature);
  return tempered < row.topKValue ? NEGATIVE_INFINITY : tempered;
}

static __device__ __forceinline__ float weight_of(const LogitRow& row, float value) {
  return exp_exact(__fsub_rn(value, row.shift));
}

/** A probability in fixed point, UNIT_MASS for the most likely token. */
static __device__ __forceinline__ mass_t mass_of_weight(float weight) {
  return weight != weight ? 0 : (mass_t)__fmul_rn(weight, UNIT_MASS);
}
