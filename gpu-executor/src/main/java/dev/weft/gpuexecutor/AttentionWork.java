package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.ITEM_FIRST_TOKEN;
import static dev.weft.gpuexecutor.StepBlock.ITEM_INTS;
import static dev.weft.gpuexecutor.StepBlock.ITEM_KEY_BEGIN;
import static dev.weft.gpuexecutor.StepBlock.ITEM_KEY_END;
import static dev.weft.gpuexecutor.StepBlock.ITEM_NUM_KEYS;
import static dev.weft.gpuexecutor.StepBlock.ITEM_NUM_SPLITS;
import static dev.weft.gpuexecutor.StepBlock.ITEM_NUM_TOKENS;
import static dev.weft.gpuexecutor.StepBlock.ITEM_PART;
import static dev.weft.gpuexecutor.StepBlock.ITEM_SLOT;
import static dev.weft.gpuexecutor.StepBlock.ITEM_SPLIT;
import static dev.weft.gpuexecutor.StepBlock.ITEM_TREE_FIRST;
import static dev.weft.gpuexecutor.StepBlock.MERGE_INTS;
import static dev.weft.gpuexecutor.StepBlock.MERGE_NUM_SPLITS;
import static dev.weft.gpuexecutor.StepBlock.MERGE_PART;
import static dev.weft.gpuexecutor.StepBlock.MERGE_TOKEN;

import dev.weft.schedulerapi.ExecutorSpec;
import java.nio.IntBuffer;

/**
 * Divides attention for the kernels of {@code attention.cuh}.
 *
 * <p>A row is cut into tiles of queries, as many as fit with the heads that share a KV head into
 * the 16 pairs of the decode kernel, or the 64 of the prefill kernel when the row has many queries.
 * A tile sees the keys up to its last query. Tiles with many keys are then split, so that all
 * multiprocessors have work and none has much more than another: a split has no more keys than all
 * tiles together divided by the number of thread blocks wanted, which is as many as the device has
 * room for at once (Dao et al., Flash-Decoding for long-context inference, 2023). Splits end at
 * multiples of 64 keys: each of the 4 warps of a decode block then has whole tiles of 16.
 *
 * <p>Partial results: since a split is longer than the mean, no more than twice the number of
 * blocks wanted are splits of something, which bounds the memory before any step is known.
 *
 * <p>In the deterministic form all rows take the decode kernel and nothing is split, so that a
 * query is computed in the same order in every batch.
 *
 * <p>Cost: a few steps per tile and split. Allocates nothing after construction.
 */
final class AttentionWork implements AttentionItems {
  /** Keys that a thread block of the decode kernel takes at a time. */
  static final int KEYS_OF_BLOCK = 64;

  private static final int DECODE_PAIRS = 16;
  private static final int PREFILL_PAIRS = 64;

  /** Rows of at most so many pairs take the decode kernel, which shares their keys among warps. */
  private static final int MAX_DECODE_PAIRS = 2 * DECODE_PAIRS;

  /** No tile is split. */
  private static final int NEVER = 0;

  private final int maxRowOfDecode;
  private final int blocksWanted;
  private final Tiles decodes;
  private final Tiles prefills;

  /** Partial results given away so far, while the step is written. */
  private int numParts;

  private AttentionWork(
      LlamaConfig config, ExecutorSpec spec, int maxRowOfDecode, int blocksWanted) {
    int groupSize = config.groupSize();
    if (groupSize > DECODE_PAIRS) {
      throw new IllegalArgumentException(
          groupSize + " heads share a KV head, more than " + DECODE_PAIRS);
    }
    this.maxRowOfDecode = maxRowOfDecode;
    this.blocksWanted = blocksWanted;
    decodes = new Tiles(spec, DECODE_PAIRS / groupSize);
    prefills = new Tiles(spec, PREFILL_PAIRS / groupSize);
  }

  /** Uses all multiprocessors as well as it can. */
  static AttentionWork balanced(LlamaConfig config, ExecutorSpec spec, int numMultiprocessors) {
    int maxRowOfDecode = MAX_DECODE_PAIRS / config.groupSize();
    int blocksWanted = numItemsAtOnce(config, numMultiprocessors);
    return new AttentionWork(config, spec, maxRowOfDecode, blocksWanted);
  }

