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
 * W3.add.L: what does it cost to construct a request with a prompt of L tokens and to add it,
 * without and with the hashing of all its blocks? See {@link AddWorkload}.
 *
 * <pre>tools/bench AddBenchmark</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class AddBenchmark {
  private static final int NUM_REQUESTS_OF_4096 = 300;
  private static final int NUM_REQUESTS_OF_32768 = 40;

  /** Prompts of 4,096 tokens. */
  @State(Scope.Thread)
  public static class Of4096 {
    @Param({"ADD", "ADD_AND_MATCH"})
    public AddWorkload.Kind kind;
    AddWorkload workload;

    /** Makes prompts; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new AddWorkload(4096, NUM_REQUESTS_OF_4096, kind);
      System.gc();
    }
  }

  /** Prompts of 32,768 tokens. */
  @State(Scope.Thread)
  public static class Of32768 {
    @Param({"ADD", "ADD_AND_MATCH"})
    public AddWorkload.Kind kind;
    AddWorkload workload;

    /** Makes prompts; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new AddWorkload(32_768, NUM_REQUESTS_OF_32768, kind);
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_REQUESTS_OF_4096)
  public void add4096(Of4096 state) {
    state.workload.run();
  }

  @Benchmark
  @OperationsPerInvocation(NUM_REQUESTS_OF_32768)
  public void add32768(Of32768 state) {
    state.workload.run();
  }
}
