package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Rows of a step with queries, a paged cache and block tables, and what attention must make of them
 * in double. Every place of the cache that holds no valid key or value is NaN, and so is the null
 * block, which table entries behind the last block name.
 */
final class AttentionScene {
  static final int NO_TREE = Integer.MAX_VALUE;
  private static final int NUM_LAYERS = 2;

  /** The shape of heads and cache. */
  record Shape(int numHeads, int numKvHeads, int headDim, int blockSize) {
    int groupSize() {
      return numHeads / numKvHeads;
    }

    int qkvStride() {
      return PackedMatrix.padded((numHeads + 2 * numKvHeads) * headDim);
    }

    int attendedStride() {
      return PackedMatrix.padded(numHeads * headDim);
    }

    int layerSize() {
      return 2 * numKvHeads * headDim * blockSize;
    }

    int blockStride() {
      return NUM_LAYERS * layerSize();
    }

    Kernel kernel(Kernel d32, Kernel d64, Kernel d128) {
      return headDim == 32 ? d32 : headDim == 64 ? d64 : d128;
    }
  }

  /**
   * A row: the tokens of a sequence from {@code startPosition} on ask.
   *
   * @param parents of the drafts of a tree, which are the last tokens; empty without one
   * @param slope added to the score from one key to the next, so that the last keys that a query
   *     sees count most, or the first ones
   * @param content seed of queries, keys and values
   */
  record Row(
      int startPosition, int numTokens, List<Integer> parents, double slope, long content) {
    Row(int startPosition, int numTokens, double slope, long content) {
      this(startPosition, numTokens, List.of(), slope, content);
    }

    int numKeys() {
      return startPosition + numTokens;
    }

    int treeFirst() {
      return parents.isEmpty() ? NO_TREE : numKeys() - parents.size();
    }

    /** Bit d: draft d is an ancestor of this draft or the draft itself. */
    long mask(int draft) {
      long mask = 0;
      for (int d = draft; d >= 0; d = parents.get(d)) {
        mask |= 1L << d;
      }
      return mask;
    }

    boolean sees(int token, int key) {
      int draft = startPosition + token - treeFirst();
      if (treeFirst() == NO_TREE || draft < 0) {
        return key <= startPosition + token;
      }
      return key < treeFirst() || (mask(draft) >> (key - treeFirst()) & 1) != 0;
    }
  }

  private final Shape shape;
  private final List<Row> rows;
  private final long placement;

  // [row][(position or token) * width + ..], rounded to bf16.
  private final float[][] queries;
  private final float[][] keys;
  private final float[][] values;

  /** What the kernels wrote as partial results when they ran last. */
  private float[] partials = {};

  /**
   * @param placement seed of slots and blocks
   */
  AttentionScene(Shape shape, List<Row> rows, long placement) {
    this.shape = shape;
    this.rows = rows;
    this.placement = placement;
    queries = new float[rows.size()][];
    keys = new float[rows.size()][];
    values = new float[rows.size()][];
    for (int row = 0; row < rows.size(); row++) {
      fill(row);
    }
  }

  private void fill(int index) {
    Row row = rows.get(index);
    int headDim = shape.headDim;
    int kvWidth = shape.numKvHeads * headDim;
    // Contents belong to positions, so that a sequence is the same however it is cut into rows.
    queries[index] = new float[row.numTokens * shape.numHeads * headDim];
    keys[index] = new float[row.numKeys() * kvWidth];
    values[index] = new float[row.numKeys() * kvWidth];
    for (int position = 0; position < row.numKeys(); position++) {
      Random random = new Random(row.content * 1_000_003 + position);
      float[] key = PackedMatrix.gaussian(kvWidth, 1, random);
      for (int head = 0; head < shape.numKvHeads; head++) {
        key[head * headDim] = DeviceArray.rounded((float) (row.slope * position));
      }
      System.arraycopy(key, 0, keys[index], position * kvWidth, kvWidth);
      float[] value = PackedMatrix.gaussian(kvWidth, 1, random);
      System.arraycopy(value, 0, values[index], position * kvWidth, kvWidth);
      int width = shape.numHeads * headDim;
      float[] query = PackedMatrix.gaussian(width, 1 / Math.sqrt(headDim), random);
      for (int head = 0; head < shape.numHeads; head++) {
        query[head * headDim] = 1;
      }
      if (position >= row.startPosition) {
        int token = position - row.startPosition;
        System.arraycopy(query, 0, queries[index], token * width, width);
      }
    }
  }

  Shape shape() {
    return shape;
  }

  int numTokens() {
    return rows.stream().mapToInt(Row::numTokens).sum();
  }

