package dev.weft.simulator;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.DecodeFirstPolicy;
import dev.weft.batching.LeastLostWork;
import dev.weft.batching.LowestPriorityFirst;
import dev.weft.batching.PrefillFirstPolicy;
import dev.weft.batching.PriorityPolicy;
import dev.weft.batching.ProgressGuard;
import dev.weft.batching.StaticBatchPolicy;
import dev.weft.batching.Urgency;
import dev.weft.batching.VllmPolicy;
import dev.weft.batching.policies.DeadlineOrder;
import dev.weft.batching.policies.FeedbackQueues;
import dev.weft.batching.policies.GuaranteedNoEvictPolicy;
import dev.weft.batching.policies.LongestPrefixFirst;
import dev.weft.batching.policies.MaxUtilizationPolicy;
import dev.weft.batching.policies.PeakGate;
import dev.weft.batching.policies.RatioAdmissionPolicy;
import dev.weft.batching.policies.VirtualTokenCounter;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.testkit.LivenessChecker.Demand;
import dev.weft.testkit.RandomPolicy;
import java.util.function.LongFunction;

/** The policies that run all seeds, by name, and what each promises. */
enum PolicyCase {
  RANDOM("random", Demand.NOTHING, seed -> new RandomPolicy(seed, 600)),
  GUARDED_RANDOM("guarded-random", Demand.NOTHING,
      seed -> new ProgressGuard(new RandomPolicy(seed, 600), 1)),
  FCFS("fcfs", Demand.PROGRESS, seed -> ContinuousBatchingPolicy.fcfs()),
  PRIORITIES("priorities", Demand.PROGRESS, seed -> ContinuousBatchingPolicy.withPriorities()),
  CHUNKS("chunks", Demand.PROGRESS, seed -> ContinuousBatchingPolicy.builder()
      .urgency(Urgency.PRIORITY)
      .chunkRule((step, sequence) -> 1 + (int) (seed & 7)).victims(new LowestPriorityFirst())
      .build()),
  LEAST_LOST("least-lost", Demand.PROGRESS,
      seed -> ContinuousBatchingPolicy.builder().victims(new LeastLostWork()).build()),
  DECODE_FIRST("decode-first", Demand.PROGRESS, seed -> new DecodeFirstPolicy(32)),
  PREFILL_FIRST("prefill-first", Demand.PROGRESS,
      seed -> new PrefillFirstPolicy(1 + (int) (seed & 3))),
  STATIC("static", Demand.PROGRESS, seed -> new StaticBatchPolicy()),
  AGEING("ageing", Demand.PROGRESS, seed -> new PriorityPolicy(20_000_000)),
  VLLM_FCFS("vllm-fcfs", Demand.NOTHING, seed -> VllmPolicy.builder()
      .maxNumTokensPerRow((int) (seed & 15)).watermark((seed & 3) / 20.0).build()),
  VLLM_PRIORITIES("vllm-priorities", Demand.NOTHING, seed -> VllmPolicy.withPriorities()),
  NO_EVICT("no-evict", Demand.PROGRESS, seed -> new GuaranteedNoEvictPolicy()),
  MAX_UTILIZATION("max-util", Demand.PROGRESS, seed -> new MaxUtilizationPolicy()),
  LONGEST_PREFIX("prefix", Demand.PROGRESS, seed -> ContinuousBatchingPolicy.builder()
      .order(new LongestPrefixFirst(1 + (int) (seed & 15), 100_000_000)).build()),
  RATIO("ratio", Demand.PROGRESS,
      seed -> new RatioAdmissionPolicy(0.1 + (seed & 3), 1 + (int) (seed & 31))),
  PEAK("peak", Demand.PROGRESS,
      seed -> ContinuousBatchingPolicy.builder().gate(new PeakGate()).build()),
  TENANTS("tenants", Demand.PROGRESS, seed -> new VirtualTokenCounter().toBuilder().build()),
  DEADLINES("deadlines", Demand.PROGRESS,
      seed -> new DeadlineOrder(50_000_000, 1_000_000 * (seed & 7)).toBuilder().build()),
  LEVELS("levels", Demand.PROGRESS, seed -> new FeedbackQueues(
      new long[] {2_000_000, 4_000_000, 8_000_000, 16_000_000}, numTokens -> 1_000L * numTokens,
      3_000_000_000L).toBuilder().build());

  final String label;
  final Demand demand;
  @SuppressWarnings("ImmutableEnumChecker") // Every function above is.
  private final LongFunction<SchedulingPolicy> policy;

  PolicyCase(String label, Demand demand, LongFunction<SchedulingPolicy> policy) {
    this.label = label;
    this.demand = demand;
    this.policy = policy;
  }

  /** A fresh policy; two of one seed decide the same. */
  SchedulingPolicy newPolicy(long seed) {
    return policy.apply(seed);
  }
}
