package dev.weft.testkit;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler of lists and maps, to try this kit on: one step at a time, no prefixes, no samples,
 * no masks (refused as unsupported). It can be told to make mistakes.
 */
final class NaiveScheduler implements SchedulerDriver {
  /** What it does wrong. */
  enum Mistake {
    NONE,
    DELIVERS_TWICE,
    REUSES_SLOTS_AT_ONCE,
    KEEPS_BLOCKS,
    FORGETS_A_TOKEN,
    KEEPS_TOKENS_OF_WITHDRAWN_ROWS,
    TAKES_BLOCKS_WHEN_REFUSING,
    FORGETS_THE_WAITING_ORDER,
    LOSES_WHO_RETURNS_TO_A_FULL_LIST
  }

  final Setup setup;
  final NaiveKvCache kvCache;
  final TreeMap<Long, NaiveSequence> live = new TreeMap<>();
  final List<NaiveSequence> waiting = new ArrayList<>();
  final List<NaiveSequence> running = new ArrayList<>();
  final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  final Mistake mistake;
  private final List<Integer> leavingSlots = new ArrayList<>();
  private final List<Integer> restingSlots = new ArrayList<>();
  private final ArrayDeque<Integer> freeHandles = new ArrayDeque<>();
  private final PlanWriter writer = new PlanWriter();
  private @Nullable StepPlan inFlight;
  private List<NaiveSequence> rows = new ArrayList<>();
  private long nextStepId = 1;
  private long numRequests;
  private boolean isShutDown;
  PauseMode pause = PauseMode.NONE;
  LiveCaps caps;

  NaiveScheduler(Setup setup, Mistake mistake) {
    this.setup = setup;
    this.mistake = mistake;
    kvCache = new NaiveKvCache(setup.spec().numBlocks() - 1, setup.spec().blockSize());
    caps = LiveCaps.of(setup.limits());
    for (int slot = 0; slot < setup.spec().numSlots(); slot++) {
      freeSlots.add(slot);
    }
    for (int handle = 0; handle < setup.limits().maxNumHandles(); handle++) {
      freeHandles.add(handle);
    }
  }

  // ---- requests

  @Override public AddResult add(Request request, long nowNanos) {
    AddResult.Refusal refusal = refusal(request, nowNanos);
    if (refusal != AddResult.Refusal.NONE) {
      return AddResult.refused(refusal, "request " + request.id());
    }
    Long asked = request.sampling().seed();
    long seed = asked != null ? asked : SequenceSeed.ofRequest(setup.seed(), numRequests);
    NaiveSequence sequence = new NaiveSequence(request, freeHandles.remove(), numRequests++,
        nowNanos, setup.limits().maxModelLen());
    if (!accepts(sequence, nowNanos)) {
      freeHandles.add(sequence.handle());
      return AddResult.refused(AddResult.Refusal.POLICY, "request " + request.id());
    }
    sequence.seed = seed;
    live.put(request.id(), sequence);
    kvCache.open(sequence.handle(), KvNamespace.PLAIN, false);
    setup.listener().onAdd(request, seed, nowNanos);
    if (request.blockReason() == null) {
      startWaiting(sequence);
    } else {
      sequence.status = SequenceStatus.BLOCKED;
    }
    return AddResult.ACCEPTED;
  }

  private boolean accepts(NaiveSequence sequence, long nowNanos) {
    try {
      return setup.policy().accepts(sequence, new NaiveStep(this, nowNanos));
    } catch (RuntimeException e) {
      setup.listener().onPolicyFailure(0, e);
      return false;
    }
  }

  private AddResult.Refusal refusal(Request request, long nowNanos) {
    int longest = Math.min(request.numPromptTokens() + request.sampling().maxNewTokens(),
        setup.limits().maxModelLen());
    int numPositions = Math.min(longest - 1 + setup.limits().numLookaheadTokens(),
        setup.limits().maxModelLen());
    if (isShutDown) {
      return AddResult.Refusal.SHUT_DOWN;
    } else if (request.numPromptTokens() >= setup.limits().maxModelLen()) {
      return AddResult.Refusal.PROMPT_TOO_LONG;
    } else if (request.sampling().numSamples() > 1 || request.tokenMask() != null) {
      return AddResult.Refusal.UNSUPPORTED;
    } else if (numPositions > kvCache.numBlocks() * setup.spec().blockSize()) {
      return AddResult.Refusal.NEVER_FITS;
    } else if (request.deadlineNanos() <= nowNanos) {
      return AddResult.Refusal.EXPIRED;
    }
    return waiting.size() >= caps.maxNumWaiting() || freeHandles.isEmpty()
        ? AddResult.Refusal.FULL : AddResult.Refusal.NONE;
  }

