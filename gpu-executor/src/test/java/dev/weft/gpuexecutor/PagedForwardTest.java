package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PagedForwardTest {
  private static final String LLAMA_3 =
      "{\"rope_type\": \"llama3\", \"factor\": 4.0, \"low_freq_factor\": 1.0,"
          + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 32}";

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    // hidden, layers, heads, KV heads, head dim, inner, vocabulary, block size
    "8,  1, 2, 1,  4, 12,  10,  4",
    "13, 2, 3, 3,  2,  7,  17,  8",
    "20, 2, 6, 2,  6, 33,  50, 12",
    "24, 1, 8, 1, 10, 40, 600, 16",
    "16, 3, 4, 2, 16, 24,  31, 32",
  })
  void oddShapesAndScaledRopeAgreeWithTheFormulas(
      int hidden, int layers, int heads, int kvHeads, int headDim, int inner, int vocabulary,
      int blockSize) throws Exception {
    TinyCheckpoint.Shape shape =
        new TinyCheckpoint.Shape(hidden, layers, heads, kvHeads, headDim, inner, vocabulary);
    TinyCheckpoint checkpoint = new TinyCheckpoint(shape);
    checkpoint.config.put("rope_scaling", LLAMA_3);
    checkpoint.config.put("rope_theta", "100");
    HostModel model = HostModel.load(checkpoint.write(directory));
    int[] tokens = new Random(2).ints(60, 0, vocabulary).toArray();
    double[][] expected = new NaiveLlama(model).logits(tokens);
    float[][] whole = logits(model, tokens, 60, blockSize);
    for (int t = 0; t < tokens.length; t++) {
      for (int i = 0; i < vocabulary; i++) {
        assertThat((double) whole[t][i]).isCloseTo(expected[t][i], within(2e-4));
      }
    }
    assertThat(logits(model, tokens, 1, blockSize)).isDeepEqualTo(whole);
    assertThat(logits(model, tokens, 9, blockSize)).isDeepEqualTo(whole);
  }

  private static float[][] logits(HostModel model, int[] tokens, int chunk, int blockSize) {
    int numBlocks = 64 / blockSize + 1;
    int[] blockTable = new int[numBlocks];
    for (int i = 0; i < numBlocks; i++) {
      blockTable[i] = numBlocks - 1 - i;
    }
    KvBlocks kv = new KvBlocks(model.config(), numBlocks, blockSize);
    float[][] all = new float[tokens.length][];
    try (WorkerTeam team = new WorkerTeam(2, Thread::new)) {
      PagedForward forward = new PagedForward(model, kv, team, chunk, chunk, 64, 0);
      RaggedBatch batch = new RaggedBatch(chunk, chunk, 64, model.vocabularySize());
      for (int first = 0; first < tokens.length; first += chunk) {
        batch.clear();
        batch.beginRow(blockTable);
        int count = Math.min(chunk, tokens.length - first);
        for (int i = 0; i < count; i++) {
          batch.addLogits(batch.addToken(tokens[first + i], first + i));
        }
        float[][] logits = forward.run(batch);
        for (int i = 0; i < count; i++) {
          all[first + i] = logits[i].clone();
        }
      }
    }
    return all;
  }

  @Test
  void aRowReadsWhatAnEarlierRowOfTheSameStepWrites() {
    HostModel model = ReferenceData.model("draft");
    int[] tokens = new Random(3).ints(48, 3, 1000).toArray();
    try (WorkerTeam team = new WorkerTeam(1, Thread::new)) {
      KvBlocks kv = new KvBlocks(model.config(), 10, 16);
      PagedForward forward = new PagedForward(model, kv, team, 64, 4, 64, 0);
      RaggedBatch batch = new RaggedBatch(64, 4, 64, 1024);
      addRow(batch, new int[] {1, 2, 3}, tokens, 0, 48);
      float[] alone = forward.run(batch)[0].clone();
      batch.clear();
      addRow(batch, new int[] {7, 8}, tokens, 0, 32);
      addRow(batch, new int[] {7, 8, 5}, tokens, 32, 48);
      assertThat(forward.run(batch)[1]).isEqualTo(alone);
    }
  }

  @Test
  void aCopiedBlockStandsForItsSource() {
    HostModel model = ReferenceData.model("draft");
    int[] tokens = new Random(4).ints(40, 3, 1000).toArray();
    try (WorkerTeam team = new WorkerTeam(1, Thread::new)) {
      KvBlocks kv = new KvBlocks(model.config(), 10, 16);
      PagedForward forward = new PagedForward(model, kv, team, 64, 4, 64, 0);
      RaggedBatch batch = new RaggedBatch(64, 4, 64, 1024);
      addRow(batch, new int[] {1, 2, 3}, tokens, 0, 39);
      forward.run(batch);
      kv.copyBlock(2, 6);
      kv.copyBlock(3, 9);
      batch.clear();
      addRow(batch, new int[] {1, 2, 3}, tokens, 39, 40);
      addRow(batch, new int[] {1, 6, 9}, tokens, 39, 40);
      float[][] logits = forward.run(batch);
      assertThat(logits[1]).isEqualTo(logits[0]);
    }
  }

  private static void addRow(RaggedBatch batch, int[] table, int[] tokens, int from, int to) {
    batch.beginRow(table);
    for (int p = from; p < to; p++) {
      int token = batch.addToken(tokens[p], p);
      if (p == to - 1) {
        batch.addLogits(token);
      }
    }
  }

  @Test
  void aWarmStepAllocatesNothing() {
    HostModel model = ReferenceData.model("draft");
    try (WorkerTeam team = new WorkerTeam(2, Thread::new)) {
      KvBlocks kv = new KvBlocks(model.config(), 40, 16);
      PagedForward forward = new PagedForward(model, kv, team, 64, 4, 128, 0);
      RaggedBatch batch = new RaggedBatch(64, 4, 128, 1024);
      int[] tokens = new Random(5).ints(128, 3, 1000).toArray();
      int[][] tables = {{1, 2, 3, 4, 5, 6, 7, 8}, {20, 9, 18, 11, 12, 13, 14, 15}};
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long[] allocated = new long[31];
      for (int round = 0; round < allocated.length; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int p = 40; p < 100; p += 3) {
          batch.clear();
          addRow(batch, tables[0], tokens, p, p + 3);
          addRow(batch, tables[1], tokens, p / 2, p / 2 + 40);
          forward.run(batch);
        }
        allocated[round] = threads.getCurrentThreadAllocatedBytes() - before;
      }
      // The median, because the JVM now and then books something of its own on the thread.
      Arrays.sort(allocated);
      assertThat(allocated[allocated.length / 2]).isZero();
    }
  }

  @Test
  void wrongTokensAndPositionsAreRefused() {
    RaggedBatch batch = new RaggedBatch(8, 8, 32, 100);
    batch.beginRow(new int[2]);
    assertThatThrownBy(() -> batch.addToken(100, 0)).hasMessage("token id 100 of 100");
    assertThatThrownBy(() -> batch.addToken(-1, 0)).hasMessage("token id -1 of 100");
    assertThatThrownBy(() -> batch.addToken(1, 32)).hasMessage("position 32 of 32");
    batch.addToken(1, 4);
    assertThatThrownBy(() -> batch.addToken(1, 6)).hasMessage("row 0: position 6 behind 4");
    assertThat(batch.addLogits(batch.addToken(1, 5))).isZero();
    assertThatThrownBy(() -> batch.addLogits(1)).hasMessage("logits of token 1 behind those of 1");
    assertThat(List.of(batch.numTokens(), batch.numRows(), batch.rowLength(0)))
        .containsExactly(2, 1, 2);
  }

  @Test
  void impossiblePoolsAreRefused() {
    LlamaConfig config = ReferenceData.model("draft").config();
    assertThatThrownBy(() -> new KvBlocks(config, 4, 6)).hasMessageContaining("blockSize is 6");
    assertThatThrownBy(() -> new KvBlocks(config, 0, 16)).hasMessageContaining("numBlocks is 0");
    assertThatThrownBy(() -> new KvBlocks(config, 1 << 30, 16))
        .hasMessageContaining("numBlocks is 1073741824");
  }
}
