package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Plans are a function of what the scheduler was told; request ids are names and nothing else. */
final class DeterminismProperties {
  @Provide Arbitrary<Supplier<SchedulingPolicy>> policies() {
    return Arbitraries.of(TestPolicy::new, ContinuousBatchingPolicy::fcfs,
        ContinuousBatchingPolicy::withPriorities);
  }

  @Property(tries = 100)
  void equalHistoriesGiveEqualPlans(@ForAll("policies") Supplier<SchedulingPolicy> policy,
      @ForAll long seed) {
    List<String> plans = new History(seed, policy, number -> number).run();

    assertThat(new History(seed, policy, number -> number).run()).isEqualTo(plans);
    assertThat(plans).hasSizeGreaterThan(10);
  }

  @Property(tries = 100)
  void requestIdsChangeNothingButTheNames(@ForAll("policies") Supplier<SchedulingPolicy> policy,
      @ForAll long seed) {
    List<String> plans = new History(seed, policy, number -> number).run();

    assertThat(new History(seed, policy, number -> ~number * 0x9E3779B97F4A7C15L).run())
        .isEqualTo(plans);
    assertThat(new History(seed, policy, number -> 1L << number % 63 | number << 32).run())
        .isEqualTo(plans);
  }

  /** Everything that can be told to a scheduler, in an order that a seed decides. */
  private static final class History {
    private static final int NUM_EVENTS = 150;
    private final Random random;
    private final LongUnaryOperator idOf;
    private final Map<Long, Long> numbers = new HashMap<>();
    private final SchedulerHarness harness;

    private History(long seed, Supplier<SchedulingPolicy> policy, LongUnaryOperator idOf) {
      random = new Random(seed);
      this.idOf = idOf;
      int maxInFlight = 1 + random.nextInt(4);
      harness = SchedulerHarness.builder()
          .cache(TestKvCache.withPrefixes(12 + random.nextInt(20), SchedulerHarness.BLOCK_SIZE))
          .limits(limits -> limits.maxInFlight(maxInFlight).maxNumDraftTokens(2)
              .maxNumAdapters(1).maxNumBatchedTokens(16))
          .wrapPolicy(ignored -> policy.get())
          .listener(new RecordingListener() {
            @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
              plans.add(PlanText.of(plan, numbers::get));
            }
          }).build();
    }

    /** All plans, with each request called by its number. */
    private List<String> run() {
      for (int i = 0; i < NUM_EVENTS; i++) {
        happen(random.nextInt(20));
      }
      harness.scheduler.resume();
      for (long number = 1; number <= numbers.size(); number++) {
        harness.scheduler.unblock(idOf.applyAsLong(number));
      }
      harness.run();
      return harness.heard.plans;
    }

    private void happen(int event) {
      harness.now += random.nextInt(100);
      long anybody = idOf.applyAsLong(1 + random.nextInt(numbers.size() + 1));
      switch (event) {
        case 0, 1, 2 -> harness.tryAdd(request());
        case 3 -> harness.abort(anybody);
        case 4 -> harness.scheduler.stop(anybody, random.nextInt(3), 0, harness.now);
        case 5 -> harness.scheduler.unblock(anybody);
        case 6 -> harness.scheduler.pause(PauseMode.values()[random.nextInt(3)]);
        case 7 -> harness.scheduler.resetPrefixCache(random.nextInt(4) == 0, 0);
        case 8 -> loseStep();
        case 9 -> harness.draft(this::propose);
        default -> step();
      }
    }

    private Request request() {
      long number = numbers.size() + 1L;
      numbers.put(idOf.applyAsLong(number), number);
      SamplingParameters sampling = SamplingParameters.builder()
          .maxNewTokens(1 + random.nextInt(20)).temperature(random.nextInt(2))
          .numSamples(1 + random.nextInt(3)).stopTokenIds(random.nextInt(97)).build();
      Request.Builder request = Request.builder(idOf.applyAsLong(number),
              SchedulerHarness.prompt(random.nextInt(3), 1 + random.nextInt(25)))
          .sampling(sampling).priority(random.nextInt(3)).adapterId(random.nextInt(3));
      if (random.nextInt(4) == 0) {
        request.deadlineNanos(harness.now + 1 + random.nextInt(1500));
      }
      if (random.nextInt(6) == 0) {
        request.blockedBy(BlockReason.HOST);
      }
      return request.build();
    }

    private void loseStep() {
      long stepId = harness.scheduler.stats().numSteps() + 1 - random.nextInt(9);
      switch (random.nextInt(3)) {
        case 0 -> harness.loseExecutor(DeadExecutorMode.values()[random.nextInt(2)]);
        case 1 -> harness.executor.failStep(stepId);
        default -> harness.executor.failRow(stepId, random.nextInt(3));
      }
    }

    private void propose(DraftBatch batch) {
      for (int i = 0; i < batch.numSequences(); i++) {
        Drafts drafts = new Drafts().add(random.nextInt(97));
        batch.propose(i, random.nextBoolean() ? drafts : drafts.add(random.nextInt(97)));
      }
    }

    private void step() {
      if (harness.scheduler.canPlan() && random.nextInt(3) > 0) {
        harness.plan();
      } else if (harness.executor.numInFlight() > 0) {
        harness.complete();
      }
    }
  }
}
