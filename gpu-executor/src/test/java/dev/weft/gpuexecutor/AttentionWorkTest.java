package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import java.lang.management.ManagementFactory;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionWorkTest {
  private static final int MAX_TOKENS = 300;
  private static final int MAX_ROWS = 20;
  private static final int NO_TREE = Integer.MAX_VALUE;

  private record Row(int slot, int firstToken, int numTokens, int startPosition, int treeFirst) {}

  private static LlamaConfig config(int numHeads, int numKvHeads) {
    return config(numHeads, numKvHeads, 128);
  }

  private static LlamaConfig config(int numHeads, int numKvHeads, int headDim) {
    return new LlamaConfig(
        64, 1, numHeads, numKvHeads, headDim, 64, 100, 4096, 1e-5f, 10_000, null, false,
        List.of());
  }

  private static ExecutorSpec spec() {
    return ExecutorSpec.builder()
        .maxModelLen(100_000)
        .numSlots(MAX_ROWS)
        .maxNumRows(MAX_ROWS)
        .maxNumBatchedTokens(MAX_TOKENS)
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    // heads, KV heads, width, multiprocessors
    "4, 1, 128, 20", "8, 8, 32, 132", "12, 4, 64, 7", "16, 1, 128, 132", "32, 8, 64, 1",
    "5, 1, 32, 3"
  })
  void everyQueryMeetsEveryKeyItMaySeeOnce(
      int numHeads, int numKvHeads, int headDim, int multiprocessors) {
    LlamaConfig config = config(numHeads, numKvHeads, headDim);
    AttentionWork balanced = AttentionWork.balanced(config, spec(), multiprocessors);
    AttentionWork deterministic = AttentionWork.deterministic(config, spec());
    for (int seed = 0; seed < 300; seed++) {
      List<Row> rows = randomRows(new Random(seed));
      check(balanced, rows, config.groupSize());
      check(deterministic, rows, config.groupSize());
      assertThat(deterministic.numMerges() + deterministic.numPrefillItems()).isZero();
    }
  }

  @Test
  void oneLongRowIsSharedByAllMultiprocessors() {
    AttentionWork work = AttentionWork.balanced(config(32, 8), spec(), 132);

    write(work, List.of(new Row(0, 0, 1, 32_767, NO_TREE)));

    // An item is 8 thread blocks, for the KV heads: 33 of it are twice the multiprocessors.
    assertThat(work.numDecodeItems()).isEqualTo(32);
    assertThat(work.numMerges()).isEqualTo(1);
  }

  @Test
  void smallerHeadsFindRoomForTwiceAsMuch() {
    AttentionWork work = AttentionWork.balanced(config(32, 8, 64), spec(), 132);

    write(work, List.of(new Row(0, 0, 1, 32_767, NO_TREE)));

    assertThat(work.numDecodeItems()).isEqualTo(64);
  }

  /** Tiles a little longer than a split may be are the most partial results there can be. */
  @Test
  void partialResultsOfTheWorstStepHaveRoom() {
    ExecutorSpec spec =
        ExecutorSpec.builder()
            .maxModelLen(100_000)
            .numSlots(32)
            .maxNumRows(32)
            .maxNumBatchedTokens(32 * 16)
            .build();
    LlamaConfig config = config(32, 8);
    AttentionWork work = AttentionWork.balanced(config, spec, 132);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      rows.add(new Row(2 * i, 16 * i, 16, 6_384, NO_TREE));
    }

    check(work, rows, config.groupSize());

    assertThat(work.numPrefillItems()).isEqualTo(64);
    assertThat(work.numMerges()).isEqualTo(32 * 16);
  }

  @Test
  void equalRowsThatFillTheDeviceAreNotSplit() {
    AttentionWork work = AttentionWork.balanced(config(32, 8), spec(), 8);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      rows.add(new Row(i, i, 1, 5_000, NO_TREE));
    }

    write(work, rows);

    assertThat(work.numDecodeItems()).isEqualTo(4);
    assertThat(work.numMerges()).isZero();
  }

  @Test
  void aSplitHasTileOfKeysForEveryWarp() {
    AttentionWork work = AttentionWork.balanced(config(32, 8), spec(), 1000);

    IntBuffer step = write(work, List.of(new Row(0, 0, 1, 129, NO_TREE)));

    assertThat(work.numDecodeItems()).isEqualTo(3);
    for (int split = 0; split < 3; split++) {
      int item = split * ITEM_INTS;
      assertThat(step.get(item + ITEM_KEY_BEGIN)).isEqualTo(split * 64);
      assertThat(step.get(item + ITEM_KEY_END)).isEqualTo(Math.min(130, split * 64 + 64));
    }
  }

  @Test
  void rowsWithManyQueriesTakeThePrefillKernel() {
    AttentionWork work = AttentionWork.balanced(config(32, 8), spec(), 1);

    write(work, List.of(new Row(0, 0, 8, 100, NO_TREE), new Row(1, 8, 9, 100, NO_TREE)));

    assertThat(work.numDecodeItems()).isEqualTo(2);
    assertThat(work.numPrefillItems()).isEqualTo(1);
  }

  @Test
  void moreThanSixteenHeadsOfAGroupAreRefused() {
    assertThatThrownBy(() -> AttentionWork.balanced(config(34, 2), spec(), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("17 heads");
  }

  @Test
  void aStepAllocatesNothing() {
    AttentionWork work = AttentionWork.balanced(config(32, 8), spec(), 132);
    IntBuffer target = IntBuffer.allocate((int) work.maxInts());
    List<Row> rows = randomRows(new Random(8));
    Row[] array = rows.toArray(Row[]::new);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] allocated = new long[50];
    for (int round = 0; round < allocated.length; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      write(work, array, target);
      allocated[round] = threads.getCurrentThreadAllocatedBytes() - before;
    }

    assertThat(Arrays.stream(allocated).min()).hasValue(0);
  }

  // ---- the check

  private static void check(AttentionWork work, List<Row> rows, int groupSize) {
    IntBuffer step = write(work, rows);
    int numTokens = rows.stream().mapToInt(Row::numTokens).sum();
    int[] keysSeen = new int[numTokens]; // the splits of a query follow one another
    int[] firstPart = new int[numTokens];
    int[] splitsSeen = new int[numTokens];
    Arrays.fill(firstPart, -1);
    boolean[] isTaken = new boolean[work.maxNumParts()];

    int numItems = work.numDecodeItems() + work.numPrefillItems();
    for (int i = 0; i < numItems; i++) {
      int maxPairs = i < work.numDecodeItems() ? 16 : 64;
      int item = i * ITEM_INTS;
      int first = step.get(item + ITEM_FIRST_TOKEN);
      int numQueries = step.get(item + ITEM_NUM_TOKENS);
      Row row = rowOf(rows, first);
      int last = row.startPosition + first - row.firstToken + numQueries - 1;
      assertThat(numQueries * groupSize).isBetween(1, maxPairs);
      assertThat(first + numQueries).isLessThanOrEqualTo(row.firstToken + row.numTokens);
      assertThat(step.get(item + ITEM_SLOT)).isEqualTo(row.slot);
      assertThat(step.get(item + ITEM_TREE_FIRST)).isEqualTo(row.treeFirst);
      assertThat(step.get(item + ITEM_NUM_KEYS)).isEqualTo(row.startPosition + row.numTokens);
      int numSplits = step.get(item + ITEM_NUM_SPLITS);
      int split = step.get(item + ITEM_SPLIT);
      int end = step.get(item + ITEM_KEY_END);
      assertThat(end).isEqualTo(split == numSplits - 1 ? last + 1 : end / 64 * 64);
      for (int query = 0; query < numQueries; query++) {
        int token = first + query;
        assertThat(step.get(item + ITEM_KEY_BEGIN)).isEqualTo(keysSeen[token]);
        assertThat(split).isEqualTo(splitsSeen[token]++);
        keysSeen[token] = end;
        take(step, item, query, numSplits, split, firstPart, isTaken);
      }
    }
    for (Row row : rows) {
      for (int i = 0; i < row.numTokens; i++) {
        assertThat(keysSeen[row.firstToken + i]).isGreaterThan(row.startPosition + i);
      }
    }
    checkMerges(work, step, numItems * ITEM_INTS, firstPart, splitsSeen);
  }

  /** Checks and notes down the partial result of a query in an item. */
  private static void take(
      IntBuffer step, int item, int query, int numSplits, int split, int[] firstPart,
      boolean[] isTaken) {
    int part = step.get(item + ITEM_PART);
    if (numSplits == 1) {
      assertThat(part).isEqualTo(-1);
      return;
    }
    int token = step.get(item + ITEM_FIRST_TOKEN) + query;
    int entry = part + query * numSplits + split;
    assertThat(isTaken[entry]).isFalse();
    isTaken[entry] = true;
    if (split == 0) {
      firstPart[token] = entry;
    }
    assertThat(entry).isEqualTo(firstPart[token] + split);
  }

  private static void checkMerges(
      AttentionWork work, IntBuffer step, int start, int[] firstPart, int[] numSplits) {
    int numSplitTokens = 0;
    for (int part : firstPart) {
      numSplitTokens += part >= 0 ? 1 : 0;
    }
    assertThat(work.numMerges()).isEqualTo(numSplitTokens);
    for (int i = 0; i < work.numMerges(); i++) {
      int merge = start + i * MERGE_INTS;
      int token = step.get(merge + MERGE_TOKEN);
      assertThat(step.get(merge + MERGE_PART)).isEqualTo(firstPart[token]);
      assertThat(step.get(merge + MERGE_NUM_SPLITS)).isEqualTo(numSplits[token]);
      firstPart[token] = -1; // once only
    }
    assertThat(start + work.numMerges() * MERGE_INTS).isLessThanOrEqualTo((int) work.maxInts());
  }

  private static Row rowOf(List<Row> rows, int token) {
    for (Row row : rows) {
      if (token >= row.firstToken && token < row.firstToken + row.numTokens) {
        return row;
      }
    }
    throw new AssertionError("no row has token " + token);
  }

  private static List<Row> randomRows(Random random) {
    List<Row> rows = new ArrayList<>();
    int longest = random.nextBoolean() ? 100 : 40_000;
    int numTokens = 0;
    while (rows.size() < MAX_ROWS && numTokens < MAX_TOKENS && random.nextInt(15) > 0) {
      int wanted = random.nextBoolean() ? 1 : 1 + random.nextInt(120);
      int ofRow = Math.min(wanted, MAX_TOKENS - numTokens);
      int start = random.nextInt(longest);
      int treeFirst = random.nextInt(4) == 0 ? start + random.nextInt(ofRow) : NO_TREE;
      rows.add(new Row(rows.size() * 2, numTokens, ofRow, start, treeFirst));
      numTokens += ofRow;
    }
    return rows;
  }

  private static IntBuffer write(AttentionWork work, List<Row> rows) {
    IntBuffer target = IntBuffer.allocate((int) work.maxInts());
    write(work, rows.toArray(Row[]::new), target);
    return target;
  }

  private static void write(AttentionWork work, Row[] rows, IntBuffer target) {
    work.begin();
    for (Row row : rows) {
      work.addRow(row.slot, row.firstToken, row.numTokens, row.startPosition, row.treeFirst);
    }
    work.finish();
    work.writeTo(target, 0);
  }
}
