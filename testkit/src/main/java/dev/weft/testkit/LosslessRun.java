package dev.weft.testkit;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One run of some requests on a scheduler over an executor; keeps what every sample said. */
final class LosslessRun implements SchedulerListener {
  private static final int MAX_NUM_STEPS = 20_000;
  private static final long NANOS_PER_STEP = 1_000_000;
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final StepExecutor executor;
  private final SchedulerDriver scheduler;
  private final PlanChecker checker;
  private final StepResult result;
  private final Map<Sample, List<Integer>> outputs = new HashMap<>();
  private final Map<Sample, FinishReason> reasons = new HashMap<>();
  private final List<DraftAnswer> refusals = new ArrayList<>();
  private final List<RuntimeException> failures = new ArrayList<>();
  private int numInFlight;
  private int numSteps;
  private int numDraftsOptedOut;
  private long nowNanos;

  /**
   * Wires a run.
   *
   * @param drafter null for a run without drafts
   */
  LosslessRun(StepExecutor executor, Shape shape, SchedulerDriver.Factory schedulers,
      @Nullable Drafter drafter) {
    this.executor = executor;
    ExecutorSpec spec = shape.specOf(executor.spec());
    SchedulerLimits limits = shape.limits(spec, drafter == null ? 0 : spec.maxNumDraftTokens());
    checker = new PlanChecker(limits, spec);
    result = StepResult.of(limits);
    scheduler = schedulers.create(new SchedulerDriver.Setup(limits, spec, shape.cachesPrefixes(),
        new FirstComePolicy(), this, 1, drafter, DraftLengthPolicy.LONGEST));
  }

  /** Runs all requests to their ends; one of them arrives with every step. */
  LosslessRun run(List<Request> requests) {
    int numAdded = 0;
    while (numAdded < requests.size() || !scheduler.isIdle()) {
      if (numAdded < requests.size()) {
        add(requests.get(numAdded++));
      }
      planAll();
      finishOldest();
      nowNanos += NANOS_PER_STEP;
      if (numSteps > MAX_NUM_STEPS) {
        throw new AssertionError("L1: not idle after " + numSteps + " steps");
      }
    }
    return this;
  }

  private void add(Request request) {
    var answer = scheduler.add(request, nowNanos);
    if (!answer.isAccepted()) {
      throw new AssertionError("the workload does not fit: " + answer);
    }
  }

  private void planAll() {
    boolean hasWork = true;
    while (hasWork && scheduler.canPlan()) {
      StepPlan plan = scheduler.plan(nowNanos);
      numSteps++;
      checker.check(plan);
      scheduler.checkIntegrity();
      hasWork = !plan.isEmpty();
      if (hasWork) {
        countOptedOut(plan);
        numInFlight++;
        if (!executor.submit(plan)) {
          throw new AssertionError("step " + plan.stepId() + " was not queued: "
              + executor.state() + " " + executor.failureMessage());
        }
      }
    }
  }

  private void countOptedOut(StepPlan plan) {
    for (int row = 0; row < plan.numRows(); row++) {
      boolean isOut = plan.requestId(row) == LosslessWorkload.OPTED_OUT;
      numDraftsOptedOut += isOut ? plan.numDraftTokens(row) : 0;
    }
  }

  private void finishOldest() {
    if (numInFlight == 0) {
      return;
    }
    try {
      if (!executor.await(TIMEOUT_NANOS) || !executor.poll(result)) {
        throw new AssertionError("no step finished: " + executor.state() + " "
            + executor.failureMessage());
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    numInFlight--;
    if (result.outcome() != StepResult.Outcome.COMPLETED) {
      throw new AssertionError("step " + result.stepId() + ": " + result.failureMessage());
    }
    checker.checkResult(result);
    scheduler.update(result, nowNanos);
    scheduler.checkIntegrity();
    scheduler.draft(nowNanos);
    scheduler.checkIntegrity();
  }

  // ---- what was seen

  Map<Sample, List<Integer>> outputs() {
    return outputs;
  }

  Map<Sample, FinishReason> reasons() {
    return reasons;
  }

  /** Drafts of a run that were refused. */
  List<DraftAnswer> refusals() {
    return refusals;
  }

  /** What came out of the drafter. */
  List<RuntimeException> failures() {
    return failures;
  }

  SchedulerStats stats() {
    return scheduler.stats();
  }

  /** Drafts in rows of the request that wants none. */
  int numDraftsOptedOut() {
    return numDraftsOptedOut;
  }

  // ---- what the scheduler says

  @Override public void onToken(
      long requestId, int sampleIndex, int outputIndex, int token, long now) {
    List<Integer> output =
        outputs.computeIfAbsent(new Sample(requestId, sampleIndex), sample -> new ArrayList<>());
    if (output.size() != outputIndex) {
      throw new AssertionError("I51 request " + requestId + " sample " + sampleIndex
          + ": says token " + outputIndex + ", expected " + output.size());
    }
    output.add(token);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long now) {
    reasons.put(new Sample(requestId, sampleIndex), reason);
  }

  @Override public void onDraftsRefused(
      long requestId, int sampleIndex, DraftAnswer answer, long now) {
    refusals.add(answer);
  }

  @Override public void onDraftingFailure(RuntimeException failure, long now) {
    failures.add(failure);
  }

  /** Names one sequence. */
  record Sample(long requestId, int index) {}

  /**
   * How a run is scheduled.
   *
   * @param numBlocks blocks that the scheduler uses of the executor's, null block excluded
   */
  record Shape(String name, int maxNumSeqs, int maxNumBatchedTokens, int maxInFlight,
      int numBlocks, boolean cachesPrefixes) {
    /** The executor as a scheduler sees it that uses a part of its blocks. */
    ExecutorSpec specOf(ExecutorSpec whole) {
      return whole.toBuilder().numBlocks(Math.min(whole.numBlocks(), numBlocks + 1)).build();
    }

    SchedulerLimits limits(ExecutorSpec spec, int maxNumDraftTokens) {
      return SchedulerLimits.builder().maxNumWaiting(64)
          .maxNumSeqs(Math.min(maxNumSeqs, spec.maxNumRows()))
          .maxNumBatchedTokens(Math.min(maxNumBatchedTokens, spec.maxNumBatchedTokens()))
          .maxModelLen(LosslessContract.MAX_MODEL_LEN).vocabularySize(spec.vocabularySize())
          .maxInFlight(Math.min(maxInFlight, spec.maxInFlight()))
          .maxNumDraftTokens(maxNumDraftTokens).build();
    }
  }
}