  /** What the token of a row should get, {@code [heads * headDim]}. */
  double[] expected(int index, int token) {
    Row row = rows.get(index);
    int headDim = shape.headDim;
    double[] output = new double[shape.numHeads * headDim];
    for (int head = 0; head < shape.numHeads; head++) {
      int kvHead = head / shape.groupSize();
      double total = 0;
      double[] sum = new double[headDim];
      double max = Double.NEGATIVE_INFINITY;
      double[] scores = new double[row.numKeys()];
      for (int key = 0; key < row.numKeys(); key++) {
        int query = (token * shape.numHeads + head) * headDim;
        int place = (key * shape.numKvHeads + kvHead) * headDim;
        for (int i = 0; i < headDim; i++) {
          scores[key] += (double) queries[index][query + i] * keys[index][place + i];
        }
        max = row.sees(token, key) ? Math.max(max, scores[key]) : max;
      }
      for (int key = 0; key < row.numKeys(); key++) {
        double weight = row.sees(token, key) ? Math.exp(scores[key] - max) : 0;
        total += weight;
        for (int i = 0; i < headDim; i++) {
          int place = (key * shape.numKvHeads + kvHead) * headDim + i;
          sum[i] += weight * values[index][place];
        }
      }
      for (int i = 0; i < headDim; i++) {
        output[head * headDim + i] = sum[i] / total;
      }
    }
    return output;
  }

  // ---- on the device

  /**
   * Runs the kernels on items that {@code work} makes.
   *
   * @param gridX thread blocks that walk the items
   * @return the bits of the output, {@code [tokens][attendedStride]}
   */
  short[] run(AttentionWork work, int gridX, long schedule) {
    int[] items = items(work);
    return run(
        items, work.numDecodeItems(), work.numPrefillItems(), work.numMerges(), gridX, schedule);
  }

