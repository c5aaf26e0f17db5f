// sampling.cuh - chooses a token from each row of logits: TokenSampler.java on the device, to the
// bit. A block takes a row.
//
// Idea: a pass reads the row once, in coalesced float4, and all that a token's value depends on is
// worked out on the way: penalties, bias, mask and withheld stop tokens, temperature, and the
// thresholds of top-k, top-p and min-p. Nothing is sorted and nothing but the row is needed:
//
//   1 pass    whether all logits are numbers, and the largest value: all that a greedy row needs
//   2 passes  the thresholds of top-k and top-p (ThresholdSearch.java): a radix search that adds up
//             integer masses by digit in shared memory, and lists what may still be drawn. Where
//             that is too much for a list, 3 more passes
//   1 pass    the largest value + noise, unless there is a list; noise is worked out only where it
//             could decide
//   2 passes  for rows that report log-probabilities, and 2 more for the most likely tokens
//
// Penalties, biases and stop tokens concern few tokens of the vocabulary. A row that has some is
// patched chunk by chunk in shared memory: occurrences are counted there, then logits changed. The
// first pass writes the changed logits back, so that later passes are plain; unless the row reports
// log-probabilities, which are those of the raw logits: then every pass patches anew.
//
// The choice is exact because no sum depends on an order: masses are integers, and the largest
// value wins by (value, lower token). That nothing is sorted is an idea of FlashInfer's sampling
// kernels (Ye et al., FlashInfer: Efficient and Customizable Attention Engine for LLM Inference
// Serving, MLSys 2025); radix search and fixed point are those of the host.
#pragma once
#include "device.cuh"
#include "inputs.cuh"
#include "logit_row.cuh"
#include "logprobs.cuh"
#include "noise.cuh"
#include "step_block.cuh"
#include "thresholds.cuh"

// ---- choosing

/** What the token is drawn from: minus infinity where it cannot be drawn. */
static __device__ __forceinline__ float kept(const LogitRow& row, float keptByTopK) {
  float value = keptByTopK < row.topPValue ? NEGATIVE_INFINITY : keptByTopK;
  return row.minP > 0 && weight_of(row, keptByTopK) < row.minP ? NEGATIVE_INFINITY : value;
}

static __device__ __forceinline__ unsigned word_of(uint4 words, int index) {
  return index == 0 ? words.x : index == 1 ? words.y : index == 2 ? words.z : words.w;
}

static __device__ __forceinline__ uint4 noise_words(const int* slot, int position, int token) {
  return philox(slot[SLOT_SEED], slot[SLOT_SEED + 1], position, token >> 2, PHILOX_SAMPLING, 0);
}

/**
 * The token with the largest value + noise. Begins with the most likely one, so that most others
 * can be passed over: those which even the largest noise would not lift to the best sum.
 */
static __device__ __forceinline__ int draw(const LogitRow& row, SampleMemory& memory,
                                           const int* slot, int position, Candidate mostLikely) {
  float maxNoise = gumbel(0xffffffffu);
  unsigned word = word_of(noise_words(slot, position, mostLikely.token), mostLikely.token & 3);
  Candidate best;
  best.token = mostLikely.token;
  best.value = __fadd_rn(kept(row, row.shift), gumbel(word));
  for_each_value(row, memory, [&](int first, const float*, const float* values) {
    uint4 words;
    bool hasWords = false;
    for (int i = 0; i < 4; i++) {
      float value = kept_by_top_k(row, values[i]);
      if (__fadd_rn(value, maxNoise) >= best.value) {
        if (!hasWords) {
          words = noise_words(slot, position, first);
          hasWords = true;
        }
        Candidate candidate;
        candidate.token = first + i;
        candidate.value = __fadd_rn(kept(row, value), gumbel(word_of(words, i)));
        best = beats(candidate, best) ? candidate : best;
      }
    }
  });
  return block_best(best, memory).token;
}

/** The token of the row, NOTHING_PERMITTED or NOT_A_NUMBER. */
static __device__ __forceinline__ int choose(LogitRow& row, SampleMemory& memory, const int* slot,
                                             int position, bool keepsLogits) {
  bool isStored = row.isPatched && !keepsLogits;
  bool areFinite = true;
  Candidate best = no_candidate();
  for_each_value(row, memory, [&](int first, const float* raws, const float* values) {
    for (int i = 0; i < 4; i++) {
      areFinite &= first + i >= row.vocabularySize || is_finite(raws[i]);
      Candidate candidate;
      candidate.token = first + i;
      candidate.value = values[i];
      best = beats(candidate, best) ? candidate : best;
    }
    if (isStored) {
      *(float4*)(row.logits + first) = make_float4(values[0], values[1], values[2], values[3]);
    }
  });
  if (isStored) {
    row.isPatched = false;
    row.mask = nullptr;
  }
  if (__syncthreads_or(!areFinite)) {
    return NOT_A_NUMBER;
  }
  best = block_best(best, memory);
  if (best.value == NEGATIVE_INFINITY) {
    return NOTHING_PERMITTED;
  }
  int topK = slot[SLOT_TOP_K];
  row.temperature = __int_as_float(slot[SLOT_TEMPERATURE]);
  if (row.temperature < MIN_TEMPERATURE || topK == 1) {
    return best.token;
  }
  float topP = __int_as_float(slot[SLOT_TOP_P]);
  bool hasTopK = topK > 0 && topK < row.vocabularySize;
  row.shift = kept_by_top_k(row, best.value);
  // One call, so that the search is compiled once here.
  for (int search = hasTopK ? 0 : 1; search < (topP < 1 ? 2 : 1); search++) {
    float threshold = find_threshold(row, memory, topK, search == 0 ? -1 : topP);
    row.topKValue = search == 0 ? threshold : row.topKValue;
    row.topPValue = search == 0 ? row.topPValue : threshold;
  }
  row.minP = __int_as_float(slot[SLOT_MIN_P]);
  return draw(row, memory, slot, position, best);
}

