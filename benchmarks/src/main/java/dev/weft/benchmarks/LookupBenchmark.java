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
 * W4.lookup.L: what does the search for the longest cached prefix of L tokens cost, and what to
 * hold and give back the blocks that were found? See {@link LookupWorkload}.
 *
 * <pre>tools/bench LookupBenchmark</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class LookupBenchmark {
  private static final int NUM_STEPS_OF_4096 = 1000;
  private static final int NUM_STEPS_OF_32768 = 200;

  /** Prompts of 4,096 tokens. */
  @State(Scope.Thread)
  public static class Of4096 {
    @Param({"HIT", "HALF", "MISS", "ADMIT"})
    public LookupWorkload.Kind kind;
    LookupWorkload workload;

    /** Caches the prompt; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new LookupWorkload(kind, 4096, NUM_STEPS_OF_4096);
      System.gc();
    }
  }

  /** Prompts of 32,768 tokens. */
  @State(Scope.Thread)
  public static class Of32768 {
    @Param({"HIT", "HALF", "MISS", "ADMIT"})
    public LookupWorkload.Kind kind;
    LookupWorkload workload;

    /** Caches the prompt; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new LookupWorkload(kind, 32_768, NUM_STEPS_OF_32768);
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS_OF_4096)
  public void lookup4096(Of4096 state) {
    state.workload.run();
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS_OF_32768)
  public void lookup32768(Of32768 state) {
    state.workload.run();
  }
}
