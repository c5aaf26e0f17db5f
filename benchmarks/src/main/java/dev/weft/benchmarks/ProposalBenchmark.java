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
 * What do the drafters that need no model cost for each request in each step, at 4,096 tokens? See
 * {@link ProposalWorkload}.
 *
 * <pre>tools/bench Proposal</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms4g", "-Xmx4g"})
@Warmup(iterations = 15)
@Measurement(iterations = 10)
public class ProposalBenchmark {
  private static final int NUM_ROUNDS = 400;

  /** Sequences in the midst of decoding. */
  @State(Scope.Thread)
  public static class Decoding {
    @Param({"1", "64"})
    public int numSequences;
    @Param({"RESCAN", "NGRAM", "SUFFIX", "SUFFIX_SHARED"})
    public ProposalWorkload.Kind kind;
    ProposalWorkload workload;

    /** Reads the prompts; the heap is collected before the timed steps. */
    @Setup(Level.Iteration)
    public void setUp() {
      workload = new ProposalWorkload(kind, numSequences, NUM_ROUNDS);
      System.gc();
    }
  }

  @Benchmark
  @OperationsPerInvocation(NUM_ROUNDS)
  public void propose(Decoding state) {
    state.workload.run();
  }
}