// ---- the kernel

/** The drafts between the last known token and a node, the first one first. */
static __device__ __forceinline__ void walk_path(const int* step, const int* record, int node,
                                                 int numPath, int* path) {
  int numKnown = record[ROW_NUM_TOKENS] - record[ROW_NUM_DRAFTS];
  const int* drafts = section(step, HEADER_TOKENS) + record[ROW_FIRST_TOKEN] + numKnown;
  int draft = node - 1;
  for (int i = numPath - 1; i >= 0; i--) {
    path[i] = drafts[draft];
    draft = record[ROW_TREE] >= 0 ? step[record[ROW_TREE] + draft * TREE_INTS + TREE_PARENT]
                                  : draft - 1;
  }
}

static __device__ __forceinline__ LogitRow row_of(const int* step, const int* record, int node,
                                                  float* logits) {
  LogitRow row;
  row.logits = logits;
  row.vocabularySize = step[HEADER_VOCABULARY_SIZE];
  row.mask = record[ROW_MASKS] < 0 ? nullptr
                                   : (const unsigned*)step + record[ROW_MASKS] +
                                         node * step[HEADER_MASK_STRIDE];
  row.isPatched = false;
  row.isListed = false;
  row.temperature = 1;
  row.topKValue = NEGATIVE_INFINITY;
  row.topPValue = NEGATIVE_INFINITY;
  row.minP = 0;
  row.shift = 0;
  return row;
}

static __device__ __forceinline__ void find_patches(const int* step, const int* slot,
                                                    const int* record, int node, int position,
                                                    int numPath, Patches& patches) {
  patches.hasPenalties = slot[SLOT_HAS_PENALTIES];
  patches.history = slot + step[HEADER_SLOT_HISTORY];
  patches.numHistory = position - numPath;
  patches.numPath = numPath;
  patches.numPromptTokens = slot[SLOT_NUM_PROMPT_TOKENS];
  patches.repetitionPenalty = __int_as_float(slot[SLOT_REPETITION_PENALTY]);
  patches.frequencyPenalty = __int_as_float(slot[SLOT_FREQUENCY_PENALTY]);
  patches.presencePenalty = __int_as_float(slot[SLOT_PRESENCE_PENALTY]);
  patches.biases = slot + step[HEADER_SLOT_BIASES];
  patches.numBiases = slot[SLOT_NUM_BIASES];
  bool withholds = position - patches.numPromptTokens < slot[SLOT_MIN_NEW_TOKENS];
  patches.stops = slot + step[HEADER_SLOT_STOPS];
  patches.numStops = withholds ? slot[SLOT_NUM_STOPS] : 0;
  walk_path(step, record, node, numPath, patches.path);
}

/**
 * Grid: rows of logits, or more. 512 threads.
 *
 * logits: HEADER_LOGITS_STRIDE floats a row, of which only the vocabulary is read; overwritten.
 * sampled: for each row of logits the token, NOTHING_PERMITTED or NOT_A_NUMBER.
 */
extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS, 1)
    sample(const int* step, const int* slots, float* logits, const int* logitRows, int* sampled,
           int* results) {
  __shared__ SampleMemory memory;
  int logit = blockIdx.x;
  if (logit >= step[HEADER_NUM_LOGITS]) {
    return;
  }
  const int* record = section(step, HEADER_ROWS) + logitRows[logit] * ROW_INTS;
  const int* slot = slot_at(step, slots, record[ROW_SLOT]);
  int node = logit - record[ROW_FIRST_LOGIT];  // 0, or 1 + the draft
  int numPath = node;
  if (record[ROW_TREE] >= 0 && node > 0) {
    numPath = step[record[ROW_TREE] + (node - 1) * TREE_INTS + TREE_DEPTH];
  }
  int numKnown = record[ROW_NUM_TOKENS] - record[ROW_NUM_DRAFTS];
  int position = record[ROW_START_POSITION] + numKnown + numPath;
  LogitRow row =
      row_of(step, record, node, logits + (size_t)logit * step[HEADER_LOGITS_STRIDE]);
  if (threadIdx.x == 0) {
    find_patches(step, slot, record, node, position, numPath, memory.patches);
  }
  __syncthreads();
  row.isPatched = memory.patches.hasPenalties || memory.patches.numBiases > 0 ||
                  memory.patches.numStops > 0;
  int numLogprobs = slot[SLOT_NUM_LOGPROBS];
  int token = choose(row, memory, slot, position, numLogprobs >= 0);
  if (threadIdx.x == 0) {
    sampled[logit] = token;
  }
  if (numLogprobs >= 0 && token >= 0) {
    int* entries = result_area(step, results) + step[HEADER_RESULT_LOGPROBS];
    report_logprobs(row, memory, token, numLogprobs,
                    entries + (size_t)logit * step[HEADER_RESULT_LOGPROB_STRIDE]);
  }
}