  /** Computes a query in the same order in every batch. */
  static AttentionWork deterministic(LlamaConfig config, ExecutorSpec spec) {
    return new AttentionWork(config, spec, Integer.MAX_VALUE, NEVER);
  }

  /** Items that the device works on at once; each is a thread block for every KV head. */
  static int numItemsAtOnce(LlamaConfig config, int numMultiprocessors) {
    int numBlocks = blocksOfMultiprocessor(config.headDim()) * numMultiprocessors;
    return (numBlocks + config.numKvHeads() - 1) / config.numKvHeads();
  }

  /**
   * Thread blocks of an attention kernel that find room on a multiprocessor: a warp keeps queries
   * and sums of whole heads in registers, and those of 128 dimensions take more than half of what
   * four blocks would have each. {@code attention.cuh} has the same numbers.
   */
  static int blocksOfMultiprocessor(int headDim) {
    return headDim > 64 ? 2 : 4;
  }

  /** Entries of partial results that a step may need, one for each query and split. */
  int maxNumParts() {
    return 2 * blocksWanted * (decodes.maxQueries + prefills.maxQueries);
  }

  @Override
  public long maxInts() {
    long numTiles = (long) decodes.slots.length + prefills.slots.length;
    long numMerges = (long) blocksWanted * (decodes.maxQueries + prefills.maxQueries);
    return (numTiles + 2L * blocksWanted) * ITEM_INTS + numMerges * MERGE_INTS;
  }

  @Override
  public void begin() {
    decodes.clear();
    prefills.clear();
  }

  @Override
  public void addRow(int slot, int firstToken, int numTokens, int startPosition, int treeFirst) {
    Tiles tiles = numTokens <= maxRowOfDecode ? decodes : prefills;
    for (int i = 0; i < numTokens; i += tiles.maxQueries) {
      int numQueries = Math.min(tiles.maxQueries, numTokens - i);
      int keyEnd = startPosition + i + numQueries;
      tiles.add(slot, firstToken + i, numQueries, keyEnd, treeFirst, startPosition + numTokens);
    }
  }

  @Override
  public void finish() {
    decodes.split(blocksWanted);
    prefills.split(blocksWanted);
  }

  @Override
  public int numDecodeItems() {
    return decodes.numItems;
  }

  @Override
  public int numPrefillItems() {
    return prefills.numItems;
  }

  @Override
  public int numMerges() {
    return decodes.numMerges + prefills.numMerges;
  }

  @Override
  public void writeTo(IntBuffer target, int start) {
    numParts = 0;
    int item = start;
    int merge = start + (decodes.numItems + prefills.numItems) * ITEM_INTS;
    for (int tile = 0; tile < decodes.numTiles; tile++) {
      item = writeItems(decodes, tile, target, item);
      merge = writeMerges(decodes, tile, target, merge);
    }
    for (int tile = 0; tile < prefills.numTiles; tile++) {
      item = writeItems(prefills, tile, target, item);
      merge = writeMerges(prefills, tile, target, merge);
    }
  }

  private int writeItems(Tiles tiles, int tile, IntBuffer target, int start) {
    int keyEnd = tiles.keyEnds[tile];
    int numSplits = tiles.numSplits(keyEnd);
    int keysOfSplit = tiles.keysOfSplit(keyEnd);
    int at = start;
    for (int split = 0; split < numSplits; split++) {
      target.put(at + ITEM_SLOT, tiles.slots[tile]);
      target.put(at + ITEM_FIRST_TOKEN, tiles.firstTokens[tile]);
      target.put(at + ITEM_NUM_TOKENS, tiles.numQueries[tile]);
      target.put(at + ITEM_KEY_BEGIN, split * keysOfSplit);
      target.put(at + ITEM_KEY_END, Math.min(keyEnd, (split + 1) * keysOfSplit));
      target.put(at + ITEM_SPLIT, split);
      target.put(at + ITEM_NUM_SPLITS, numSplits);
      target.put(at + ITEM_PART, numSplits > 1 ? numParts : -1);
      target.put(at + ITEM_TREE_FIRST, tiles.treeFirsts[tile]);
      target.put(at + ITEM_NUM_KEYS, tiles.numKeys[tile]);
      for (int spare = ITEM_NUM_KEYS + 1; spare < ITEM_INTS; spare++) {
        target.put(at + spare, 0);
      }
      at += ITEM_INTS;
    }
    return at;
  }

