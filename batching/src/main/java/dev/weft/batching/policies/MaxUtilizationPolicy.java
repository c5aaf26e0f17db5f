package dev.weft.batching.policies;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.FullPromptGate;
import dev.weft.batching.LowestPriorityFirst;
import dev.weft.batching.RowKind;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * As many as fit now, in a list by priority, then arrival. Who does not fit, waiting or running,
 * takes the blocks of the last one behind it that has started; the first for whom that is not
 * enough ends the list, and so does a victim: nobody behind it is admitted in this step. Decodes go
 * before chunks, and chunks before new prompts. This is MAX_UTILIZATION of TensorRT-LLM (state of
 * 2026, {@code capacityScheduler.cpp} and {@code microBatchScheduler.cpp}). Unlike there, nobody is
 * paused where that would not help. Left out: deferring equal prompts.
 *
 * <p>Live: the head of the list always gets its blocks, and ends. Among equal priorities free of
 * starvation, since nobody takes blocks from an earlier one. What it admits beyond what fits to the
 * end is computed again after each pause.
 *
 * <p>Cost of a step O(running + admitted + passed over), and O(running) a victim; allocates
 * nothing.
 */
public final class MaxUtilizationPolicy implements SchedulingPolicy {
  private static final int MAX_PRIORITY = 1 << 22;
  private final ContinuousBatchingPolicy batch = ContinuousBatchingPolicy.builder()
      .urgency(MaxUtilizationPolicy::placeInList).victims(new LowestPriorityFirst())
      .gate(FullPromptGate.sparingBlocks(0)).build();

  /** For one scheduler; priorities beyond 4,194,304 either way count as that. */
  public MaxUtilizationPolicy() {}

  private static long placeInList(SequenceView sequence) {
    long priority = Math.max(-MAX_PRIORITY, Math.min(sequence.priority(), MAX_PRIORITY));
    return (priority << 40) + sequence.arrivalIndex();
  }

  @Override public WaitingOrder waitingOrder() {
    return batch.waitingOrder();
  }

  @Override public void plan(StepBuilder step) {
    batch.begin();
    batch.run(step, RowKind.DECODE);
    batch.run(step, RowKind.PREFILL);
    batch.admit(step);
    batch.rescue(step);
  }
}
