package dev.weft.gpuexecutor;

/**
 * Where everything stands in the memory that Java and the kernels share: in the block of ints that
 * is copied to the device for a step, in the slots, and in the results. The names and numbers of
 * {@code step_block.cuh}, which says what each one is.
 */
final class StepBlock {
  // Header of a step.
  static final int HEADER_STEP_ID = 1;
  static final int HEADER_NUM_ROWS = 3;
  static final int HEADER_NUM_TOKENS = 4;
  static final int HEADER_NUM_LOGITS = 5;
  static final int HEADER_RESULT_SLOT = 6;
  static final int HEADER_FLAGS = 7;
  static final int HEADER_NUM_ATTACHED = 8;
  static final int HEADER_NUM_TABLE_WRITES = 9;
  static final int HEADER_NUM_COPIES = 10;
  static final int HEADER_NUM_DECODE_ITEMS = 11;
  static final int HEADER_NUM_PREFILL_ITEMS = 12;
  static final int HEADER_NUM_MERGES = 13;
  static final int HEADER_ROWS = 16;
  static final int HEADER_ATTACHED = 17;
  static final int HEADER_TABLE_WRITES = 18;
  static final int HEADER_TOKENS = 19;
  static final int HEADER_COPIES = 20;
  static final int HEADER_DECODE_ITEMS = 23;
  static final int HEADER_PREFILL_ITEMS = 24;
  static final int HEADER_MERGES = 25;
  static final int HEADER_TOKEN_ROWS = 26;
  static final int HEADER_VOCABULARY_SIZE = 32;
  static final int HEADER_SLOT_STRIDE = 33;
  static final int HEADER_SLOT_TABLE = 34;
  static final int HEADER_SLOT_STOPS = 35;
  static final int HEADER_SLOT_BIASES = 36;
  static final int HEADER_SLOT_HISTORY = 37;
  static final int HEADER_BLOCK_SHIFT = 38;
  static final int HEADER_MAX_TOKENS = 39;
  static final int HEADER_RESULT_STRIDE = 40;
  static final int HEADER_MASK_STRIDE = 41;
  static final int HEADER_RESULT_AREA = 42;
  static final int HEADER_RESULT_LOGPROBS = 43;
  static final int HEADER_RESULT_LOGPROB_STRIDE = 44;
  static final int HEADER_LOGITS_STRIDE = 45;
  static final int HEADER_INTS = 64;
  static final int FLAG_TABLE_WRITES_IN_ORDER = 1;

  // A row of the step: a piece of one sequence.
  static final int ROW_SLOT = 0;
  static final int ROW_NUM_TOKENS = 1;
  static final int ROW_START_POSITION = 2;
  static final int ROW_FIRST_TOKEN = 3;
  static final int ROW_NUM_DRAFTS = 4;
  static final int ROW_FIRST_LOGIT = 5;
  static final int ROW_MASKS = 6;
  static final int ROW_TREE = 7;
  static final int ROW_INTS = 8;

  // A draft of a tree.
  static final int TREE_PARENT = 0;
  static final int TREE_DEPTH = 1;
  static final int TREE_MASK_LOW = 2;
  static final int TREE_MASK_HIGH = 3;
  static final int TREE_INTS = 4;

  // A slot that gets another sequence.
  static final int ATTACHED_SLOT = 0;
  static final int ATTACHED_STOPS = 1;
  static final int ATTACHED_BIASES = 2;
  static final int ATTACHED_HISTORY = 3;
  static final int ATTACHED_PARAMETERS = 4;
  static final int ATTACHED_NUM_HISTORY = 20;
  static final int ATTACHED_INTS = 24;

  // A place of a slot's block table.
  static final int WRITE_SLOT = 0;
  static final int WRITE_INDEX = 1;
  static final int WRITE_BLOCK = 2;
  static final int WRITE_INTS = 3;

  // A copy of a KV block; copies take effect one after another.
  static final int COPY_SOURCE = 0;
  static final int COPY_TARGET = 1;
  static final int COPY_INTS = 2;

  // A piece of attention: some queries of a row against some of its keys.
  static final int ITEM_SLOT = 0;
  static final int ITEM_FIRST_TOKEN = 1;
  static final int ITEM_NUM_TOKENS = 2;
  static final int ITEM_KEY_BEGIN = 3;
  static final int ITEM_KEY_END = 4;
  static final int ITEM_SPLIT = 5;
  static final int ITEM_NUM_SPLITS = 6;
  static final int ITEM_PART = 7;
  static final int ITEM_TREE_FIRST = 8;
  static final int ITEM_NUM_KEYS = 9;
  static final int ITEM_INTS = 12;

  // A token whose attention was split.
  static final int MERGE_TOKEN = 0;
  static final int MERGE_PART = 1;
  static final int MERGE_NUM_SPLITS = 2;
  static final int MERGE_INTS = 4;

  // The arrays with an int per token of the batch, which prepare_inputs writes.
  static final int TOKEN_ID = 0;
  static final int TOKEN_POSITION = 1;
  static final int TOKEN_KV_SLOT = 2;
  static final int TOKEN_CACHE_POSITION = 3;
  static final int TOKEN_TREE_LOW = 4;
  static final int TOKEN_TREE_HIGH = 5;
  static final int TOKEN_ARRAYS = 6;

  // A slot; where its lists stand is in the header of the step.
  static final int SLOT_LAST_TOKEN = 0;
  static final int SLOT_PARAMETERS = 4;
  static final int SLOT_SEED = 4;
  static final int SLOT_TEMPERATURE = 6;
  static final int SLOT_TOP_K = 7;
  static final int SLOT_TOP_P = 8;
  static final int SLOT_MIN_P = 9;
  static final int SLOT_REPETITION_PENALTY = 10;
  static final int SLOT_PRESENCE_PENALTY = 11;
  static final int SLOT_FREQUENCY_PENALTY = 12;
  static final int SLOT_HAS_PENALTIES = 13;
  static final int SLOT_NUM_PROMPT_TOKENS = 14;
  static final int SLOT_MIN_NEW_TOKENS = 15;
  static final int SLOT_NUM_STOPS = 16;
  static final int SLOT_NUM_BIASES = 17;
  static final int SLOT_NUM_LOGPROBS = 18;
  static final int SLOT_NUM_PARAMETERS = 16;

  // Result of a step.
  static final int RESULT_STEP_ID = 0;
  static final int RESULT_START_NANOS = 2;
  static final int RESULT_END_NANOS = 4;
  static final int RESULT_NUM_ROWS = 6;
  static final int RESULT_FAULTS = 7;
  static final int RESULT_HEADER_INTS = 16;
  static final int FAULT_BAD_INPUT = 1;
  static final int RESULT_ROW_NUM_TOKENS = 0;
  static final int RESULT_ROW_FLAGS = 1;
  static final int RESULT_ROW_TOKENS = 2;
  static final int RESULT_ROW_FAILED = 1;
  static final int RESULT_ROW_HAS_LOGPROBS = 2;
  static final int LOGPROB_OF_TOKEN = 0;
  static final int LOGPROB_NUM_TOP = 1;
  static final int LOGPROB_TOP = 2;

  // Most drafts of a row: the ancestors of a draft are the bits of a long.
  static final int MAX_DRAFTS = 64;

  private StepBlock() {}
}
