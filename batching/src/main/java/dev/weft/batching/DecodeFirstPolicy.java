package dev.weft.batching;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;

/**
 * Never lets a prompt delay a decode: all decodes first, then prompts that are half computed, then
 * new ones, chunked to what is left of a number of tokens that bounds the time of a step (Agrawal
 * et al., Taming Throughput-Latency Tradeoff in LLM Inference with Sarathi-Serve, OSDI 2024). First
 * come, first served; the newest loses its blocks.
 *
 * <p>Live: the oldest sequence never loses its blocks, and decodes end. Prompts get nothing while
 * there are as many decodes as tokens in a step: choose more tokens than {@code maxNumSeqs}.
 *
 * <p>Cost of a step O(running + admitted + passed over), and O(running) a victim; allocates
 * nothing.
 */
public final class DecodeFirstPolicy implements SchedulingPolicy {
  private final int maxNumStepTokens;
  private final ContinuousBatchingPolicy batch = ContinuousBatchingPolicy.fcfs();

  /**
   * @param maxNumStepTokens decodes and chunks of one step; the paper takes it from the wanted time
   * between
   *     tokens: 512 where that is strict, 2048 where it is relaxed
   */
  public DecodeFirstPolicy(int maxNumStepTokens) {
    if (maxNumStepTokens < 1) {
      throw new IllegalArgumentException(
          "maxNumStepTokens is " + maxNumStepTokens + ", must be 1 or more");
    }
    this.maxNumStepTokens = maxNumStepTokens;
  }

  @Override public void plan(StepBuilder step) {
    int budget = step.tokenBudget();
    batch.begin();
    batch.run(step, RowKind.DECODE);
    batch.withhold(Math.max(0, budget - maxNumStepTokens));
    batch.run(step, RowKind.PREFILL);
    batch.admit(step);
    batch.rescue(step);
  }
}
