package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Verification;
import java.util.EnumSet;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Collects the limits of a {@link HostExecutor}. */
public final class HostExecutorBuilder {
  private final HostModel model;
  private int maxModelLen;
  private int blockSize = 16;
  private int numBlocks = 513;
  private int numSlots;
  private int maxNumRows = 32;
  private int maxNumBatchedTokens = 512;
  private int maxNumDraftTokens = 8;
  private int maxInFlight = 2;
  private int numThreads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
  private ThreadFactory threadFactory = daemonThreads();

  HostExecutorBuilder(HostModel model) {
    this.model = model;
    maxModelLen = model.maxPositions();
  }

  private static ThreadFactory daemonThreads() {
    AtomicInteger numThreads = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "weft-host-executor-" + numThreads.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Longest sequence in tokens; at most, and by default, what the model was made for. */
  public HostExecutorBuilder maxModelLen(int value) {
    maxModelLen = value;
    return this;
  }

  /** Positions of one KV block, a multiple of 4; default 16. */
  public HostExecutorBuilder blockSize(int value) {
    blockSize = value;
    return this;
  }

  /** KV blocks, the null block included; default 513, which is 8,192 positions in blocks of 16. */
  public HostExecutorBuilder numBlocks(int value) {
    numBlocks = value;
    return this;
  }

  /** Sequences that can be attached; default twice the rows of a step. */
  public HostExecutorBuilder numSlots(int value) {
    numSlots = value;
    return this;
  }

  /** Rows of one step; default 32. */
  public HostExecutorBuilder maxNumRows(int value) {
    maxNumRows = value;
    return this;
  }

  /** Tokens of one step; default 512. */
  public HostExecutorBuilder maxNumBatchedTokens(int value) {
    maxNumBatchedTokens = value;
    return this;
  }

  /** Drafts of one row; default 8. */
  public HostExecutorBuilder maxNumDraftTokens(int value) {
    maxNumDraftTokens = value;
    return this;
  }

  /** Steps that may be submitted and not yet polled; default 2. */
  public HostExecutorBuilder maxInFlight(int value) {
    maxInFlight = value;
    return this;
  }

  /** Threads that compute; default half of the available processors. */
  public HostExecutorBuilder numThreads(int value) {
    numThreads = value;
    return this;
  }

  /** Makes all {@code numThreads} threads; default daemon threads. They end in close. */
  public HostExecutorBuilder threadFactory(ThreadFactory value) {
    threadFactory = value;
    return this;
  }

  /**
   * Takes all memory and starts the threads.
   *
   * @throws IllegalArgumentException naming the first value out of range
   * @throws UnsupportedOperationException when this JVM emulates fused multiply-add
   */
  public HostExecutor build() {
    requireRange("maxModelLen", maxModelLen, 2, model.maxPositions());
    requireRange("maxNumRows", maxNumRows, 1, 1 << 16);
    requireRange("numThreads", numThreads, 1, 1 << 10);
    if (blockSize % 4 != 0) {
      throw new IllegalArgumentException("blockSize is " + blockSize + ", must be a multiple of 4");
    }
    HardwareFma.require();
    ExecutorSpec spec =
        ExecutorSpec.builder()
            .supportsAdapters(false)
            .vocabularySize(model.vocabularySize())
            .maxModelLen(maxModelLen)
            .blockSize(blockSize)
            .numBlocks(numBlocks)
            .numSlots(numSlots == 0 ? 2 * maxNumRows : numSlots)
            .maxNumRows(maxNumRows)
            .maxNumBatchedTokens(maxNumBatchedTokens)
            .maxNumDraftTokens(maxNumDraftTokens)
            .verifiesTrees(maxNumDraftTokens > 0)
            .verifications(EnumSet.allOf(Verification.class))
            .isDeterministic(true)
            .maxInFlight(maxInFlight)
            .build();
    return new HostExecutor(this, spec);
  }

  private static void requireRange(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " is " + value + ", must be " + min + " to " + max);
    }
  }

  HostModel model() {
    return model;
  }

  int numThreads() {
    return numThreads;
  }

  ThreadFactory threadFactory() {
    return threadFactory;
  }
}
