package dev.weft.pagedkv;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * W3, the keys alone: what does it cost to hash a block of 16 tokens, each in the chain of the one
 * before? A prompt of 32,768 tokens; the score is the time of a block. In this package, because
 * nobody else may name the hash.
 *
 * <pre>tools/bench HashBenchmark</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class HashBenchmark {
  private static final int BLOCK_SIZE = 16;
  private static final int NUM_TOKENS = 32_768;

  /** A prompt. */
  @State(Scope.Thread)
  public static class Prompt {
    final int[] tokens = new int[NUM_TOKENS];

    /** Token {@code j} is that of seed 1. */
    public Prompt() {
      for (int j = 0; j < NUM_TOKENS; j++) {
        tokens[j] = (31 + j * 7) % 32_003;
      }
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_TOKENS / BLOCK_SIZE)
  public long hash(Prompt prompt) {
    long hash = 0;
    for (int offset = 0; offset < NUM_TOKENS; offset += BLOCK_SIZE) {
      hash = BlockHash.of(hash, prompt.tokens, offset, BLOCK_SIZE);
    }
    return hash;
  }
}