  private int[] items(AttentionWork work) {
    work.begin();
    int firstToken = 0;
    int[] slots = slots();
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      work.addRow(slots[i], firstToken, row.numTokens, row.startPosition, row.treeFirst());
      firstToken += row.numTokens;
    }
    work.finish();
    IntBuffer items = IntBuffer.allocate((int) work.maxInts());
    work.writeTo(items, 0);
    return items.array();
  }

  /**
   * Runs the decode kernel on items that {@code work} makes, none of them split, and has it write
   * partial results all the same, which are not rounded.
   *
   * @return for every token, for every head, the sums, the maximum and the sum of weights
   */
  float[][] runUnrounded(AttentionWork work, int gridX, long schedule) {
    int[] items = items(work);
    for (int item = 0; item < work.numDecodeItems(); item++) {
      items[item * ITEM_INTS + ITEM_PART] = items[item * ITEM_INTS + ITEM_FIRST_TOKEN];
    }
    run(items, work.numDecodeItems(), 0, 0, gridX, schedule);
    int width = shape.numHeads * (shape.headDim + 2);
    float[][] byToken = new float[numTokens()][];
    for (int token = 0; token < byToken.length; token++) {
      byToken[token] = Arrays.copyOfRange(partials, token * width, (token + 1) * width);
    }
    return byToken;
  }

  /** Runs the kernels on items, decode ones first, then prefill ones, then merges. */
  short[] run(
      int[] items, int numDecodes, int numPrefills, int numMerges, int gridX, long schedule) {
    int blockShift = Integer.numberOfTrailingZeros(shape.blockSize);
    int[] header = new int[HEADER_INTS];
    header[HEADER_NUM_DECODE_ITEMS] = numDecodes;
    header[HEADER_NUM_PREFILL_ITEMS] = numPrefills;
    header[HEADER_NUM_MERGES] = numMerges;
    header[HEADER_DECODE_ITEMS] = HEADER_INTS;
    header[HEADER_PREFILL_ITEMS] = HEADER_INTS + numDecodes * ITEM_INTS;
    header[HEADER_MERGES] = HEADER_INTS + (numDecodes + numPrefills) * ITEM_INTS;
    header[HEADER_SLOT_STRIDE] = slotStride();
    header[HEADER_SLOT_TABLE] = 3;
    header[HEADER_BLOCK_SHIFT] = blockShift;
    header[HEADER_MAX_TOKENS] = numTokens() + 1;
    int[] step = Arrays.copyOf(header, HEADER_INTS + items.length);
    System.arraycopy(items, 0, step, HEADER_INTS, items.length);
    try (KernelRunner device = KernelRunner.open(schedule)) {
      int[] tables = tables();
      short[] cache = cache(tables);
      DeviceArray out = device.bf16(numTokens() * shape.attendedStride());
      int numParts = numParts(items, numDecodes + numPrefills);
      DeviceArray parts = device.floats(numParts * shape.numHeads * (shape.headDim + 2));
      DeviceArray onDevice = device.ints(step);
      DeviceArray qkv = device.bf16(qkv());
      DeviceArray kv = device.bf16(cache.length).put(cache);
      long layer = kv.address() + (long) shape.layerSize() * Short.BYTES; // the second layer
      Object[] arguments = {
        out, parts, qkv, layer, device.ints(tables), device.ints(tokens()), onDevice,
        shape.blockStride(), shape.numHeads, shape.numKvHeads, shape.qkvStride(),
        shape.attendedStride()
      };
      Kernel decode =
          shape.kernel(
              Kernel.ATTENTION_DECODE_D32,
              Kernel.ATTENTION_DECODE_D64,
              Kernel.ATTENTION_DECODE_D128);
      Kernel prefill =
          shape.kernel(
              Kernel.ATTENTION_PREFILL_D32,
              Kernel.ATTENTION_PREFILL_D64,
              Kernel.ATTENTION_PREFILL_D128);
      device.launchGrid(decode, gridX, shape.numKvHeads, 1, arguments);
      device.launchGrid(prefill, gridX, shape.numKvHeads, 1, arguments);
      device.launch(
          Kernel.ATTENTION_MERGE, gridX, out, parts, onDevice, shape.numHeads, shape.headDim,
          shape.attendedStride());
      partials = parts.toFloats();
      return out.toShorts();
    }
  }

  private static int numParts(int[] items, int numItems) {
    int numParts = 0;
    for (int i = 0; i < numItems; i++) {
      int item = i * ITEM_INTS;
      int perItem = items[item + ITEM_NUM_TOKENS] * items[item + ITEM_NUM_SPLITS];
      numParts = Math.max(numParts, items[item + ITEM_PART] + perItem);
    }
    return numParts;
  }

  private int blocksOf(Row row) {
    return (row.numKeys() + shape.blockSize - 1) / shape.blockSize;
  }

  private int slotStride() {
    return 3 + rows.stream().mapToInt(this::blocksOf).max().orElseThrow() + 2;
  }

  int[] slots() {
    List<Integer> all = new ArrayList<>();
    for (int slot = 0; slot < rows.size() + 2; slot++) {
      all.add(slot);
    }
    Collections.shuffle(all, new Random(placement));
    return all.stream().limit(rows.size()).mapToInt(slot -> slot).toArray();
  }

  private int numBlocks() {
    return rows.stream().mapToInt(this::blocksOf).sum() + 3;
  }

  private int[] tables() {
    List<Integer> blocks = new ArrayList<>();
    for (int block = 1; block < numBlocks(); block++) {
      blocks.add(block);
    }
    Collections.shuffle(blocks, new Random(placement + 1));
    int[] slots = slots();
    int[] tables = new int[(rows.size() + 2) * slotStride()];
    int next = 0;
    for (int i = 0; i < rows.size(); i++) {
      for (int b = 0; b < blocksOf(rows.get(i)); b++) {
        tables[slots[i] * slotStride() + 3 + b] = blocks.get(next++);
      }
    }
    return tables;
  }

  private short[] cache(int[] tables) {
    short[] cache = new short[numBlocks() * shape.blockStride()];
    Arrays.fill(cache, (short) 0x7fc0); // NaN
    int[] slots = slots();
    int headDim = shape.headDim;
    int blockSize = shape.blockSize;
    for (int i = 0; i < rows.size(); i++) {
      for (int key = 0; key < rows.get(i).numKeys(); key++) {
        int block = tables[slots[i] * slotStride() + 3 + key / blockSize];
        int offset = key % blockSize;
        for (int head = 0; head < shape.numKvHeads; head++) {
          int place = block * shape.blockStride() + shape.layerSize()
              + head * headDim * blockSize;
          for (int d = 0; d < headDim; d++) {
            int from = (key * shape.numKvHeads + head) * headDim + d;
            cache[place + offset * headDim + d] = DeviceArray.bf16(keys[i][from]);
            cache[place + shape.layerSize() / 2 + d * blockSize + offset] =
                DeviceArray.bf16(values[i][from]);
          }
        }
      }
    }
    return cache;
  }

  private float[] qkv() {
    float[] qkv = new float[numTokens() * shape.qkvStride()];
    Arrays.fill(qkv, Float.NaN);
    int width = shape.numHeads * shape.headDim;
    int token = 0;
    for (int i = 0; i < rows.size(); i++) {
      for (int t = 0; t < rows.get(i).numTokens; t++) {
        System.arraycopy(queries[i], t * width, qkv, token++ * shape.qkvStride(), width);
      }
    }
    return qkv;
  }

  private int[] tokens() {
    int maxTokens = numTokens() + 1;
    int[] tokens = new int[TOKEN_ARRAYS * maxTokens];
    int token = 0;
    for (Row row : rows) {
      for (int t = 0; t < row.numTokens; t++) {
        int position = row.startPosition + t;
        int draft = position - row.treeFirst();
        long mask = row.treeFirst() != NO_TREE && draft >= 0 ? row.mask(draft) : 0;
        tokens[TOKEN_CACHE_POSITION * maxTokens + token] = position;
        tokens[TOKEN_TREE_LOW * maxTokens + token] = (int) mask;
        tokens[TOKEN_TREE_HIGH * maxTokens + token] = (int) (mask >>> 32);
        token++;
      }
    }
    return tokens;
  }
}
