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
 * What does a flight recorder add to a step of W1.decode.N, in time and in bytes? The same steps
 * without one, with one that hashes tokens, and with one that keeps them in clear.
 *
 * <pre>tools/bench Recorder</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class RecorderBenchmark {
  private static final int NUM_STEPS = 480;

  /** A running engine. */
  @State(Scope.Thread)
  public static class Running {
    @Param({"64", "1024"})
    public int numRequests;
    @Param({"WEFT", "RECORDED", "RECORDED_CLEAR"})
    public EngineKind engine;
    DecodeWorkload workload;

    /** Prefills; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new DecodeWorkload(engine, numRequests, 0, NUM_STEPS);
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS)
  public void decode(Running state) {
    state.workload.run();
  }
}