  private void startWaiting(NaiveSequence sequence) {
    sequence.status = SequenceStatus.WAITING;
    setup.policy().waitingOrder().onEnter(sequence);
    int place = mistake == Mistake.FORGETS_THE_WAITING_ORDER ? waiting.size() : 0;
    while (place < waiting.size()
        && !setup.policy().waitingOrder().precedes(sequence, waiting.get(place))) {
      place++;
    }
    waiting.add(place, sequence);
  }

  private boolean stopWaiting(NaiveSequence sequence) {
    boolean didWait = waiting.remove(sequence);
    if (didWait) {
      setup.policy().waitingOrder().onLeave(sequence);
    }
    return didWait;
  }

  private void waitAgain(NaiveSequence sequence) {
    boolean isFull = waiting.size() >= caps.maxNumWaiting();
    if (!isFull || mistake != Mistake.LOSES_WHO_RETURNS_TO_A_FULL_LIST) {
      startWaiting(sequence);
    }
  }

  @Override public boolean abort(long requestId, long nowNanos) {
    NaiveSequence sequence = live.get(requestId);
    if (sequence != null) {
      finish(sequence, FinishReason.ABORT, sequence.numOutput(), nowNanos);
    }
    return sequence != null;
  }

  @Override public boolean stop(long requestId, int sampleIndex, int numTokensKept, long nowNanos) {
    NaiveSequence sequence = live.get(requestId);
    if (sequence != null) {
      finish(sequence, FinishReason.STOP, numTokensKept, nowNanos);
    }
    return sequence != null;
  }

  @Override public boolean unblock(long requestId) {
    NaiveSequence sequence = live.get(requestId);
    if (sequence == null || sequence.status != SequenceStatus.BLOCKED) {
      return false;
    }
    startWaiting(sequence);
    return true;
  }

  private void finish(NaiveSequence sequence, FinishReason reason, int numOutput, long nowNanos) {
    if (sequence.status == SequenceStatus.RUNNING) {
      leaveSlot(sequence);
    }
    sequence.status = SequenceStatus.FINISHED;
    live.remove(sequence.requestId());
    stopWaiting(sequence);
    running.remove(sequence);
    if (mistake != Mistake.KEEPS_BLOCKS) {
      kvCache.close(sequence.handle());
    }
    freeHandles.add(sequence.handle());
    try {
      setup.policy().onFinish(sequence, reason);
    } catch (RuntimeException e) {
      setup.listener().onPolicyFailure(0, e);
    }
    setup.listener().onFinish(sequence.requestId(), 0, reason, numOutput, nowNanos);
  }

  void loseBlocks(NaiveSequence sequence) {
    setup.listener().onPreempt(sequence.requestId(), 0, -1, PreemptReason.POLICY,
        sequence.numComputed, kvCache.numBlocks(sequence.handle()), 0);
    kvCache.release(sequence.handle());
    leaveSlot(sequence);
    sequence.status = SequenceStatus.WAITING;
    sequence.numComputed = 0;
    sequence.hasSampled = false;
    sequence.isScheduled = false;
    sequence.numPreemptions++;
  }

  private void leaveSlot(NaiveSequence sequence) {
    if (sequence.isAttached) {
      leavingSlots.add(sequence.slot);
    }
    if (!sequence.isAttached || mistake == Mistake.REUSES_SLOTS_AT_ONCE) {
      freeSlots.addFirst(sequence.slot);
    }
    sequence.slot = -1;
    sequence.isAttached = false;
  }

  // ---- steps

  @Override public StepPlan plan(long nowNanos) {
    for (NaiveSequence sequence : List.copyOf(live.values())) {
      if (sequence.deadlineNanos() <= nowNanos) {
        finish(sequence, FinishReason.DEADLINE, sequence.numOutput(), nowNanos);
      }
    }
    NaiveStep step = new NaiveStep(this, nowNanos);
    try {
      setup.policy().plan(step);
    } catch (RuntimeException e) {
      setup.listener().onPolicyFailure(nextStepId, e);
    }
    settle(step);
    leavingSlots.forEach(writer::detach);
    if (mistake != Mistake.REUSES_SLOTS_AT_ONCE) {
      restingSlots.addAll(leavingSlots);
    }
    leavingSlots.clear();
    step.rows.forEach(this::writeRow);
    rows = new ArrayList<>(step.rows.keySet());
    StepPlan plan = writer.stepId(nextStepId).write();
    inFlight = plan.isEmpty() ? null : plan;
    nextStepId += plan.isEmpty() ? 0 : 1;
    setup.listener().onPlan(plan, stats(), nowNanos);
    return plan;
  }

