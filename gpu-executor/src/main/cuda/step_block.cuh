// step_block.cuh - where everything stands in the memory that Java and the kernels share.
//
// A step is one array of ints, copied to the device as a whole: a header, then sections, each at
// the offset (in ints, from the start of the array) that the header names. StepPacker writes it;
// the kernels read it. The slots and the results are arrays of ints as well. Floats stand there by
// their bits, longs as two ints, the low one first.
//
//   step    | header 64 | rows | tokens | .. |
//   slots   | slot 0: last token, parameters, block table, stop tokens, biases, history | slot 1 ..
//   results | area 0: header, rows, log-probabilities | area 1 ..
//
// StepBlock.java has the same names and numbers; StepBlockTest compares the two.
#pragma once

// Header of a step.
enum {
  HEADER_STEP_ID = 1,  // a long
  HEADER_NUM_ROWS = 3,
  HEADER_NUM_TOKENS = 4,
  HEADER_NUM_LOGITS = 5,
  HEADER_RESULT_SLOT = 6,
  HEADER_FLAGS = 7,
  HEADER_NUM_ATTACHED = 8,
  HEADER_NUM_TABLE_WRITES = 9,
  HEADER_NUM_COPIES = 10,
  HEADER_NUM_DECODE_ITEMS = 11,
  HEADER_NUM_PREFILL_ITEMS = 12,
  HEADER_NUM_MERGES = 13,

  // Offsets of the sections.
  HEADER_ROWS = 16,
  HEADER_ATTACHED = 17,
  HEADER_TABLE_WRITES = 18,
  HEADER_TOKENS = 19,  // one int per token, in the order of the batch; -1 is the slot's last token
  HEADER_COPIES = 20,
  HEADER_DECODE_ITEMS = 23,
  HEADER_PREFILL_ITEMS = 24,
  HEADER_MERGES = 25,
  HEADER_TOKEN_ROWS = 26,  // the row of every token

  // What is the same in every step of an executor.
  HEADER_VOCABULARY_SIZE = 32,
  HEADER_SLOT_STRIDE = 33,    // ints of a slot
  HEADER_SLOT_TABLE = 34,     // offsets in a slot
  HEADER_SLOT_STOPS = 35,
  HEADER_SLOT_BIASES = 36,
  HEADER_SLOT_HISTORY = 37,
  HEADER_BLOCK_SHIFT = 38,    // log2 of the positions of a KV block
  HEADER_MAX_TOKENS = 39,     // stride of the token arrays
  HEADER_RESULT_STRIDE = 40,  // ints of a row of a result
  HEADER_MASK_STRIDE = 41,    // ints of a mask
  HEADER_RESULT_AREA = 42,    // ints of a result area
  HEADER_RESULT_LOGPROBS = 43,         // offset of the log-probabilities in a result area
  HEADER_RESULT_LOGPROB_STRIDE = 44,   // ints of the log-probabilities of one row of logits
  HEADER_LOGITS_STRIDE = 45,  // floats of a row of logits
  HEADER_INTS = 64,

  FLAG_TABLE_WRITES_IN_ORDER = 1,  // a later table write may replace an earlier one
};

// A row of the step: a piece of one sequence. Its tokens lie one behind the other in the batch: the
// known ones, then the drafts that are verified.
enum {
  ROW_SLOT = 0,
  ROW_NUM_TOKENS = 1,  // known tokens and drafts
  ROW_START_POSITION = 2,
  ROW_FIRST_TOKEN = 3,  // index of its first token in the batch
  ROW_NUM_DRAFTS = 4,
  ROW_FIRST_LOGIT = 5,  // row of logits behind its last known token; -1 when not sampled
  ROW_MASKS = 6,  // offset in the step of as many masks, one behind the other; -1 none
  ROW_TREE = 7,  // offset in the step of a tree record for every draft; -1 for a chain
  ROW_INTS = 8,
};

// A draft of a tree.
enum {
  TREE_PARENT = 0,  // draft that it follows; -1 for the last known token
  TREE_DEPTH = 1,   // 1 behind the last known token
  TREE_MASK_LOW = 2,  // bit d: draft d is an ancestor or the draft itself
  TREE_MASK_HIGH = 3,
  TREE_INTS = 4,
};

