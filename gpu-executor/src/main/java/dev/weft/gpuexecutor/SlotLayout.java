package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SamplingParameters;

/**
 * Where the parts of a slot stand on the device. A slot is one run of ints, {@code slot * stride()}
 * from the start of all of them, and has room for all that a sequence can bring; what it holds
 * stays until it is attached again.
 *
 * <pre>
 * | last token, parameters | block table | stop tokens | biases | history |
 * 0                        table()       stops()       biases() history()  stride()
 * </pre>
 *
 * <p>The history, all tokens of the sequence, is kept for sequences with penalties alone.
 */
final class SlotLayout {
  /** Ints before the block table. */
  private static final int NUM_FIXED_INTS = 32;

  /** Slots begin at multiples of 128 bytes. */
  private static final int ALIGNMENT_INTS = 32;

  private final int numSlots;
  private final int maxBlocks;
  private final int maxHistory;

  SlotLayout(ExecutorSpec spec) {
    numSlots = spec.numSlots();
    maxBlocks = (spec.maxModelLen() + spec.blockSize() - 1) / spec.blockSize();
    // The token behind the last computed position is sampled as well.
    maxHistory = spec.maxModelLen() + 1;
  }

  int table() {
    return NUM_FIXED_INTS;
  }

  int stops() {
    return table() + maxBlocks;
  }

  int biases() {
    return stops() + SamplingParameters.MAX_NUM_STOP_TOKENS;
  }

  int history() {
    return biases() + 2 * SamplingParameters.MAX_NUM_BIASED_TOKENS;
  }

  /** Ints of a slot. */
  int stride() {
    int length = history() + maxHistory;
    return (length + ALIGNMENT_INTS - 1) / ALIGNMENT_INTS * ALIGNMENT_INTS;
  }

  /** Places of a block table. */
  int maxBlocks() {
    return maxBlocks;
  }

  /** Bytes of all slots; they must be zero before the first step. */
  long bytes() {
    return (long) Integer.BYTES * numSlots * stride();
  }
}
