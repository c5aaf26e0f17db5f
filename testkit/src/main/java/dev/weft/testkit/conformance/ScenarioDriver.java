package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.testkit.SchedulerDriver;
import java.util.function.Consumer;

/** A scheduler and its cache as a scenario sees them: what a golden tells must be visible. */
public interface ScenarioDriver extends SchedulerDriver {
  /** Sequences that hold KV blocks, oldest admission first. */
  SequenceList running();

  /** Sequences that wait, in waiting order; those set aside are marked as skipped. */
  SequenceList waiting();

  /**
   * Has drafts made for the sequences that the last applied step sampled.
   *
   * @param proposer is shown them, and proposes; not called when there are none
   */
  void draft(Consumer<DraftBatch> proposer, long nowNanos);

  /** Forgets all cached prefixes if no block is held; false when one is. */
  boolean resetPrefixCacheIfIdle();

  /** True when the block has a content that can be found. */
  boolean isCached(int block);

  /** Copies the free blocks, next to be handed out first, into an array of at least that length. */
  void copyFreeOrder(int[] target);

  /** Makes schedulers for scenarios. */
  @FunctionalInterface
  interface Factory {
    /**
     * A scheduler in its first state.
     *
     * @param limits what the scenario says in terms of limits
     * @param spec   of an executor for them, with two slots for each sequence that may run
     */
    ScenarioDriver create(Scenario scenario, SchedulerLimits limits, ExecutorSpec spec,
        SchedulerListener listener);
  }
}