  private void settle(NaiveStep step) {
    running.removeAll(step.preempted);
    step.preempted.forEach(this::stopWaiting);
    step.preempted.forEach(this::waitAgain);
    for (NaiveSequence sequence : step.rows.keySet()) {
      if (stopWaiting(sequence)) {
        running.add(sequence);
      }
    }
  }

  private void writeRow(NaiveSequence sequence, int numTokens) {
    int numOldBlocks = sequence.numBlocksKnown;
    if (!sequence.isAttached) {
      writer.attach(sequence.slot, sequence.request, sequence.seed);
      sequence.isAttached = true;
      numOldBlocks = 0;
    }
    sequence.numBlocksKnown = kvCache.numBlocks(sequence.handle());
    for (int i = numOldBlocks; i < sequence.numBlocksKnown; i++) {
      writer.block(sequence.slot, i, kvCache.block(sequence.handle(), i));
    }
    int start = sequence.numComputed;
    int[] tokens = sequence.tokens.subList(start, start + numTokens).stream().mapToInt(t -> t)
        .toArray();
    sequence.numComputed += numTokens;
    sequence.isScheduled = false;
    if (sequence.numComputed == sequence.tokens.size()) {
      writer.sampledRow(sequence.slot, start, tokens);
      sequence.hasSampled = true;
    } else {
      writer.row(sequence.slot, start, tokens);
    }
  }

  @Override public void update(StepResult result, long nowNanos) {
    inFlight = null;
    freeSlots.addAll(restingSlots);
    restingSlots.clear();
    for (int row = 0; row < rows.size(); row++) {
      NaiveSequence sequence = rows.get(row);
      if (sequence.status == SequenceStatus.FINISHED) {
        continue;
      }
      if (result.outcome() == StepResult.Outcome.FAILED || result.isFailedRow(row)) {
        finish(sequence, FinishReason.ERROR, sequence.numOutput(), nowNanos);
      } else if (result.numTokens(row) > 0) {
        deliver(sequence, result.token(row, 0), nowNanos);
      }
    }
    setup.listener().onResult(result, stats(), nowNanos);
  }

  private void deliver(NaiveSequence sequence, int token, long nowNanos) {
    boolean forgets = mistake == Mistake.FORGETS_A_TOKEN && sequence.numOutput() == 2;
    sequence.tokens.add(forgets ? 0 : token);
    int numOutput = sequence.numOutput();
    for (int i = mistake == Mistake.DELIVERS_TWICE ? 0 : 1; i < 2; i++) {
      setup.listener().onToken(sequence.requestId(), 0, numOutput - 1, token, nowNanos);
    }
    boolean stops = sequence.request.sampling().isStopToken(token)
        && numOutput >= sequence.request.sampling().minNewTokens();
    if (stops || sequence.tokens.size() == sequence.maxNumTokens()) {
      finish(sequence, stops ? FinishReason.STOP : FinishReason.LENGTH, numOutput, nowNanos);
    }
  }

  // ---- control and facts

  @Override public void pause(PauseMode mode) {
    pause = mode;
  }

  @Override public void setCaps(LiveCaps value) {
    caps = value;
  }

  @Override public boolean resetPrefixCache() {
    for (NaiveSequence sequence : List.copyOf(running)) {
      requeue(sequence);
    }
    return true;
  }

  private void requeue(NaiveSequence sequence) {
    loseBlocks(sequence);
    running.remove(sequence);
    startWaiting(sequence);
  }

  @Override public void shutDown(long nowNanos) {
    isShutDown = true;
    List.copyOf(live.values())
        .forEach(live -> finish(live, FinishReason.SHUTDOWN, live.numOutput(), nowNanos));
  }

  @Override public void onExecutorDead(AfterDeath afterDeath, long nowNanos) {
    for (NaiveSequence sequence : List.copyOf(running)) {
      if (afterDeath == AfterDeath.END) {
        finish(sequence, FinishReason.ERROR, sequence.numOutput(), nowNanos);
      } else {
        requeue(sequence);
      }
    }
    freeSlots.addAll(leavingSlots);
    leavingSlots.clear();
    freeSlots.addAll(restingSlots);
    restingSlots.clear();
    inFlight = null;
  }

  @Override public boolean canPlan() {
    return inFlight == null;
  }

  @Override public boolean isIdle() {
    return live.isEmpty() && inFlight == null;
  }

  @Override public SchedulerStats stats() {
    return new NaiveStats(kvCache);
  }

  @Override public KvCache kvCache() {
    return kvCache;
  }

  @Override public void checkIntegrity() {
    kvCache.checkIntegrity();
  }
}
