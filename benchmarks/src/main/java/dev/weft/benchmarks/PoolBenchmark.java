package dev.weft.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * W5.pool.1048576: what does a block cost that is taken from a pool of 2^20, given back, entered in
 * the cache or evicted from it? A batch is 2,048 blocks, in calls of 1, 64 or 2,048; a sweep takes
 * the whole pool in calls of 64. See {@link PoolWorkload}.
 *
 * <pre>tools/bench PoolBenchmark</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 10)
@Measurement(iterations = 10)
public class PoolBenchmark {
  private static final int NUM_BLOCKS = 1 << 20;
  private static final int NUM_BLOCKS_OF_BATCH = 2048;
  private static final int NUM_BATCHES = 200;
  private static final int CHUNK_OF_SWEEP = 64;

  /** A pool for batches. */
  @State(Scope.Thread)
  public static class Batches {
    @Param({"1", "64", "2048"})
    public int chunk;
    PoolWorkload workload;

    /** Creates the pool; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new PoolWorkload(NUM_BLOCKS, chunk, NUM_BLOCKS_OF_BATCH / chunk);
      System.gc();
    }
  }

  /** A pool for one sweep. */
  @State(Scope.Thread)
  public static class Sweep {
    PoolWorkload workload;

    /** Creates the pool; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new PoolWorkload(NUM_BLOCKS, CHUNK_OF_SWEEP,
          PoolWorkload.numCallsOfAll(NUM_BLOCKS, CHUNK_OF_SWEEP));
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_BATCHES * NUM_BLOCKS_OF_BATCH)
  public void batches(Batches state) {
    state.workload.takeAndGiveBack(NUM_BATCHES);
  }

  @Benchmark
  @OperationsPerInvocation(NUM_BLOCKS - 1)
  public void sweep(Sweep state) {
    state.workload.takeAndGiveBack(1);
  }

  @Benchmark
  @OperationsPerInvocation(2 * (NUM_BLOCKS - 1))
  public void sweep2(Sweep state) {
    state.workload.takeAndGiveBackScattered();
  }

  @Benchmark
  @OperationsPerInvocation(NUM_BLOCKS - 1)
  public void evictSweep(Sweep state) {
    state.workload.evictAll();
  }
}
