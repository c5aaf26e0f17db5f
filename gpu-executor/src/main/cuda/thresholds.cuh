// thresholds.cuh - the value at which a descending sum of masses reaches a target, without sorting:
// ThresholdSearch.java on a block of threads.
//
// Idea: a radix search over the bits of the values, from the highest, in three passes. Each adds up
// the masses by one group of bits, in shared memory, among the tokens that agree with what is
// known, and so fixes that group. After the first of them all that still matters are the tokens of
// at least that digit. A pass of its own lists them, if they are few, and whatever follows, here
// and later, looks at the list instead of the row.
//
// Masses are integers, so no sum depends on an order. A sum of 64 bits is kept in two words with a
// carry: shared memory adds 32 bits in one instruction, 64 bits only in a loop, and the upper word
// is seldom touched.
#pragma once
#include "device.cuh"
#include "logit_row.cuh"
#include "noise.cuh"

/** Orders floats as unsigned integers; both zeros get the same key. */
static __device__ __forceinline__ unsigned key_of(float value) {
  unsigned bits = __float_as_int(__fadd_rn(value, 0.f));
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static __device__ __forceinline__ float value_of_key(unsigned key) {
  return __int_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

static __device__ __forceinline__ void add_mass(SampleMemory& memory, unsigned digit, mass_t mass) {
  unsigned low = (unsigned)mass;
  unsigned high = (unsigned)(mass >> 32);
  unsigned before = atomicAdd(&memory.massLow[digit], low);
  high += before + low < before ? 1 : 0;
  if (high) {
    atomicAdd(&memory.massHigh[digit], high);
  }
}

/**
 * Finds the digit at which the descending sum reaches the target; negative when it does not.
 *
 * above: mass of what is above all digits; becomes the mass of what is above the digit found
 * share: when 0 or more, the target becomes this share of all mass
 */
static __device__ __forceinline__ int find_digit(SampleMemory& memory, int numDigits,
                                                      mass_t& above, mass_t& target, float share) {
  // A thread takes four digits; the first thread the highest.
  int highest = numDigits - 1 - 4 * (int)threadIdx.x;
  mass_t masses[4];
  mass_t mine = 0;
  for (int i = 0; i < 4; i++) {
    int digit = highest - i;
    masses[i] =
        digit < 0 ? 0 : (mass_t)memory.massHigh[digit] << 32 | memory.massLow[digit];
    mine += masses[i];
  }
  int lane = threadIdx.x & 31;
  mass_t upToMine = mine;
  for (int distance = 1; distance < 32; distance *= 2) {
    mass_t other = __shfl_up_sync(ALL_LANES, upToMine, distance);
    upToMine += lane >= distance ? other : 0;
  }
  if (lane == 31) {
    memory.warpMass[threadIdx.x >> 5] = upToMine;
  }
  if (threadIdx.x == 0) {
    memory.digit = -1;
    memory.massAbove = above;
  }
  __syncthreads();
  mass_t before = above + upToMine - mine;
  mass_t total = above;
  for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
    before += warp < (int)(threadIdx.x >> 5) ? memory.warpMass[warp] : 0;
    total += memory.warpMass[warp];
  }
  if (share >= 0) {
    mass_t shared = (mass_t)ceil(__dmul_rn((double)share, (double)total));
    target = shared > 1 ? shared : 1;
  }
  if (before < target && before + mine >= target) {
    mass_t sum = before;
    for (int i = 0; i < 4; i++) {
      if (masses[i] > 0 && sum < target) {
        memory.digit = highest - i;
        memory.massAbove = sum;
        sum += masses[i];
      }
    }
  }
  __syncthreads();
  above = memory.massAbove;
  return memory.digit;
}

/**
 * The largest v for which the values of at least v reach a target: so many of them, when share is
 * negative, else this share of all probability. Not a number, which no value is below, when there
 * are not enough. May leave the row listed.
 */
static __device__ __forceinline__ float find_threshold(LogitRow& row, SampleMemory& memory,
                                                       int count, float share) {
  unsigned known = 0;
  int knownBits = 0;
  mass_t above = 0;
  mass_t target = count;
  // The second pass lists; one loop, so that a pass is compiled once.
  for (int pass = 0; pass < 4; pass++) {
    bool lists = pass == 1;
    if (lists && row.isListed) {
      continue;
    }
    int bits = pass < 3 ? 11 : 10;
    int shift = lists ? 21 : 32 - knownBits - bits;
    for (int digit = threadIdx.x; digit < MAX_DIGITS; digit += SAMPLE_THREADS) {
      memory.massLow[digit] = 0;
      memory.massHigh[digit] = 0;
    }
    if (lists && threadIdx.x == 0) {
      memory.numListed = 0;
    }
    __syncthreads();
    for_each_value(row, memory, [&](int first, const float*, const float* values) {
      for (int i = 0; i < 4; i++) {
        float value = kept_by_top_k(row, values[i]);
        unsigned key = key_of(value);
        if (value == NEGATIVE_INFINITY) {
          continue;
        }
        if (lists) {
          if (key >> shift >= known) {
            int at = atomicAdd(&memory.numListed, 1);
            if (at < MAX_LISTED) {
              memory.listedToken[at] = first + i;
              memory.listedValue[at] = values[i];
            }
          }
        } else if (key >> shift >> bits == known) {  // a shift by 32 is not defined
          mass_t mass = share < 0 ? 1 : mass_of_weight(weight_of(row, value));
          if (mass) {
            add_mass(memory, key >> shift & ((1 << bits) - 1), mass);
          }
        }
      }
    });
    __syncthreads();
    if (lists) {
      row.isListed = memory.numListed <= MAX_LISTED;
      row.isPatched = row.isPatched && !row.isListed;
      continue;
    }
    int digit = find_digit(memory, 1 << bits, above, target, pass == 0 ? share : -1);
    if (digit < 0) {
      return __int_as_float(0x7fffffff);
    }
    known = known << bits | (unsigned)digit;
    knownBits += bits;
  }
  return value_of_key(known);
}
