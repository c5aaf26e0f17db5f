package dev.weft.gpuexecutor;

import java.nio.IntBuffer;

/**
 * Divides the attention of a step into items for the device: its rows are told one by one, then the
 * items are written into the step block. Used again for every step; allocates nothing.
 */
interface AttentionItems {
  /** The most ints that {@link #writeTo} writes for any step. */
  long maxInts();

  /** Begins a step without rows. */
  void begin();

  /**
   * Adds the next row of the batch.
   *
   * @param firstToken index of its first token in the batch
   * @param numTokens its tokens, 1 or more, each of which asks
   * @param startPosition cache position of its first token
   * @param treeFirst cache position of the first draft of its tree; {@link Integer#MAX_VALUE} when
   *     it has none
   */
  void addRow(int slot, int firstToken, int numTokens, int startPosition, int treeFirst);

  /** Ends the step; from now on its items are known. */
  void finish();

  /** Items of {@link StepBlock#ITEM_INTS} ints for the kernel that splits keys over warps. */
  int numDecodeItems();

  /** Items of {@link StepBlock#ITEM_INTS} ints for the kernel that splits queries over warps. */
  int numPrefillItems();

  /** Records of {@link StepBlock#MERGE_INTS} ints, one for each token whose keys were split. */
  int numMerges();

  /**
   * Writes decode items, prefill items and merge records, one behind the other.
   *
   * @param start index of the first int
   */
  void writeTo(IntBuffer target, int start);
}
