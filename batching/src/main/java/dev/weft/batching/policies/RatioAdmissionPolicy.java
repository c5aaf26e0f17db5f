package dev.weft.batching.policies;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.RowKind;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;

/**
 * Prompts alone while any can be admitted, cut to some tokens a step, else decodes alone. Admits by
 * {@link RatioGate}; blocks are lost {@link ShortestOutputFirst}. The ratio falls a little in every
 * decode step, and is worked out from what the survivors have generated when somebody lost blocks
 * in one; with nobody running it is the first one (SGLang: Zheng et al., NeurIPS 2024; {@code
 * schedule_batch.py}, state of 2026, without mixed chunks). Unlike there, who loses its blocks
 * keeps its place among the waiting.
 *
 * <p>Live: the one with the longest output always gets its blocks, and prompts end as long as slots
 * or blocks do. First come, first served, and so free of starvation; decodes wait while prompts are
 * computed.
 *
 * <p>Cost of a step O(running + admitted + passed over), and O(running) a victim; allocates
 * nothing.
 */
public final class RatioAdmissionPolicy implements SchedulingPolicy {
  private final double firstRatio;
  private final RatioGate gate;
  private final ContinuousBatchingPolicy batch;
  private final int maxNumChunkTokens;

  /**
   * @param conservativeness  1 as in SGLang is a ratio of 0.7 at first and 0.098 at least
   * @param maxNumChunkTokens prompt tokens of a step, 1 or more
   */
  public RatioAdmissionPolicy(double conservativeness, int maxNumChunkTokens) {
    if (maxNumChunkTokens < 1) {
      throw new IllegalArgumentException("maxNumChunkTokens is " + maxNumChunkTokens + ", below 1");
    }
    firstRatio = Math.min(0.7 * conservativeness, 1);
    gate = new RatioGate(firstRatio);
    batch = ContinuousBatchingPolicy.builder()
        .gate(gate).victims(new ShortestOutputFirst()).build();
    this.maxNumChunkTokens = maxNumChunkTokens;
  }

  @Override public void plan(StepBuilder step) {
    batch.begin();
    batch.withhold(Math.max(0, step.tokenBudget() - maxNumChunkTokens));
    batch.run(step, RowKind.PREFILL);
    batch.admit(step);
    batch.withhold(0);
    if (step.numRows() == 0) {
      batch.run(step, RowKind.DECODE);
      gate.setRatio(step.numRunning() == 0 ? firstRatio : nextRatio(step));
    }
    batch.rescue(step);
  }

  private double nextRatio(StepFacts step) {
    double numGenerated = 0;
    double most = 1;
    for (int i = 0; i < step.running().size(); i++) {
      SequenceView sequence = step.running().get(i);
      boolean survives = sequence.status() == SequenceStatus.RUNNING;
      numGenerated += survives ? sequence.numTokens() - sequence.numPromptTokens() + 20 : 0;
      most += survives ? sequence.maxNumTokens() - sequence.numPromptTokens() : 0;
    }
    return step.numRunning() < step.running().size() ? Math.min(1, numGenerated / most)
        : Math.max(0.14 * firstRatio, gate.ratio() - 0.86 * firstRatio / 600);
  }
}
