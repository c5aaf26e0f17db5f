package dev.weft.batching;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A scheduler with blocks of 4 positions and a device that samples some token and takes a
 * nanosecond for each token of a step, told step by step. A plan is written as its rows in order,
 * {@code request:tokens}, then {@code -request} for each that lost its blocks since the plan
 * before.
 */
final class TestServer {
  static final int BLOCK_SIZE = 4;

  private final Scheduler scheduler;
  private final StepResult result;
  private final ArrayDeque<StepPlan> inFlight = new ArrayDeque<>();
  private final List<RuntimeException> failures = new ArrayList<>();
  private long nowNanos;

  private TestServer(SchedulingPolicy policy, KvCache cache, SchedulerLimits limits,
      ExecutorSpec.Builder spec) {
    scheduler = Scheduler.builder(limits, spec
            .blockSize(BLOCK_SIZE).numBlocks(cache.numBlocks() + 1)
            .numSlots(4 * limits.maxNumSeqs()).maxNumRows(limits.maxNumSeqs())
            .maxNumBatchedTokens(limits.maxNumBatchedTokens()).maxModelLen(limits.maxModelLen())
            .maxInFlight(limits.maxInFlight()).vocabularySize(limits.vocabularySize()).build(),
            cache)
        .policy(policy)
        .listener(new SchedulerListener() {
          @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
            failures.add(failure);
          }
        })
        .build();
    result = StepResult.of(limits);
  }

  /** Limits of 4 running sequences and 16 tokens a step. */
  static SchedulerLimits.Builder limits() {
    return SchedulerLimits.builder().maxNumSeqs(4).maxNumBatchedTokens(16).maxModelLen(512)
        .vocabularySize(1 << 20).maxNumWaiting(2000);
  }

  static TestServer of(SchedulingPolicy policy, int numBlocks) {
    return of(policy, numBlocks, limits().build());
  }

  static TestServer of(SchedulingPolicy policy, int numBlocks, SchedulerLimits limits) {
    return of(policy, TestKvCache.withoutPrefixes(numBlocks, BLOCK_SIZE), limits);
  }

  static TestServer of(SchedulingPolicy policy, KvCache cache, SchedulerLimits limits) {
    return new TestServer(policy, cache, limits, ExecutorSpec.builder());
  }

  static TestServer of(SchedulingPolicy policy, KvCache cache, SchedulerLimits limits,
      ExecutorSpec.Builder spec) {
    return new TestServer(policy, cache, limits, spec);
  }

  Scheduler scheduler() {
    return scheduler;
  }

  void setTime(long nanos) {
    nowNanos = nanos;
  }

  /** A request whose prompt nobody shares. */
  static Request.Builder request(long id, int numPromptTokens, int numNewTokens) {
    int[] prompt = new int[numPromptTokens];
    Arrays.setAll(prompt, position -> (int) (id % 500 * 1000 + position % 1000));
    return Request.builder(id, prompt).sampling(
        SamplingParameters.builder().maxNewTokens(numNewTokens).seed(1L).build());
  }

  TestServer add(long id, int numPromptTokens, int numNewTokens) {
    return add(request(id, numPromptTokens, numNewTokens));
  }

  TestServer add(Request.Builder request) {
    AddResult added = scheduler.add(request.build(), nowNanos);
    if (!added.isAccepted()) {
      throw new AssertionError(added.message());
    }
    return this;
  }

  /** Plans a step and applies its result. */
  String step() {
    String plan = plan();
    if (!inFlight.isEmpty()) {
      complete();
    }
    return plan;
  }

  /** Plans a step that stays in flight. */
  String plan() {
    StepPlan plan = scheduler.plan(nowNanos);
    if (!plan.isEmpty()) {
      inFlight.add(plan);
    }
    check();
    return write(plan);
  }

  int numInFlight() {
    return inFlight.size();
  }

  /** Applies the result of the oldest step in flight. */
  void complete() {
    StepPlan plan = inFlight.remove();
    result.reset(plan.stepId(), plan.numRows());
    result.setDeviceNanos(plan.numTokens());
    for (int row = 0; row < plan.numRows(); row++) {
      if (plan.isSampled(row)) {
        int position = plan.startPosition(row) + plan.numTokens(row);
        result.addToken(row, (int) (500_000 + plan.requestId(row) % 500 * 1000 + position % 1000));
      }
    }
    scheduler.update(result, nowNanos);
    check();
  }

  private void check() {
    scheduler.checkIntegrity();
    if (!failures.isEmpty()) {
      throw new AssertionError("the policy failed", failures.get(0));
    }
  }

  /** Steps until nothing lives; the number of steps. */
  int runToEnd(int maxNumSteps) {
    int numSteps = 0;
    while (!scheduler.isIdle()) {
      step();
      if (++numSteps > maxNumSteps) {
        throw new AssertionError("not idle after " + maxNumSteps + " steps");
      }
    }
    return numSteps;
  }

  private static String write(StepPlan plan) {
    List<String> words = new ArrayList<>();
    for (int row = 0; row < plan.numRows(); row++) {
      words.add(plan.requestId(row) + ":" + plan.numTokens(row));
    }
    for (int i = 0; i < plan.numPreempted(); i++) {
      words.add("-" + plan.preemptedRequestId(i));
    }
    return String.join(" ", words);
  }
}
