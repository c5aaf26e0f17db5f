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
 * W1.decode.N: what does a step cost when N requests decode, and when many others wait behind them?
 * With the scheduler's statistics, which cannot be switched off, so W1s is the same. The naive
 * baseline runs beside it: see {@link NaiveScheduler}.
 *
 * <pre>tools/bench Decode</pre>
 *
 * <p>JMH's own score is the wall time of everything between the first and the last step, the
 * device's results and the clocks included. The times of the steps alone are the secondary results.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class DecodeBenchmark {
  private static final int NUM_STEPS = 480;
  private static final int NUM_STEPS_OF_4096 = 160;

  /** The sizes with 480 timed steps. */
  @State(Scope.Thread)
  public static class UpTo1024 {
    @Param({"16", "64", "256", "1024"})
    public int numRequests;
    @Param({"WEFT", "NAIVE"})
    public EngineKind engine;
    DecodeWorkload workload;

    /** Prefills; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new DecodeWorkload(engine, numRequests, 0, NUM_STEPS);
      System.gc();
    }
  }

  /** The size with 160 timed steps. */
  @State(Scope.Thread)
  public static class Of4096 {
    @Param({"WEFT", "NAIVE"})
    public EngineKind engine;
    DecodeWorkload workload;

    /** Prefills; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new DecodeWorkload(engine, 4096, 0, NUM_STEPS_OF_4096);
      System.gc();
    }
  }

  /** 1,024 requests that decode before others that wait. */
  @State(Scope.Thread)
  public static class BeforeWaiting {
    @Param({"0", "100000"})
    public int numWaiting;
    DecodeWorkload workload;

    /** Prefills; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new DecodeWorkload(EngineKind.WEFT, 1024, numWaiting, NUM_STEPS);
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS)
  public void decodeBeforeWaiting(BeforeWaiting state) {
    state.workload.run();
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS)
  public void decode(UpTo1024 state) {
    state.workload.run();
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS_OF_4096)
  public void decode4096(Of4096 state) {
    state.workload.run();
  }
}
