package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.batching.policies.DeadlineOrder;
import dev.weft.batching.policies.FeedbackQueues;
import dev.weft.batching.policies.GuaranteedNoEvictPolicy;
import dev.weft.batching.policies.LongestPrefixFirst;
import dev.weft.batching.policies.MaxUtilizationPolicy;
import dev.weft.batching.policies.PeakGate;
import dev.weft.batching.policies.RatioAdmissionPolicy;
import dev.weft.batching.policies.VirtualTokenCounter;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What every policy of this module promises, on small pools and random requests. */
final class PolicyProperties {
  private static final int NUM_REQUESTS = 24;
  private static final long NANOS_PER_STEP = 1_000;

  /** A policy under its name, so that a failure names it. */
  private record Named(String name, Supplier<SchedulingPolicy> policy) {
    @Override public String toString() {
      return name;
    }
  }

  private static final List<Named> POLICIES = List.of(
      new Named("fcfs", ContinuousBatchingPolicy::fcfs),
      new Named("priorities", ContinuousBatchingPolicy::withPriorities),
      new Named("lowest priority first", () -> ContinuousBatchingPolicy.builder()
          .urgency(Urgency.PRIORITY).victims(new LowestPriorityFirst()).build()),
      new Named("spare blocks", () -> ContinuousBatchingPolicy.builder()
          .gate(FullPromptGate.sparingBlocks(3)).build()),
      new Named("small chunks", () -> ContinuousBatchingPolicy.builder().urgency(Urgency.PRIORITY)
          .chunkRule((step, sequence) -> 3).build()),
      new Named("decode first", () -> new DecodeFirstPolicy(12)),
      new Named("prefill first", () -> new PrefillFirstPolicy(3)),
      new Named("static batch", StaticBatchPolicy::new),
      new Named("ageing", () -> new PriorityPolicy(5 * NANOS_PER_STEP)),
      new Named("no evict", GuaranteedNoEvictPolicy::new),
      new Named("max utilization", MaxUtilizationPolicy::new),
      new Named("longest prefix", () -> ContinuousBatchingPolicy.builder()
          .order(new LongestPrefixFirst(6, 40 * NANOS_PER_STEP)).build()),
      new Named("ratio", () -> new RatioAdmissionPolicy(0.3, 9)),
      new Named("peak", () -> ContinuousBatchingPolicy.builder().gate(new PeakGate()).build()),
      new Named("tenants", () -> new VirtualTokenCounter().toBuilder().build()),
      new Named("deadlines",
          () -> new DeadlineOrder(9 * NANOS_PER_STEP, 0).toBuilder().build()),
      new Named("levels", () -> new FeedbackQueues(new long[] {3, 6, 12}, numTokens -> numTokens,
          100 * NANOS_PER_STEP).toBuilder().build()),
      new Named("guarded", () -> new ProgressGuard(step -> {}, 1)));

  @Provide Arbitrary<Named> policies() {
    return Arbitraries.of(POLICIES);
  }

  /** A fresh one of the policies, by its name. */
  static SchedulingPolicy policyOf(String name) {
    return POLICIES.stream().filter(named -> named.name.equals(name)).findFirst().orElseThrow()
        .policy.get();
  }

  /**
   * Also: no step is empty while something lives, since nothing is in flight when it is planned.
   */
  @Property(tries = 1000)
  void everyRequestEndsAndNoStepIsEmpty(@ForAll("policies") Named named, @ForAll long seed) {
    run(named, new Random(seed), 1);
  }

  @Property(tries = 500)
  void everyRequestEndsWhenStepsOverlap(@ForAll("policies") Named named, @ForAll long seed) {
    run(named, new Random(seed), 2);
  }

  private static void run(Named named, Random random, int maxInFlight) {
    int numBlocks = 8 + random.nextInt(12);
    SchedulerLimits limits = TestServer.limits()
        .maxNumSeqs(2 + random.nextInt(5)).maxNumBatchedTokens(5 + random.nextInt(30))
        .numLookaheadTokens(random.nextInt(3)).maxNumAdapters(random.nextInt(3))
        .maxInFlight(maxInFlight).maxNumEmptySteps(1_000_000).build();
    KvCache cache = random.nextBoolean()
        ? TestKvCache.withPrefixes(numBlocks, TestServer.BLOCK_SIZE)
        : TestKvCache.withoutPrefixes(numBlocks, TestServer.BLOCK_SIZE);
    TestServer server = TestServer.of(named.policy.get(), cache, limits);
    List<Request.Builder> requests = requests(random, limits.maxNumSeqs());
    int numSteps = 0;
    while (!requests.isEmpty() || !server.scheduler().isIdle()) {
      assertThat(numSteps).as("steps").isLessThan(4_000);
      server.setTime(numSteps++ * NANOS_PER_STEP);
      if (!requests.isEmpty() && (random.nextInt(3) == 0 || !server.scheduler().hasWork())) {
        server.add(requests.remove(requests.size() - 1));
      }
      boolean hasWork =
          server.scheduler().waiting().size() + server.scheduler().running().size() > 0;
      int numBefore = server.numInFlight();
      String plan = server.plan();
      if (hasWork && numBefore == 0) {
        assertThat(plan).as("plan of step " + numSteps).contains(":");
      }
      int numInFlight = server.numInFlight();
      if (numInFlight == maxInFlight || (plan.isEmpty() && numInFlight > 0)) {
        server.complete();
      }
    }
  }

  private static List<Request.Builder> requests(Random random, int maxNumSeqs) {
    List<Request.Builder> requests = new ArrayList<>();
    for (int id = 1; id <= NUM_REQUESTS; id++) {
      int numPromptTokens = 1 + random.nextInt(20);
      SamplingParameters sampling = SamplingParameters.builder()
          .maxNewTokens(1 + random.nextInt(8)).seed((long) id)
          .numSamples(random.nextInt(8) == 0 ? Math.min(2, maxNumSeqs) : 1).build();
      int[] prompt = random.ints(numPromptTokens, 0, 2).toArray(); // Many share a prefix.
      requests.add(Request.builder(id, prompt).sampling(sampling)
          .priority(random.nextInt(4)).adapterId(random.nextInt(4)).tenant("tenant " + id % 3)
          .hints(new RequestHints(id % 10, id % 4 * (5 * NANOS_PER_STEP), 0, 0, new long[0])));
    }
    return requests;
  }
}
