package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockKernelsTest {
  @ParameterizedTest
  @CsvSource({
    // elements of a block, thread blocks, schedule
    "128, 1, 0", "2048, 1, 3", "6000, 4, 2", "4096, 2, 5"
  })
  void blocksAreCopiedInTheOrderOfTheList(int blockStride, int gridX, long schedule) {
    Random random = new Random(blockStride);
    short[] cache = randomBits(8 * blockStride, random);
    // A chain of copies, a swap by way of a third block, a target that is written twice.
    int[] copies = {1, 2, 2, 3, 3, 4, 5, 6, 7, 5, 6, 7, 1, 3, 0, 6, 4, 4};
    int[] header = new int[HEADER_INTS];
    header[HEADER_NUM_COPIES] = copies.length / COPY_INTS;
    header[HEADER_COPIES] = HEADER_INTS;
    int[] step = Arrays.copyOf(header, HEADER_INTS + copies.length);
    System.arraycopy(copies, 0, step, HEADER_INTS, copies.length);
    short[] actual;
    try (KernelRunner device = KernelRunner.open(schedule)) {
      DeviceArray kv = device.bf16(cache.length).put(cache);
      device.launch(Kernel.COPY_BLOCKS, gridX, kv, device.ints(step), blockStride);
      actual = kv.toShorts();
    }

    short[] expected = cache.clone();
    for (int i = 0; i < copies.length; i += COPY_INTS) {
      int source = copies[i + COPY_SOURCE] * blockStride;
      int target = copies[i + COPY_TARGET] * blockStride;
      System.arraycopy(expected, source, expected, target, blockStride);
    }
    assertThat(actual).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    // KV heads, width of a head, positions of a block, schedule
    "1, 32, 4, 0", "2, 64, 16, 3", "3, 32, 8, 2", "2, 128, 32, 5"
  })
  void acceptedDraftsOfTreesMoveUp(int numKvHeads, int headDim, int blockSize, long schedule) {
    CloseUp scene = new CloseUp(numKvHeads, headDim, blockSize, new Random(schedule));
    scene.addTree(0, 1, 5, 0, 1, 2); // all in place
    scene.addTree(13, 2, 8, 1, 3, 4, 7); // targets that are sources of earlier ones
    scene.addChain(5, 3, 4, 0, 1);
    scene.addTree(30, 1, 64, 63);
    scene.addTree(2, 4, 6); // nothing accepted
    scene.addTree(blockSize - 2, 1, 6, 0, 2, 5); // over the edge of a block

    short[] expected = scene.expected();

    assertThat(scene.run(schedule)).isEqualTo(expected);
  }

  /** Rows with accepted drafts over a cache of random bits, and the same moves in plain Java. */
  private static final class CloseUp {
    private static final int NUM_LAYERS = 3;
    private static final int MAX_ROWS = 8;
    private static final int NUM_POSITIONS = 100;
    private static final int SLOT_STRIDE = 40;
    private static final int SLOT_TABLE = 5;

    private final int headDim;
    private final int numKvHeads;
    private final int blockSize;
    private final int[] slots = new int[MAX_ROWS * SLOT_STRIDE];
    private final int[] records = new int[MAX_ROWS * ROW_INTS];
    private final int[] counts = new int[MAX_ROWS];
    private final int[] accepted = new int[MAX_ROWS * 64];
    private final short[] cache;
    private int numRows;

    CloseUp(int numKvHeads, int headDim, int blockSize, Random random) {
      this.numKvHeads = numKvHeads;
      this.headDim = headDim;
      this.blockSize = blockSize;
      Arrays.fill(counts, 3); // of rows that do not exist
      int tableLength = NUM_POSITIONS / blockSize + 1;
      List<Integer> blocks = new ArrayList<>();
      for (int i = 1; i <= MAX_ROWS * tableLength; i++) {
        blocks.add(i);
      }
      Collections.shuffle(blocks, random);
      for (int i = 0; i < blocks.size(); i++) {
        int place = i / tableLength * SLOT_STRIDE + SLOT_TABLE + i % tableLength;
        slots[place] = blocks.get(i);
      }
      cache = randomBits((blocks.size() + 1) * blockStride(), random);
    }

    private int blockStride() {
      return NUM_LAYERS * 2 * numKvHeads * headDim * blockSize;
    }

    void addTree(int start, int numKnown, int numDrafts, int... acceptedDrafts) {
      add(start, numKnown, numDrafts, 1000, acceptedDrafts);
    }

    void addChain(int start, int numKnown, int numDrafts, int... acceptedDrafts) {
      add(start, numKnown, numDrafts, -1, acceptedDrafts);
    }

    private void add(int start, int numKnown, int numDrafts, int tree, int... acceptedDrafts) {
      int record = numRows * ROW_INTS;
      records[record + ROW_SLOT] = MAX_ROWS - 1 - numRows;
      records[record + ROW_NUM_TOKENS] = numKnown + numDrafts;
      records[record + ROW_START_POSITION] = start;
      records[record + ROW_NUM_DRAFTS] = numDrafts;
      records[record + ROW_TREE] = tree;
      counts[numRows] = acceptedDrafts.length;
      System.arraycopy(acceptedDrafts, 0, accepted, numRows * 64, acceptedDrafts.length);
      numRows++;
    }

    short[] run(long schedule) {
      int[] step = Arrays.copyOf(new int[HEADER_INTS], HEADER_INTS + records.length);
      step[HEADER_NUM_ROWS] = numRows;
      step[HEADER_ROWS] = HEADER_INTS;
      step[HEADER_SLOT_STRIDE] = SLOT_STRIDE;
      step[HEADER_SLOT_TABLE] = SLOT_TABLE;
      step[HEADER_BLOCK_SHIFT] = Integer.numberOfTrailingZeros(blockSize);
      System.arraycopy(records, 0, step, HEADER_INTS, records.length);
      try (KernelRunner device = KernelRunner.open(schedule)) {
        DeviceArray kv = device.bf16(cache.length).put(cache);
        device.launchGrid(
            Kernel.CLOSE_UP, MAX_ROWS, NUM_LAYERS, 1, kv, device.ints(slots),
            device.ints(counts), device.ints(accepted), device.ints(step), blockStride(),
            numKvHeads, headDim);
        return kv.toShorts();
      }
    }

    short[] expected() {
      short[] moved = cache.clone();
      for (int row = 0; row < numRows; row++) {
        int record = row * ROW_INTS;
        int first = records[record + ROW_START_POSITION] + records[record + ROW_NUM_TOKENS]
            - records[record + ROW_NUM_DRAFTS];
        for (int i = 0; i < counts[row] && records[record + ROW_TREE] >= 0; i++) {
          move(moved, records[record + ROW_SLOT], first + accepted[row * 64 + i], first + i);
        }
      }
      return moved;
    }

    private void move(short[] kv, int slot, int source, int target) {
      for (int part = 0; part < NUM_LAYERS * 2 * numKvHeads; part++) {
        boolean isKey = part / numKvHeads % 2 == 0;
        for (int d = 0; d < headDim; d++) {
          kv[place(slot, target, part, d, isKey)] = kv[place(slot, source, part, d, isKey)];
        }
      }
    }

    private int place(int slot, int position, int part, int dimension, boolean isKey) {
      int block = slots[slot * SLOT_STRIDE + SLOT_TABLE + position / blockSize];
      int offset = position % blockSize;
      int inPart = isKey ? offset * headDim + dimension : dimension * blockSize + offset;
      return block * blockStride() + part * headDim * blockSize + inPart;
    }
  }

  private static short[] randomBits(int length, Random random) {
    short[] bits = new short[length];
    for (int i = 0; i < length; i++) {
      bits[i] = (short) random.nextInt();
    }
    return bits;
  }
}