// A slot that gets another sequence. The parameters stand as they will in the slot.
enum {
  ATTACHED_SLOT = 0,
  ATTACHED_STOPS = 1,    // offsets of the lists in the step
  ATTACHED_BIASES = 2,
  ATTACHED_HISTORY = 3,
  ATTACHED_PARAMETERS = 4,
  ATTACHED_NUM_HISTORY = 20,  // tokens from position 0 on; 0 without penalties
  ATTACHED_INTS = 24,
};

// A place of a slot's block table.
enum {
  WRITE_SLOT = 0,
  WRITE_INDEX = 1,
  WRITE_BLOCK = 2,
  WRITE_INTS = 3,
};

// A copy of a KV block; copies take effect one after another.
enum {
  COPY_SOURCE = 0,
  COPY_TARGET = 1,
  COPY_INTS = 2,
};

// A piece of attention: some queries of a row against some of its keys.
enum {
  ITEM_SLOT = 0,
  ITEM_FIRST_TOKEN = 1,  // index in the batch of the first query
  ITEM_NUM_TOKENS = 2,   // queries
  ITEM_KEY_BEGIN = 3,    // cache positions
  ITEM_KEY_END = 4,
  ITEM_SPLIT = 5,
  ITEM_NUM_SPLITS = 6,
  ITEM_PART = 7,         // index of the partial results; -1 writes the output directly
  ITEM_TREE_FIRST = 8,   // cache position of the first draft of a tree; INT_MAX for none
  ITEM_NUM_KEYS = 9,     // cache positions that are valid after this step
  ITEM_INTS = 12,
};

// A token whose attention was split.
enum {
  MERGE_TOKEN = 0,
  MERGE_PART = 1,  // index of its first partial result
  MERGE_NUM_SPLITS = 2,
  MERGE_INTS = 4,
};

// The arrays with an int per token of the batch, which prepare_inputs writes.
enum {
  TOKEN_ID = 0,
  TOKEN_POSITION = 1,
  TOKEN_KV_SLOT = 2,  // block * block size + offset in the block
  TOKEN_CACHE_POSITION = 3,
  TOKEN_TREE_LOW = 4,  // the tree mask of a draft; 0 for a token in no tree
  TOKEN_TREE_HIGH = 5,
  TOKEN_ARRAYS = 6,
};

// A slot; where its lists stand is in the header of the step.
enum {
  SLOT_LAST_TOKEN = 0,  // sampled last; -1 none yet
  SLOT_PARAMETERS = 4,
  SLOT_SEED = 4,  // a long
  SLOT_TEMPERATURE = 6,
  SLOT_TOP_K = 7,
  SLOT_TOP_P = 8,
  SLOT_MIN_P = 9,
  SLOT_REPETITION_PENALTY = 10,
  SLOT_PRESENCE_PENALTY = 11,
  SLOT_FREQUENCY_PENALTY = 12,
  SLOT_HAS_PENALTIES = 13,
  SLOT_NUM_PROMPT_TOKENS = 14,
  SLOT_MIN_NEW_TOKENS = 15,
  SLOT_NUM_STOPS = 16,
  SLOT_NUM_BIASES = 17,  // pairs of token and bias
  SLOT_NUM_LOGPROBS = 18,  // alternatives to report; -1 when not even the token's own is
  SLOT_NUM_PARAMETERS = 16,
};

// Result of a step.
enum {
  RESULT_STEP_ID = 0,  // a long
  RESULT_START_NANOS = 2,  // a long
  RESULT_END_NANOS = 4,  // a long
  RESULT_NUM_ROWS = 6,
  RESULT_FAULTS = 7,
  RESULT_HEADER_INTS = 16,

  FAULT_BAD_INPUT = 1,  // a token was taken that does not exist

  RESULT_ROW_NUM_TOKENS = 0,
  RESULT_ROW_FLAGS = 1,
  RESULT_ROW_TOKENS = 2,  // pairs of token and row of logits that it was drawn from

  RESULT_ROW_FAILED = 1,
  RESULT_ROW_HAS_LOGPROBS = 2,

  LOGPROB_OF_TOKEN = 0,
  LOGPROB_NUM_TOP = 1,
  LOGPROB_TOP = 2,  // pairs of token and log-probability
};

// Most drafts of a row: the ancestors of a draft are the bits of a long.
enum { MAX_DRAFTS = 64 };
