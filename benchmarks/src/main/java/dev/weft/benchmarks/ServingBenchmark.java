package dev.weft.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * W6, W6h and W7: what does a step cost while requests come, go, lose their blocks and find cached
 * prefixes? See {@link ServingWorkload}. JMH's own score is the wall time of a whole run.
 *
 * <pre>tools/bench ServingBenchmark</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class ServingBenchmark {
  /** Requests of which none has begun. */
  @State(Scope.Thread)
  public static class Requests {
    @Param
    public ServingKind kind;
    @Param({"WEFT", "VLLM", "NAIVE"})
    public EngineKind engine;
    ServingWorkload workload;

    /** Makes prompts; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new ServingWorkload(engine, kind);
      System.gc();
    }
  }

  @Benchmark
  public void serve(Requests state) {
    state.workload.run();
  }
}
