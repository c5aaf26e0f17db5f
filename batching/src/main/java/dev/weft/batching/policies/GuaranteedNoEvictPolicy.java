package dev.weft.batching.policies;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.ReserveToEndGate;
import dev.weft.batching.RowKind;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * Who has started never pauses: a request is admitted when the blocks are free for all tokens that
 * it and those that run can come to have. By priority, then arrival; the first that does not fit
 * lets nobody by, but who only lacks room for its adapter is passed over. Decodes go before chunks,
 * and chunks before new prompts. This is GUARANTEED_NO_EVICT, the default of TensorRT-LLM (state of
 * 2026, {@code capacityScheduler.cpp} and {@code microBatchScheduler.cpp}). Left out: deferring
 * equal prompts, and holding a prompt back that has started.
 *
 * <p>Live: {@link ReserveToEndGate} admits when the others have ended, and nobody loses blocks,
 * except that samples of one request do that are too many to fit at once. Among equal priorities
 * free of starvation; a request with a large bound on its output keeps all behind it waiting, and a
 * more urgent one takes nobody's place.
 *
 * <p>Cost of a step O(running + admitted + passed over); allocates nothing.
 */
public final class GuaranteedNoEvictPolicy implements SchedulingPolicy {
  private final ContinuousBatchingPolicy batch = ContinuousBatchingPolicy.builder()
      .order(WaitingOrder.PRIORITY).gate(new ReserveToEndGate()).build();

  /** For one scheduler. */
  public GuaranteedNoEvictPolicy() {}

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
