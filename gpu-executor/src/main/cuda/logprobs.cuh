// logprobs.cuh - log-probabilities of one row of raw logits: of the chosen token, and of the most
// likely ones. The normaliser is a sum in fixed point, so repeating a step repeats its bits; it
// agrees with TopLogprobs.java up to rounding.
//
// Cost: the passes of a threshold search when a list is wanted, and three more; one more for each
// further token that ties with the last one of the list.
#pragma once
#include "device.cuh"
#include "logit_row.cuh"
#include "thresholds.cuh"

/** The most likely tokens by the raw logits, of equally likely ones the lower first. */
static __device__ __forceinline__ void report_top(LogitRow& raw, SampleMemory& memory,
                                                  double normaliser, int numTop, int* entry) {
  float threshold = find_threshold(raw, memory, numTop, -1);
  if (threadIdx.x == 0) {
    memory.numTop = 0;
  }
  __syncthreads();
  Candidate tie = no_candidate();
  for_each_value(raw, memory, [&](int first, const float*, const float* values) {
    for (int i = 0; i < 4; i++) {
      if (values[i] > threshold) {
        int at = atomicAdd(&memory.numTop, 1);
        memory.topToken[at] = first + i;
        memory.topValue[at] = values[i];
      } else if (values[i] == threshold && first + i < tie.token) {
        tie.value = values[i];
        tie.token = first + i;
      }
    }
  });
  tie = block_best(tie, memory);
  int numAbove = memory.numTop;
  if ((int)threadIdx.x < numAbove) {
    Candidate mine = {memory.topValue[threadIdx.x], memory.topToken[threadIdx.x]};
    int rank = 0;
    for (int i = 0; i < numAbove; i++) {
      Candidate other = {memory.topValue[i], memory.topToken[i]};
      rank += beats(other, mine) ? 1 : 0;
    }
    entry[LOGPROB_TOP + 2 * rank] = mine.token;
    entry[LOGPROB_TOP + 2 * rank + 1] = __float_as_int((float)(mine.value - normaliser));
  }
  for (int rank = numAbove; rank < numTop; rank++) {
    if (threadIdx.x == 0) {
      entry[LOGPROB_TOP + 2 * rank] = tie.token;
      entry[LOGPROB_TOP + 2 * rank + 1] = __float_as_int((float)(threshold - normaliser));
    }
    if (rank + 1 < numTop) {
      Candidate next = no_candidate();
      for_each_value(raw, memory, [&](int first, const float*, const float* values) {
        for (int i = 0; i < 4; i++) {
          bool isTie = values[i] == threshold && first + i > tie.token;
          if (isTie && first + i < next.token) {
            next.value = values[i];
            next.token = first + i;
          }
        }
      });
      tie = block_best(next, memory);
    }
  }
}

/** The sum of probabilities is in fixed point, so that it does not depend on an order. */
static __device__ __forceinline__ void report_logprobs(const LogitRow& row, SampleMemory& memory,
                                                       int token, int numTop, int* entry) {
  LogitRow raw = row;
  raw.mask = nullptr;
  raw.isPatched = false;
  raw.isListed = false;
  raw.temperature = 1;
  raw.topKValue = NEGATIVE_INFINITY;
  Candidate best = no_candidate();
  for_each_value(raw, memory, [&](int first, const float*, const float* values) {
    for (int i = 0; i < 4; i++) {
      Candidate candidate = {values[i], first + i};
      best = beats(candidate, best) ? candidate : best;
    }
  });
  raw.shift = block_best(best, memory).value;
  mass_t mine = 0;
  for_each_value(raw, memory, [&](int, const float*, const float* values) {
    for (int i = 0; i < 4; i++) {
      mine += values[i] == NEGATIVE_INFINITY ? 0 : mass_of_weight(weight_of(raw, values[i]));
    }
  });
  double sum = (double)block_sum(mine, memory) / UNIT_MASS;
  double normaliser = raw.shift + log(sum);
  if (threadIdx.x == 0) {
    entry[LOGPROB_OF_TOKEN] = __float_as_int((float)(raw.logits[token] - normaliser));
    entry[LOGPROB_NUM_TOP] = numTop;
  }
  if (numTop > 0) {
    report_top(raw, memory, normaliser, numTop, entry);
  }
}