  /** To be called behind {@link #writeItems} of the same tile. */
  private int writeMerges(Tiles tiles, int tile, IntBuffer target, int start) {
    int numSplits = tiles.numSplits(tiles.keyEnds[tile]);
    if (numSplits == 1) {
      return start;
    }
    int at = start;
    for (int query = 0; query < tiles.numQueries[tile]; query++) {
      target.put(at + MERGE_TOKEN, tiles.firstTokens[tile] + query);
      target.put(at + MERGE_PART, numParts);
      target.put(at + MERGE_NUM_SPLITS, numSplits);
      for (int spare = MERGE_NUM_SPLITS + 1; spare < MERGE_INTS; spare++) {
        target.put(at + spare, 0);
      }
      numParts += numSplits;
      at += MERGE_INTS;
    }
    return at;
  }

  private static int roundUp(long numKeys) {
    return (int) ((numKeys + KEYS_OF_BLOCK - 1) / KEYS_OF_BLOCK * KEYS_OF_BLOCK);
  }

  /** The tiles of one kernel. */
  private static final class Tiles {
    private final int maxQueries;

    // By tile.
    private final int[] slots;
    private final int[] firstTokens;
    private final int[] numQueries;
    private final int[] keyEnds;
    private final int[] treeFirsts;
    private final int[] numKeys;

    private int numTiles;
    private long sumOfKeys;
    private int maxKeysOfSplit;
    private int numItems;
    private int numMerges;

    Tiles(ExecutorSpec spec, int maxQueries) {
      this.maxQueries = maxQueries;
      // Every row may end in a tile that is not full.
      int maxTokens = spec.maxNumBatchedTokens();
      long maxTiles = (long) maxTokens / maxQueries + spec.maxNumRows();
      int capacity = (int) Math.min(maxTokens, maxTiles);
      slots = new int[capacity];
      firstTokens = new int[capacity];
      numQueries = new int[capacity];
      keyEnds = new int[capacity];
      treeFirsts = new int[capacity];
      numKeys = new int[capacity];
    }

    void clear() {
      numTiles = 0;
      sumOfKeys = 0;
    }

    void add(int slot, int firstToken, int queries, int keyEnd, int treeFirst, int keys) {
      int tile = numTiles++;
      slots[tile] = slot;
      firstTokens[tile] = firstToken;
      numQueries[tile] = queries;
      keyEnds[tile] = keyEnd;
      treeFirsts[tile] = treeFirst;
      numKeys[tile] = keys;
      sumOfKeys += keyEnd;
    }

    void split(int blocksWanted) {
      maxKeysOfSplit =
          blocksWanted == NEVER
              ? Integer.MAX_VALUE
              : Math.max(KEYS_OF_BLOCK, roundUp((sumOfKeys + blocksWanted - 1) / blocksWanted));
      numItems = 0;
      numMerges = 0;
      for (int tile = 0; tile < numTiles; tile++) {
        int numSplits = numSplits(keyEnds[tile]);
        numItems += numSplits;
        numMerges += numSplits > 1 ? numQueries[tile] : 0;
      }
    }

    /** As even as multiples of 64 permit. */
    int keysOfSplit(int keyEnd) {
      if (keyEnd <= maxKeysOfSplit) {
        return keyEnd;
      }
      int numSplits = (keyEnd + maxKeysOfSplit - 1) / maxKeysOfSplit;
      return roundUp((keyEnd + numSplits - 1) / numSplits);
    }

    int numSplits(int keyEnd) {
      int keysOfSplit = keysOfSplit(keyEnd);
      return (keyEnd + keysOfSplit - 1) / keysOfSplit;
    }
  }
}
