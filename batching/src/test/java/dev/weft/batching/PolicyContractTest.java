package dev.weft.batching;

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
import dev.weft.testkit.SchedulerDriver;
import dev.weft.testkit.SchedulingPolicyContract;
import dev.weft.testkit.Swarm;
import org.junit.jupiter.api.Nested;

/** Every policy of this module keeps the contract of policies. */
final class PolicyContractTest {
  @Nested final class Fcfs extends Contract {
    @Override protected SchedulingPolicy create() {
      return ContinuousBatchingPolicy.fcfs();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class Priorities extends Contract {
    @Override protected SchedulingPolicy create() {
      return ContinuousBatchingPolicy.withPriorities();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class LowestPriorityLoses extends Contract {
    @Override protected SchedulingPolicy create() {
      return ContinuousBatchingPolicy.builder().urgency(Urgency.PRIORITY)
          .victims(new LowestPriorityFirst()).gate(FullPromptGate.sparingBlocks(2)).build();
    }
  }

  @Nested final class SmallChunks extends Contract {
    @Override protected SchedulingPolicy create() {
      return ContinuousBatchingPolicy.builder().chunkRule((step, sequence) -> 3).build();
    }
  }

  @Nested final class DecodeFirst extends Contract {
    @Override protected SchedulingPolicy create() {
      return new DecodeFirstPolicy(12);
    }
  }

  @Nested final class PrefillFirst extends Contract {
    @Override protected SchedulingPolicy create() {
      return new PrefillFirstPolicy(2);
    }
  }

  @Nested final class StaticBatch extends Contract {
    @Override protected SchedulingPolicy create() {
      return new StaticBatchPolicy();
    }
  }

  @Nested final class Ageing extends Contract {
    @Override protected SchedulingPolicy create() {
      return new PriorityPolicy(7 * Swarm.NANOS_PER_STEP);
    }
  }

  /** It waits for steps in flight, so an overlapping step may stay empty. */
  @Nested final class GuardAlone extends Contract {
    @Override protected SchedulingPolicy create() {
      return new ProgressGuard(step -> {}, 1);
    }

    @Override protected Demand demand() {
      return Demand.NOTHING;
    }
  }

  /** A head that fits never would hold up the rest for ever, so it is refused here. */
  @Nested final class VllmFcfs extends Contract {
    @Override protected SchedulingPolicy create() {
      return new ProgressGuard(new RefusesWhatNeverFits(VllmPolicy.fcfs()), 1);
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }

    @Override protected Demand demand() {
      return Demand.NOTHING;
    }
  }

  /** Alone it leaves steps empty. */
  @Nested final class VllmPriorities extends Contract {
    @Override protected SchedulingPolicy create() {
      return new ProgressGuard(new RefusesWhatNeverFits(VllmPolicy.builder().usePriorities()
          .maxNumTokensPerRow(7).withoutFullPromptGate().watermark(0.1).build()), 1);
    }

    @Override protected Demand demand() {
      return Demand.NOTHING;
    }
  }

  @Nested final class GuaranteedNoEvict extends Contract {
    @Override protected SchedulingPolicy create() {
      return new GuaranteedNoEvictPolicy();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class MaxUtilization extends Contract {
    @Override protected SchedulingPolicy create() {
      return new MaxUtilizationPolicy();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class LongestPrefix extends Contract {
    @Override protected SchedulingPolicy create() {
      return ContinuousBatchingPolicy.builder()
          .order(new LongestPrefixFirst(8, 50 * Swarm.NANOS_PER_STEP)).build();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class RatioAdmission extends Contract {
    @Override protected SchedulingPolicy create() {
      return new RatioAdmissionPolicy(0.3, 9);
    }
  }

  @Nested final class Peak extends Contract {
    @Override protected SchedulingPolicy create() {
      return ContinuousBatchingPolicy.builder().gate(new PeakGate()).build();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class TenantCounters extends Contract {
    @Override protected SchedulingPolicy create() {
      return new VirtualTokenCounter().toBuilder().build();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class Deadlines extends Contract {
    @Override protected SchedulingPolicy create() {
      return new DeadlineOrder(10 * Swarm.NANOS_PER_STEP, Swarm.NANOS_PER_STEP).toBuilder().build();
    }

    @Override protected boolean plansContinuingFirst() {
      return true;
    }
  }

  @Nested final class Levels extends Contract {
    @Override protected SchedulingPolicy create() {
      return new FeedbackQueues(new long[] {2_000, 4_000, 8_000}, numTokens -> 100L * numTokens,
          200 * Swarm.NANOS_PER_STEP).toBuilder().build();
    }
  }

  private abstract static class Contract extends SchedulingPolicyContract {
    @Override protected SchedulerDriver.Factory schedulers() {
      return TestDriver::create;
    }

    @Override protected String module() {
      return "batching";
    }

    @Override protected int numSeeds() {
      return 60;
    }
  }
}
