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
 * W2.drafts.N: what does a step cost when N requests verify four drafts each and get three tokens?
 * See {@link DraftWorkload}.
 *
 * <pre>tools/bench DraftBenchmark</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class DraftBenchmark {
  private static final int NUM_STEPS = 160;

  /** Requests whose prompts are computed. */
  @State(Scope.Thread)
  public static class Running {
    @Param({"64", "256", "1024"})
    public int numRequests;
    DraftWorkload workload;

    /** Prefills; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new DraftWorkload(numRequests, NUM_STEPS);
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_STEPS)
  public void drafts(Running state) {
    state.workload.run();
  }
}
