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
 * What does a policy of draft lengths cost a step: its decision about N sequences, and what it
 * learns of their acceptance? {@code FIXED} is the loop around it. See {@link LengthWorkload}.
 *
 * <pre>tools/bench DraftLength</pre>
 *
 * <p>The CPU time of the thread is a secondary result.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 10)
@Measurement(iterations = 10)
public class DraftLengthBenchmark {
  private static final int NUM_STEPS = 2000;

  /** Sequences and a policy. */
  @State(Scope.Thread)
  public static class Sequences {
    @Param({"64", "1024"})
    public int numSequences;
    @Param({"FIXED", "EMA", "GOODPUT", "SLO"})
    public LengthWorkload.Kind policy;
    LengthWorkload workload;

    /** Begins anew; the first steps take the arrays. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new LengthWorkload(policy, numSequences);
      for (int i = 0; i < NUM_STEPS / 10; i++) {
        workload.step();
      }
    }
  }

  /** So many steps; the score is for one. */
  @Benchmark @OperationsPerInvocation(NUM_STEPS)
  public long step(Sequences sequences) {
    Work work = new Work("draft lengths", NUM_STEPS);
    long numGained = 0;
    long start = ThreadClock.cpuNanos();
    work.begin();
    for (int i = 0; i < NUM_STEPS; i++) {
      numGained += sequences.workload.step();
    }
    work.end();
    work.reportMean("cpuNanosPerStep", ThreadClock.cpuNanos() - start, "ns");
    work.reportAllocation();
    return numGained;
  }
}
