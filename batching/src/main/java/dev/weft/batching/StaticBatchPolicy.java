package dev.weft.batching;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;

/**
 * The baseline that continuous batching is compared with: a batch is chosen when nothing runs, and
 * nobody joins until its last member has ended (the manner of FasterTransformer, as described by Yu
 * et al., Orca, OSDI 2022). The batch is what the slots, the token budget of one step and the
 * blocks hold, all tokens that its members can come to have included, so that nobody loses blocks
 * but further samples of a request.
 *
 * <p>Live, since every member ends, but not work-conserving: it cannot keep up with a load that
 * others can (Li, Dai and Peng, Throughput-Optimal Scheduling Algorithms for LLM Inference, 2025).
 * Cost of a step O(running + admitted + passed over); allocates nothing.
 */
public final class StaticBatchPolicy implements SchedulingPolicy {
  private final ContinuousBatchingPolicy batch =
      ContinuousBatchingPolicy.builder().gate(new ReserveToEndGate()).build();

  /** First come, first served. */
  public StaticBatchPolicy() {}

  @Override public void plan(StepBuilder step) {
    batch.begin();
    batch.run(step, RowKind.ANY);
    batch.runLittle(step);
    if (step.numRunning() == 0) {
      batch.admit(step);
      batch.rescue(step);
    }
  }
}
