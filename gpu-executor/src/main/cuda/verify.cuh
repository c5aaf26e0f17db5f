// verify.cuh - which of the sampled tokens a row yields: RowSampler.java for coupled drafts.
//
// Every row of logits was sampled as plain decoding would at its position, so the walk is short:
// from behind the last known token on, take the sampled token; where a draft behind the same node
// equals it, go on behind that draft. A warp takes a row; its lanes look at all drafts at once.
#pragma once
#include "device.cuh"
#include "inputs.cuh"
#include "step_block.cuh"

#define NO_DRAFT -1

/** The draft that follows a node (0, or 1 + a draft) and is this token. */
static __device__ __forceinline__ int draft_behind(const int* step, const int* record,
                                                   const int* drafts, int node, int token) {
  int lane = threadIdx.x;
  for (int first = node; first < record[ROW_NUM_DRAFTS]; first += 32) {
    int draft = first + lane;
    bool follows = draft < record[ROW_NUM_DRAFTS] && drafts[draft] == token;
    if (follows) {
      int parent = record[ROW_TREE] < 0 ? draft - 1
                                        : step[record[ROW_TREE] + draft * TREE_INTS + TREE_PARENT];
      follows = parent == node - 1;
    }
    unsigned found = __ballot_sync(ALL_LANES, follows);
    if (found) {
      return first + __ffs(found) - 1;
    }
  }
  return NO_DRAFT;
}

/**
 * Grid: rows, or more. 32 threads.
 *
 * acceptedCounts, accepted: for each row how many drafts were accepted, and at row * MAX_DRAFTS
 * which, in the order of their positions.
 */
extern "C" __global__ void __launch_bounds__(32)
    verify(const int* step, int* slots, const int* sampled, int* acceptedCounts, int* accepted,
           int* results) {
  int row = blockIdx.x;
  int numRows = step[HEADER_NUM_ROWS];
  if (row >= numRows) {
    return;
  }
  const int* record = section(step, HEADER_ROWS) + row * ROW_INTS;
  int* slot = slot_at(step, slots, record[ROW_SLOT]);
  int* area = result_area(step, results);
  int* result = area + RESULT_HEADER_INTS + row * step[HEADER_RESULT_STRIDE];
  int numKnown = record[ROW_NUM_TOKENS] - record[ROW_NUM_DRAFTS];
  const int* drafts = section(step, HEADER_TOKENS) + record[ROW_FIRST_TOKEN] + numKnown;
  int* next = slot + step[HEADER_SLOT_HISTORY] + record[ROW_START_POSITION] + numKnown;
  bool isSampled = record[ROW_FIRST_LOGIT] >= 0;
  bool isFirst = threadIdx.x == 0;
  int flags = slot[SLOT_NUM_LOGPROBS] >= 0 ? RESULT_ROW_HAS_LOGPROBS : 0;
  int numTokens = 0;
  int numAccepted = 0;
  for (int node = 0; isSampled;) {
    int logit = record[ROW_FIRST_LOGIT] + node;
    int token = sampled[logit];
    if (token < 0) {
      flags |= RESULT_ROW_FAILED;
    } else if (isFirst) {
      result[RESULT_ROW_TOKENS + 2 * numTokens] = token;
      result[RESULT_ROW_TOKENS + 2 * numTokens + 1] = logit;
      if (slot[SLOT_HAS_PENALTIES]) {
        next[numTokens] = token;
      }
    }
    numTokens += token < 0 ? 0 : 1;
    int draft = token < 0 ? NO_DRAFT : draft_behind(step, record, drafts, node, token);
    if (draft == NO_DRAFT) {
      if (isFirst) {
        // A failed row leaves no token; whoever still reads the slot must find a valid one.
        slot[SLOT_LAST_TOKEN] = token < 0 ? 0 : token;
      }
      break;
    }
    if (isFirst) {
      accepted[row * MAX_DRAFTS + numAccepted] = draft;
    }
    numAccepted++;
    node = 1 + draft;
  }
  if (isFirst) {
    result[RESULT_ROW_NUM_TOKENS] = numTokens;
    result[RESULT_ROW_FLAGS] = flags;
    acceptedCounts[row] = numAccepted;
    if (row == numRows - 1) {
      store_long(area + RESULT_END_NANOS, device_nanos());  // the rows end at about the same time
    }
  }
}
