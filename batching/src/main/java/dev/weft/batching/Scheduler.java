package dev.weft.batching;

import static dev.weft.batching.SequenceTable.BLOCKED;
import static dev.weft.batching.SequenceTable.FINISHED;
import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.UNBORN;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * The state machine of continuous batching: requests are added, steps are planned and their results
 * applied. It has no thread, clock, randomness or I/O: time is a parameter, and equal calls give
 * equal plans.
 *
 * <p>Idea (Yu et al., Orca, OSDI 2022; Kwon et al., PagedAttention, SOSP 2023; Agrawal et al.,
 * Sarathi-Serve, OSDI 2024): a sequence has known tokens and computed tokens, and every step lets
 * computed catch up. Prefill, chunk, decode and recomputation are the same thing with different
 * numbers. What is planned counts as computed, so that the next step can be planned while this one
 * runs.
 *
 * <p>Life of a step: {@link #plan}; if the plan is not empty, hand it to the executor; when the
 * executor reports it, {@link #update}, and {@link #draft} where there is a drafter. Up to {@code
 * maxInFlight} plans may be out, applied in the order planned.
 *
 * <p>One thread owns a scheduler. No method may be called from a policy, a drafter or a listener.
 * After warm-up plan, update and draft allocate nothing; cost of a step is O(rows + blocks
 * touched), whatever waits.
 *
 * <p>Over 400 lines because it is the whole public face of the module, most of it javadoc.
 */
public final class Scheduler {
  final Core core;
  private final SequenceTable table;
  private final Lifecycle lifecycle;
  private final AddCheck addCheck;
  private final Step step;
  private final PlanFreezer freezer;
  private final ResultApplier applier;
  private final Drafting drafting;
  private final StallWatch stallWatch;
  private final Integrity integrity;
  private final long seed;
  private long numRequests;
  private long nextReorderNanos = Long.MIN_VALUE;
  private boolean isShutDown;
  private boolean isBusy;

  Scheduler(SchedulerBuilder b) {
    core = new Core(b);
    table = core.table;
    lifecycle = new Lifecycle(core);
    addCheck = new AddCheck(core);
    DraftMasks masks = new DraftMasks(core);
    step = new Step(core, lifecycle, masks);
    freezer = new PlanFreezer(core, lifecycle);
    applier = new ResultApplier(core, lifecycle);
    drafting = new Drafting(core, masks);
    stallWatch = new StallWatch(core);
    integrity = new Integrity(core);
    seed = b.seed;
  }

  /** Starts to wire a scheduler; limits, executor and cache must fit together. */
  public static SchedulerBuilder builder(
      SchedulerLimits limits, ExecutorSpec spec, KvCache kvCache) {
    return new SchedulerBuilder(limits, spec, kvCache);
  }

  // ---- requests

  /**
   * Whether a request could ever wait here: its lengths, tokens and what it asks of the executor.
   * Depends on nothing that changes, so any thread may ask. Cost O(prompt).
   */
  public AddResult check(Request request) {
    return addCheck.checkRequest(request);
  }

  /**
   * Lets a request wait. A refusal changes nothing.
   *
   * @return ACCEPTED, or the reason with field, value and limit; cost O(prompt + log waiting)
   */
  public AddResult add(Request request, long nowNanos) {
    enter();
    try {
      return isShutDown
          ? AddResult.refused(Refusal.SHUT_DOWN,
              "request " + request.id() + ": the scheduler is shut down")
          : tryAdd(request, nowNanos);
    } finally {
      isBusy = false;
    }
  }

  private AddResult tryAdd(Request request, long nowNanos) {
    AddResult result = addCheck.check(request, nowNanos);
    if (!result.isAccepted()) {
      return result;
    }
    Long asked = request.sampling().seed();
    long requestSeed = asked != null ? asked : SequenceSeed.ofRequest(seed, numRequests);
    core.inputs.onAdd(request, requestSeed, nowNanos);
    int leader = lifecycle.open(request, requestSeed, nowNanos);
    step.beginFacts(nowNanos);
    if (!core.policy.accepts(table.view[leader], step)) {
      lifecycle.discard(leader);
      return AddResult.refused(Refusal.POLICY,
          "request " + request.id() + ": the policy does not accept it");
    }
    numRequests++;
    core.listener.onAdd(request, requestSeed, nowNanos);
    lifecycle.begin(leader);
    return AddResult.ACCEPTED;
  }

  /** Ends all samples of a request with ABORT at once; false when it is not live. */
  public boolean abort(long requestId, long nowNanos) {
    enter();
    try {
      core.inputs.onAbort(requestId, nowNanos);
      return finishRequest(requestId, FinishReason.ABORT, nowNanos);
    } finally {
      isBusy = false;
    }
  }

  private boolean finishRequest(long requestId, FinishReason reason, long nowNanos) {
    int leader = (int) core.leaders.get(requestId);
    if (leader == NONE) {
      return false;
    }
    int handle = leader;
    while (handle != NONE) {
      int next = table.nextSample[handle]; // Read before the last one gives the handles back.
      if (table.status[handle] != FINISHED) {
        lifecycle.finish(handle, reason, table.numOutput(handle), nowNanos);
      }
      handle = next;
    }
    core.running.retain();
    return true;
  }

  /**
   * Ends one sample with STOP because the host found a stop string in its output.
   *
   * @param numTokensKept output tokens that belong to the answer, 0 to those delivered
   * @return false when the sample is not live or has no token yet, in which a stop string could be
   */
  public boolean stop(long requestId, int sampleIndex, int numTokensKept, long nowNanos) {
    enter();
    try {
      int handle = handleOf(requestId, sampleIndex);
      if (handle == NONE || table.status[handle] == FINISHED || table.numOutput(handle) == 0) {
        return false;
      }
      if (numTokensKept < 0 || numTokensKept > table.numOutput(handle)) {
        throw new IllegalArgumentException(table.name(handle) + ": numTokensKept is "
            + numTokensKept + ", must be 0 to " + table.numOutput(handle));
      }
      core.inputs.onStop(requestId, sampleIndex, numTokensKept, nowNanos);
      lifecycle.finish(handle, FinishReason.STOP, numTokensKept, nowNanos);
      core.running.retain();
      return true;
    } finally {
      isBusy = false;
    }
  }

  /**
   * Lets a request that waited for something outside wait for its turn; false when it is not
   * blocked.
   */
  public boolean unblock(long requestId) {
    enter();
    try {
      int handle = handleOf(requestId, 0);
      if (handle == NONE || table.status[handle] != BLOCKED) {
        return false;
      }
      core.inputs.onUnblock(requestId);
      lifecycle.unblock(handle);
      return true;
    } finally {
      isBusy = false;
    }
  }

  private int handleOf(long requestId, int sampleIndex) {
    int handle = sampleIndex < 0 ? NONE : (int) core.leaders.get(requestId);
    for (int i = 0; i < sampleIndex && handle != NONE; i++) {
      handle = table.nextSample[handle];
    }
    return handle;
  }

  // ---- steps

  /**
   * Plans the next step, after ending what has expired.
   *
   * @return the plan, valid until its result is applied; when it is empty it is not in flight, must
   *     not be submitted, and is valid until the next call
   * @throws IllegalStateException when {@code maxInFlight} plans are in flight
   */
  public StepPlan plan(long nowNanos) {
    enter();
    try {
      if (core.plans.isFull()) {
        throw new IllegalStateException(core.plans.numInFlight() + " steps are in flight, at most "
            + core.limits.maxInFlight());
      }
      core.inputs.onPlan(nowNanos);
      expire(nowNanos);
      core.mustClearPrefixes = core.mustClearPrefixes && !core.kvCache.clearPrefixes();
      PlanBuffer plan = core.plans.begin();
      step.begin(plan, nowNanos);
      reorderWaiting(nowNanos);
      step.open();
      core.policy.plan(step, plan.stepId);
      step.close();
      freezer.freeze(plan, step);
      drafting.clear();
      finishPlanning(plan, nowNanos);
      return plan;
    } finally {
      isBusy = false;
    }
  }

  private void expire(long nowNanos) {
    boolean any = false;
    while (!core.deadlines.isEmpty() && core.deadlines.peekNanos() <= nowNanos) {
      int handle = core.deadlines.peek();
      lifecycle.finish(handle, FinishReason.DEADLINE, table.numOutput(handle), nowNanos);
      any = true;
    }
    if (any) {
      core.running.retain();
    }
  }

  private void reorderWaiting(long nowNanos) {
    long interval = core.waitingOrder.reevaluationNanos();
    if (interval != WaitingOrder.NEVER && nowNanos >= nextReorderNanos) {
      core.waiting.reorder(step);
      long next = nowNanos + interval;
      nextReorderNanos = interval > 0 && next < nowNanos ? Long.MAX_VALUE : next;
    }
  }

  private void finishPlanning(PlanBuffer plan, long nowNanos) {
    core.stats.numSteps++;
    if (!plan.isEmpty()) {
      core.plans.launch();
    }
    int stuck = stallWatch.afterPlan(plan, step.sawOutsideWait());
    if (stuck != NONE) {
      lifecycle.finish(stuck, FinishReason.NO_PROGRESS, table.numOutput(stuck), nowNanos);
      core.running.retain();
    }
    core.listener.onPlan(plan, core.stats, nowNanos);
  }

  /**
   * Applies the result of the oldest plan in flight.
   *
   * @throws IllegalStateException when it is the result of another step or cannot be one of its
   *     plan; nothing was changed
   */
  public void update(StepResult result, long nowNanos) {
    enter();
    try {
      if (result.stepId() != StepResult.TRANSFERS_ONLY) {
        applyOldest(result, nowNanos);
      } else {
        core.inputs.onUpdate(result, nowNanos);
      }
      for (int i = 0; i < result.numFinishedTransfers(); i++) {
        core.listener.onTransferFinished(result.finishedTransfer(i), nowNanos);
      }
    } finally {
      isBusy = false;
    }
  }

  private void applyOldest(StepResult result, long nowNanos) {
    if (core.plans.numInFlight() == 0) {
      throw new IllegalStateException("result of step " + result.stepId() + ", none is in flight");
    }
    PlanBuffer plan = core.plans.inFlight(0);
    applier.check(plan, result);
    core.inputs.onUpdate(result, nowNanos);
    core.plans.retireOldest();
    core.slots.onCompleted(plan.stepId);
    if (result.outcome() == StepResult.Outcome.FAILED) {
      applier.fail(plan, nowNanos);
    } else {
      applier.apply(plan, result, nowNanos);
      drafting.list(plan, nowNanos);
    }
    core.listener.onResult(result, core.stats, nowNanos);
  }

  /**
   * Has drafts made for the sequences that were sampled since the last plan: the policy of draft
   * lengths chooses, and the drafter proposes. To be called after {@link #update} and before {@link
   * #plan}; without it steps have no drafts. Once more before the plan, it begins anew. Takes as
   * long as the drafter takes.
   */
  public void draft(long nowNanos) {
    enter();
    try {
      drafting.run(nowNanos);
    } finally {
      isBusy = false;
    }
  }

  /**
   * The executor died: steps in flight are lost, and whatever it held. Afterwards plans are for
   * another executor of the same spec.
   */
  public void onExecutorDead(DeadExecutorMode mode, long nowNanos) {
    enter();
    try {
      core.inputs.onExecutorDead(mode, nowNanos);
      if (mode == DeadExecutorMode.END) {
        applier.endRunning(nowNanos);
      }
      applier.requeueAll(nowNanos);
      while (core.plans.numInFlight() > 0) {
        core.plans.retireOldest();
      }
      core.slots.onDeviceLost();
      drafting.clear();
    } finally {
      isBusy = false;
    }
  }

  // ---- control

  /** Holds back what the mode says from the next plan on; twice is once. */
  public void pause(PauseMode mode) {
    checkNotBusy();
    core.inputs.onPause(mode);
    core.pause = mode;
  }

  /** Ends a pause. The schedule goes on as if there had been none. */
  public void resume() {
    checkNotBusy();
    core.inputs.onPause(PauseMode.NONE);
    core.pause = PauseMode.NONE;
  }

  /** What is held back from the next plan on. */
  public PauseMode pauseMode() {
    return core.pause;
  }

  /**
   * Changes limits within their capacities, from the next step on; no running work is dropped.
   *
   * @throws IllegalArgumentException when a cap is out of range; nothing was changed
   */
  public void setCaps(LiveCaps caps) {
    checkNotBusy();
    LiveCaps checked = caps.checkedAgainst(core.limits);
    int numTokens = caps.maxNumBatchedTokens() - core.limits.numExtraRowTokens();
    if (numTokens < core.spec.chunkUnit()) {
      throw new IllegalArgumentException("maxNumBatchedTokens leaves rows of " + numTokens
          + " tokens, the chunk unit of the executor is " + core.spec.chunkUnit());
    }
    core.inputs.onCaps(checked);
    core.caps = checked;
  }

  /**
   * Forgets all cached prefixes.
   *
   * @param preemptRunning what to do with sequences that hold blocks: preempt them, newest first,
   *     or refuse
   * @return false when the prefixes stay, because blocks are held or pinned by a transfer; a
   *     transfer that pins a block of a running sequence is met after the preemptions
   */
  public boolean resetPrefixCache(boolean preemptRunning, long nowNanos) {
    enter();
    try {
      core.inputs.onResetPrefixCache(preemptRunning, nowNanos);
      if ((core.numRunning > 0 && !preemptRunning) || core.kvCache.numPendingBlocks() > 0) {
        return false;
      }
      for (int i = core.running.size() - 1; i >= 0; i--) {
        int handle = core.running.handleAt(i);
        lifecycle.loseBlocks(handle, PreemptReason.RESET, NONE, nowNanos);
        core.waiting.add(handle);
      }
      core.running.retain();
      return core.kvCache.clearPrefixes();
    } finally {
      isBusy = false;
    }
  }

  /** Ends everything with SHUTDOWN and refuses what comes; steps in flight may still be applied. */
  public void shutDown(long nowNanos) {
    enter();
    try {
      core.inputs.onShutDown(nowNanos);
      isShutDown = true;
      for (int handle = 0; handle < core.limits.maxNumHandles(); handle++) {
        byte status = table.status[handle];
        if (status != FINISHED && status != UNBORN) {
          finishRequest(table.requestId[handle], FinishReason.SHUTDOWN, nowNanos);
        }
      }
    } finally {
      isBusy = false;
    }
  }

  // ---- facts

  /** Limits in force from the next step on. */
  public LiveCaps caps() {
    return core.caps;
  }

  /** True when no request lives and no step is in flight. */
  public boolean isIdle() {
    return core.leaders.isEmpty() && core.plans.numInFlight() == 0;
  }

  /** True when a plan could not be empty for lack of requests. */
  public boolean hasWork() {
    return core.numRunning + core.waiting.size() > 0 || core.slots.numLeaving() > 0;
  }

  /** Sequences that {@code maxNumWaiting} bounds: waiting, blocked, and samples not yet begun. */
  public int numSequencesWaiting() {
    return core.numSequencesWaiting();
  }

  /** True when another step may be planned before a result is applied. */
  public boolean canPlan() {
    return !core.plans.isFull();
  }

  public SchedulerStats stats() {
    return core.stats;
  }

  public SchedulerLimits limits() {
    return core.limits;
  }

  /** Sequences that hold KV blocks, oldest admission first. */
  public SequenceList running() {
    return core.running;
  }

  /** Sequences that wait, in waiting order. */
  public SequenceList waiting() {
    return core.waiting;
  }

  /**
   * Recounts everything, the cache included.
   *
   * @throws IllegalStateException naming the invariant that does not hold; cost O(handles + blocks)
   */
  public void checkIntegrity() {
    checkNotBusy();
    integrity.check();
  }

  /**
   * Refuses whatever must not be done while the scheduler calls back, as polling for its results.
   *
   * @throws IllegalStateException when called from a policy, a mask, a drafter or a listener
   */
  public void checkNotBusy() {
    if (isBusy) {
      throw new IllegalStateException(
          "the scheduler was called from a policy, a mask, a drafter or a listener");
    }
  }

  private void enter() {
    checkNotBusy();
    isBusy = true;
  }
}
