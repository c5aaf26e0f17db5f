package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.TokenMask;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From plan to update nothing is allocated once everything has happened before; measured by the
 * thread's allocation counter. The JVM charges a thread now and then for compiling what it runs, so
 * one window of many must be free, not all. Adding a request may allocate and is not measured.
 */
final class AllocationTest {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int NUM_RUNNING = 64;
  private static final int NUM_STEPS = 200;
  private static final int MAX_NUM_WINDOWS = 50;
  private static final int MODEL_LEN = 1 << 14;
  private static final int[] DRAFTS = {1, 1, 2};

  private Scheduler scheduler;
  private StepResult result;
  private final Drafts drafts = new Drafts();
  private final CalledDrafter drafter = new CalledDrafter();
  private final ArrayDeque<StepPlan> inFlight = new ArrayDeque<>();
  private long numAllocated;
  private long nextId = 1;
  private long numPlans;
  private boolean proposesDrafts;

  private void build(UnaryOperator<SchedulerLimits.Builder> change, int numBlocks,
      SchedulingPolicy policy) {
    SchedulerLimits limits = change.apply(SchedulerLimits.builder().maxNumSeqs(NUM_RUNNING)
        .maxNumWaiting(64).maxNumBatchedTokens(512).maxModelLen(MODEL_LEN).vocabularySize(100)
        .maxNumDraftTokens(3)).build();
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(100).maxModelLen(MODEL_LEN)
        .blockSize(16).numBlocks(numBlocks + 1).maxNumRows(NUM_RUNNING).maxNumDraftTokens(3)
        .numSlots(2 * NUM_RUNNING).maxInFlight(limits.maxInFlight()).build();
    scheduler = Scheduler.builder(limits, spec,
            new FlatKvCache(numBlocks, 16, limits.maxNumHandles(), MODEL_LEN / 16))
        .policy(policy).listener(SchedulerListener.NONE).drafter(drafter).build();
    result = StepResult.of(limits);
  }

  /** False when no more can wait. */
  private boolean add(int numNewTokens, UnaryOperator<SamplingParameters.Builder> change,
      TokenMask mask) {
    Request.Builder request = Request.builder(nextId++, 1, 2, 3, 4, 5).tenant("t" + nextId % 3)
        .sampling(change.apply(
            SamplingParameters.builder().maxNewTokens(numNewTokens)).build());
    if (mask != null) {
      request.tokenMask(mask);
    }
    return scheduler.add(request.build(), 0).isAccepted();
  }

  private void add(int numNewTokens) {
    assertThat(add(numNewTokens, sampling -> sampling, null)).isTrue();
  }

