package dev.weft.gpuexecutor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Runs sequences through {@link PagedForward} in any chunks and placement; a minimal scheduler. */
final class PagedRunner implements AutoCloseable {
  static final int BLOCK_SIZE = 16;
  private static final int NUM_POSITIONS = 1024;

  /** How a run is cut, placed and spread. */
  record Setting(int chunk, int maxTokens, Placement placement, int numThreads) {}

  /** Which physical blocks the sequences get. */
  enum Placement {
    ASCENDING,
    REVERSED,
    SHUFFLED
  }

  private final Setting setting;
  private final WorkerTeam team;
  private final PagedForward forward;
  private final RaggedBatch batch;
  private final List<Integer> freeBlocks = new ArrayList<>();

  PagedRunner(HostModel model, Setting setting) {
    this.setting = setting;
    int numBlocks = 400;
    team = new WorkerTeam(setting.numThreads, Thread::new);
    KvBlocks kv = new KvBlocks(model.config(), numBlocks, BLOCK_SIZE);
    int maxTokens = setting.maxTokens;
    forward = new PagedForward(model, kv, team, maxTokens, maxTokens, NUM_POSITIONS, 0);
    batch = new RaggedBatch(maxTokens, maxTokens, NUM_POSITIONS, model.vocabularySize());
    for (int block = 0; block < numBlocks; block++) {
      freeBlocks.add(block);
    }
    switch (setting.placement) {
      case ASCENDING -> { }
      case REVERSED -> Collections.reverse(freeBlocks);
      case SHUFFLED -> Collections.shuffle(freeBlocks, new Random(7));
    }
  }

  /** A sequence that is fed and, behind its known tokens, continued greedily. */
  private static final class Sequence {
    final int[] tokens;
    final int numKnown;
    final int[] blockTable;
    final float[][] logits;
    int numComputed;
    int logitRow = -1;
    int firstLogits;

    Sequence(int[] known, int numNew, int[] blockTable) {
      this.tokens = Arrays.copyOf(known, known.length + numNew);
      this.numKnown = known.length;
      this.blockTable = blockTable;
      this.logits = new float[tokens.length][];
    }
  }

  /** Logits behind every token of each sequence, all sequences in one batch. */
  List<float[][]> logits(List<int[]> sequences) {
    return run(sequences, 0).stream().map(sequence -> sequence.logits).toList();
  }

  /** The greedy continuations, all sequences in one batch. */
  List<int[]> greedy(List<int[]> prompts, int numTokens) {
    return run(prompts, numTokens).stream()
        .map(s -> Arrays.copyOfRange(s.tokens, s.numKnown, s.tokens.length))
        .toList();
  }

  private List<Sequence> run(List<int[]> known, int numNew) {
    List<Sequence> sequences = new ArrayList<>();
    for (int[] tokens : known) {
      sequences.add(new Sequence(tokens, numNew, allocate(tokens.length + numNew)));
    }
    while (step(sequences)) {}
    return sequences;
  }

  private int[] allocate(int numTokens) {
    int[] table = new int[(numTokens + BLOCK_SIZE - 1) / BLOCK_SIZE];
    for (int i = 0; i < table.length; i++) {
      table[i] = freeBlocks.remove(0);
    }
    return table;
  }

  private boolean step(List<Sequence> sequences) {
    batch.clear();
    for (Sequence sequence : sequences) {
      sequence.logitRow = -1;
      int numReady = Math.max(sequence.numKnown, sequence.numComputed + 1);
      int numLeft = Math.min(numReady, sequence.tokens.length) - sequence.numComputed;
      int room = setting.maxTokens - batch.numTokens();
      int count = Math.min(Math.min(numLeft, setting.chunk), room);
      if (count > 0) {
        schedule(sequence, count);
      }
    }
    if (batch.numTokens() == 0) {
      return false;
    }
    float[][] logits = forward.run(batch);
    for (Sequence sequence : sequences) {
      if (sequence.logitRow >= 0) {
        take(sequence, logits);
      }
    }
    return true;
  }

  private void schedule(Sequence sequence, int count) {
    batch.beginRow(sequence.blockTable);
    sequence.firstLogits = sequence.numComputed;
    sequence.logitRow = batch.numLogits();
    for (int i = 0; i < count; i++) {
      int position = sequence.numComputed++;
      batch.addLogits(batch.addToken(sequence.tokens[position], position));
    }
  }

  private static void take(Sequence sequence, float[][] logits) {
    for (int p = sequence.firstLogits; p < sequence.numComputed; p++) {
      sequence.logits[p] = logits[sequence.logitRow + p - sequence.firstLogits].clone();
    }
    int next = sequence.numComputed;
    if (next >= sequence.numKnown && next < sequence.tokens.length) {
      sequence.tokens[next] = argmax(sequence.logits[next - 1]);
    }
  }

  static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  @Override
  public void close() {
    team.close();
  }
}
