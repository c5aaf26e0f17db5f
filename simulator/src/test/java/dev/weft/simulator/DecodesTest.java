package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Urgency;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Decodes that are planned in one call are planned as one by one. */
final class DecodesTest {
  private static final int NUM_SEEDS = 200;

  @Test void decodesPlannedAtOnceAreThosePlannedOneByOne() {
    compare(ContinuousBatchingPolicy::fcfs,
        () -> ContinuousBatchingPolicy.builder().chunkRule((step, sequence) -> Integer.MAX_VALUE)
            .build());
  }

  @Test void alsoWithPriorities() {
    compare(ContinuousBatchingPolicy::withPriorities,
        () -> ContinuousBatchingPolicy.builder().urgency(Urgency.PRIORITY)
            .chunkRule((step, sequence) -> Integer.MAX_VALUE).build());
  }

  /** A chunk rule of one's own is asked about every row, so that none is planned at once. */
  private static void compare(
      Supplier<SchedulingPolicy> atOnce, Supplier<SchedulingPolicy> oneByOne) {
    LongStream.range(0, NUM_SEEDS).parallel().forEach(seed ->
        assertThat(planHash(atOnce, seed)).as("plans of seed %s", seed)
            .isEqualTo(planHash(oneByOne, seed)));
  }

  private static long planHash(Supplier<SchedulingPolicy> policy, long seed) {
    return new Simulation(Scenario.swarm(seed), policy.get(), PolicyCase.FCFS.demand,
        StepTime.H100_8B, new Coverage(), SchedulerListener.NONE).run().planHash();
  }
}