  /** Plans one step and, when as many as may be are in flight, applies the oldest result. */
  private void step() {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    StepPlan plan = scheduler.plan(numPlans++);
    if (!plan.isEmpty()) {
      inFlight.add(plan);
    }
    if (!inFlight.isEmpty() && (plan.isEmpty() || !scheduler.canPlan())) {
      complete(inFlight.remove());
    }
    if (proposesDrafts) {
      scheduler.draft(numPlans);
    }
    numAllocated += THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  /** Accepts the drafts of 1 and rejects that of 2; every sampled token is 1. */
  private void complete(StepPlan plan) {
    result.reset(plan.stepId(), plan.numRows());
    result.setDeviceNanos(plan.numTokens());
    for (int row = 0; row < plan.numRows(); row++) {
      int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
      for (int i = firstDraft; i < plan.numTokens(row) && plan.token(row, i) == 1; i++) {
        result.addToken(row, 1);
      }
      if (plan.isSampled(row)) {
        result.addToken(row, 1);
      }
    }
    scheduler.update(result, numPlans);
  }

  private void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int numDrafts = Math.min(DRAFTS.length, batch.maxNumDraftTokens(i));
      batch.propose(i, drafts.setChain(DRAFTS, numDrafts));
    }
  }

  /** Runs windows until one has allocated nothing; what is done before a step is not measured. */
  private void assertOneWindowIsFree(Runnable beforeEachStep) {
    long fewest = Long.MAX_VALUE;
    for (int window = 0; window < MAX_NUM_WINDOWS && fewest > 0; window++) {
      numAllocated = 0;
      for (int i = 0; i < NUM_STEPS; i++) {
        beforeEachStep.run();
        step();
      }
      fewest = Math.min(fewest, numAllocated);
    }
    assertThat(fewest).as("bytes in the best window of %d steps", NUM_STEPS).isZero();
  }

  private void keepRunning(int numNewTokens) {
    while (scheduler.stats().numRunning() + scheduler.stats().numWaiting() < NUM_RUNNING) {
      add(numNewTokens);
    }
  }

  // ---- what is measured

  @Test void counterSeesOneObject() {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    int[] object = new int[4];
    long after = THREADS.getCurrentThreadAllocatedBytes();

    assertThat(after - before).isGreaterThanOrEqualTo(16 + 4L * object.length);
  }

  @ParameterizedTest @ValueSource(ints = {1, 2, 4})
  void steadyDecodeAllocatesNothing(int maxInFlight) {
    build(limits -> limits.maxInFlight(maxInFlight), 1 << 16, ContinuousBatchingPolicy.fcfs());
    for (int i = 0; i < NUM_RUNNING; i++) {
      add(MODEL_LEN);
    }

    assertOneWindowIsFree(() -> {});

    assertThat(scheduler.stats().numRunning()).isEqualTo(NUM_RUNNING);
  }

  @ParameterizedTest @ValueSource(ints = {1, 2})
  void endsAndAdmissionsAllocateNothing(int maxInFlight) {
    build(limits -> limits.maxInFlight(maxInFlight), 1 << 12, ContinuousBatchingPolicy.fcfs());

    assertOneWindowIsFree(() -> keepRunning(5 + (int) (nextId % 40)));

    assertThat(nextId).isGreaterThan(NUM_RUNNING * 4L);
  }

  @Test void preemptionsAllocateNothing() {
    build(limits -> limits, 200, ContinuousBatchingPolicy.withPriorities());

    assertOneWindowIsFree(() -> keepRunning(100 + (int) (nextId % 100)));

    assertThat(scheduler.stats().numPreemptions()).isPositive();
  }

  @Test void preemptionsAndDraftsOfVllmAllocateNothing() {
    build(limits -> limits, 200, VllmPolicy.withPriorities());

    drafter.proposer = this::propose;
    proposesDrafts = true;
    assertOneWindowIsFree(() -> keepRunning(100 + (int) (nextId % 100)));

    assertThat(scheduler.stats().numPreemptions()).isPositive();
  }

  /** Each policy of others under too few blocks for all, so that gates, orders and victims act. */
  @ParameterizedTest @ValueSource(strings = {"no evict", "max utilization", "longest prefix",
      "ratio", "peak", "tenants", "deadlines", "levels"})
  void policiesOfOthersAllocateNothing(String name) {
    build(limits -> limits.maxNumSeqs(NUM_RUNNING / 2), 200, PolicyProperties.policyOf(name));

    assertOneWindowIsFree(() -> keepRunning(100 + (int) (nextId % 100)));

    assertThat(nextId).as("requests").isGreaterThan(NUM_RUNNING + 30L);
  }

  @Test void forksAllocateNothing() {
    build(limits -> limits, 1 << 12, ContinuousBatchingPolicy.fcfs());

    assertOneWindowIsFree(() -> {
      boolean isFull = false;
      while (!isFull) {
        isFull = !add(5 + (int) (nextId % 40), sampling -> sampling.numSamples(3), null);
      }
    });

    assertThat(scheduler.stats().numForks()).isPositive();
    assertThat(scheduler.stats().numBlockCopies()).isPositive();
  }

  @Test void draftsAllocateNothing() {
    build(limits -> limits, 1 << 12, ContinuousBatchingPolicy.fcfs());

    drafter.proposer = this::propose;
    proposesDrafts = true;
    assertOneWindowIsFree(() -> keepRunning(50 + (int) (nextId % 40)));

    assertThat(scheduler.stats().numOutputTokens())
        .isGreaterThan(2 * scheduler.stats().numSteps() * NUM_RUNNING);
  }

  @Test void masksAndPenaltiesAllocateNothing() {
    build(limits -> limits, 1 << 12, ContinuousBatchingPolicy.fcfs());
    TokenMask mask = (tokens, sampleIndex, words) -> {
      words[0] = 2;
      return tokens.numTokens() % 7 != 0 || numPlans % 2 == 0;
    };

    assertOneWindowIsFree(() -> {
      while (scheduler.stats().numRunning() + scheduler.stats().numWaiting() < NUM_RUNNING) {
        add(5 + (int) (nextId % 40), sampling -> sampling.presencePenalty(1), mask);
      }
    });
  }

  @Test void deadlinesAndPausesAllocateNothing() {
    build(limits -> limits, 1 << 12, ContinuousBatchingPolicy.fcfs());

    assertOneWindowIsFree(() -> {
      if (numPlans % 50 == 0) {
        scheduler.pause(PauseMode.ALL);
      } else if (numPlans % 50 == 3) {
        scheduler.resume();
      }
      if (scheduler.stats().numRunning() + scheduler.stats().numWaiting() < NUM_RUNNING) {
        scheduler.add(Request.builder(nextId++, 1, 2, 3).deadlineNanos(numPlans + 1 + nextId % 30)
            .sampling(SamplingParameters.greedy(20)).build(), numPlans);
      }
    });
  }
}
