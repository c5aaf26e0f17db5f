package dev.weft.simulator;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.TokenSequence;
import dev.weft.testkit.BooksChecker;
import dev.weft.testkit.LivenessChecker;
import dev.weft.testkit.PlanChecker;
import dev.weft.testkit.SplitMix;
import dev.weft.testkit.TokenOracle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run of the real scheduler and the real cache over a hash model, in virtual time, with
 * everything drawn from one seed and checked all the way: each plan, the books after each call,
 * each token against the request run alone, the work done, and that everything ends exactly once
 * and in time.
 *
 * <p>Single-threaded and without a clock: the same scenario and policy always do the same.
 */
final class Simulation {
  private static final int MAX_NUM_TURNS = 40_000;
  private static final int MAX_NUM_IDLE_STEPS = 2_000;
  /** So many turns after the last arrival the host gets calm and nothing fails any more. */
  private static final int NUM_WILD_TURNS = 200;
  private static final long IDLE_NANOS = 1_000_000;

  private final Scenario scenario;
  private final LivenessChecker.Demand demand;
  private final SplitMix random;
  private final RequestSource requests;
  private final Arrivals arrivals;
  private final SimulatedDevice device;
  private final @Nullable DraftWatch drafts;
  private final PagedKvCache kvCache;
  private final Transfers transfers;
  private final PlanChecker planChecker;
  private final TokenOracle oracle;
  private final Transcripts transcripts = new Transcripts();
  private final WorkLedger ledger = new WorkLedger();
  private final Meter meter = new Meter();
  private final PlanHash planHash = new PlanHash();
  private final Coverage coverage;
  private final BooksChecker books;
  private final StepProbe probe;
  private final LivenessChecker liveness;
  private final Scheduler scheduler;
  private final ControlChecker control;
  private final Host host;
  private final StepResult result;
  private long nowNanos;
  private long nextArrivalNanos;
  private int numArrived;
  private int numTurns;
  private int numTurnsLeft = NUM_WILD_TURNS;
  /** The last plan was empty, and nothing has happened since that could change that. */
  private boolean isPlanFutile;

  /** As the other one, observed by nobody. */
  Simulation(Scenario scenario, SchedulingPolicy policy, LivenessChecker.Demand demand,
      StepTime stepTime, Coverage coverage) {
    this(scenario, policy, demand, stepTime, coverage, SchedulerListener.NONE);
  }

  /**
   * Wires a run; the counts of rare events are added to {@code coverage} at its end. The observer
   * is told everything, before the checkers are.
   */
  Simulation(Scenario scenario, SchedulingPolicy policy, LivenessChecker.Demand demand,
      StepTime stepTime, Coverage coverage, SchedulerListener observer) {
    this(scenario, policy, demand, stepTime, coverage, observer, RunRecorder.NONE);
  }

  /** As the other ones; the recorder is told first, so that it also has what breaks a check. */
  Simulation(Scenario scenario, SchedulingPolicy policy, LivenessChecker.Demand demand,
      StepTime stepTime, Coverage coverage, SchedulerListener observer, RunRecorder recorder) {
    this.scenario = scenario;
    this.demand = demand;
    this.coverage = coverage;
    random = scenario.random.split();
    requests = new RequestSource(scenario, scenario.random.split(), () -> nowNanos);
    arrivals = new Arrivals(scenario.arrivals, scenario.meanGapNanos, scenario.random.split());
    device = new SimulatedDevice(scenario, stepTime, scenario.random.split());
    kvCache = scenario.newKvCache();
    transfers = new Transfers(kvCache, scenario.random.split(), recorder.pins());
    planChecker = new PlanChecker(scenario.limits, scenario.spec);
    oracle = new TokenOracle(scenario.limits.vocabularySize(), scenario.limits.maxModelLen());
    books = new BooksChecker(kvCache);
    boolean hasDrafts = scenario.limits.maxNumDraftTokens() > 0;
    drafts = hasDrafts ? new DraftWatch(scenario, kvCache, policy.draftBooks(), coverage) : null;
    probe = new StepProbe(policy, () -> device.numInFlight() == 0,
        this::longestPrefix, drafts);
    liveness = livenessChecker(probe, demand);
    control = new ControlChecker(LiveCaps.of(scenario.limits), policy.waitingOrder());
    List<SchedulerListener> listeners = new ArrayList<>(List.of(recorder.decisions(), observer,
        oracle, ledger, meter, transfers, transcripts, control));
    SchedulerBuilder builder = Scheduler.builder(scenario.limits, scenario.spec, kvCache)
        .policy(liveness).listener(new Broadcast(listeners)).inputs(recorder.inputs())
        .seed(scenario.seed);
    if (drafts != null) {
      listeners.add(drafts);
      builder.drafter(new DraftSource(scenario, scenario.random.split(), coverage))
          .draftLengths(new DraftLengthSource(
              scenario, scenario.random.split(), DraftLengthCase.draw(scenario)));
    }
    scheduler = builder.build();
    host = new Host(scenario, scheduler, planChecker, oracle, ledger, transfers, control,
        coverage, scenario.random.split());
    listeners.add(host);
    result = StepResult.of(scenario.limits);
    nextArrivalNanos = arrivals.nextNanos();
  }

  /** Stands around every policy; may ask masks itself, so a replay needs one as well. */
  static LivenessChecker livenessChecker(
      SchedulingPolicy policy, LivenessChecker.Demand demand) {
    return new LivenessChecker(policy, demand, Long.MAX_VALUE, MAX_NUM_IDLE_STEPS);
  }

  /**
   * Runs to the end.
   *
   * @throws AssertionError whose message begins with the invariant that does not hold
   */
  RunReport run() {
    try {
      while (numArrived < scenario.numRequests || !scheduler.isIdle() || scheduler.hasWork()) {
        turn();
        if (++numTurns > MAX_NUM_TURNS) {
          throw new NotIdle("L1: not idle after " + numTurns + " turns, "
              + scheduler.running().size() + " run, " + scheduler.waiting().size() + " wait");
        }
      }
      checkEnd();
    } finally {
      count();
    }
    return RunReport.of(planHash.value(), nowNanos, scheduler.stats(), meter);
  }

  private void count() {
    coverage.add(scheduler.stats(), kvCache);
    coverage.numAcceptedDrafts += ledger.numAcceptedDrafts();
    coverage.numRejectedDrafts += ledger.numRejectedDrafts();
    coverage.numIdleSteps += scenario.has(Feature.MASKS) ? 0 : probe.numIdleSteps();
  }

  private void turn() {
    deliverArrivals();
    if (numTurnsLeft > 0) {
      host.act(nowNanos);
      check();
    }
    boolean isOver = numArrived == scenario.numRequests;
    if (isOver && numTurnsLeft > 0 && --numTurnsLeft == 0) {
      host.calmDown();
      device.heal();
    }
    if (mayPlan()) {
      plan();
    } else if (device.numInFlight() > 0) {
      complete();
    } else {
      skipTime();
    }
  }

  private boolean mayPlan() {
    return scheduler.canPlan() && !isPlanFutile
        && (device.numInFlight() == 0 || random.below(4) < scenario.eagerness);
  }

  private void deliverArrivals() {
    while (numArrived < scenario.numRequests && nextArrivalNanos <= nowNanos) {
      long id = random.oneIn(8) ? host.idToUseAgain(numArrived) : numArrived;
      numArrived++;
      add(requests.next(id, nextArrivalNanos));
      nextArrivalNanos = arrivals.nextNanos();
      isPlanFutile = false;
    }
  }

  private void add(Request request) {
    oracle.expect(request);
    control.beforeAdd(scheduler, request);
    AddResult answer = scheduler.add(request, nowNanos);
    if (answer.isAccepted() && request.blockReason() != null) {
      host.onBlocked(request.id());
    }
    if (answer.isAccepted() && random.oneIn(8)) {
      requireRefusal(scheduler.add(request, nowNanos), AddResult.Refusal.DUPLICATE_ID);
    }
    if (host.isShutDown()) {
      requireRefusal(answer, AddResult.Refusal.SHUT_DOWN);
    }
  }

  private static void requireRefusal(AddResult answer, AddResult.Refusal expected) {
    if (answer.refusal() != expected) {
      throw new AssertionError("I78: " + answer + ", expected " + expected);
    }
  }

  private void plan() {
    control.beforePlan(scheduler);
    StepPlan plan = scheduler.plan(nowNanos);
    control.afterPlan(scheduler, plan, nowNanos);
    planChecker.check(plan);
    probe.check(plan, scenario.limits);
    check();
    books.check(scheduler.stats());
    if (plan.isEmpty()) {
      isPlanFutile = true;
    } else {
      planHash.add(plan);
      ledger.onSubmit(plan);
      if (drafts != null) {
        drafts.onSubmit(plan);
      }
      device.submit(plan, nowNanos);
    }
    if (numTurnsLeft == 0 && device.numInFlight() == 0) {
      liveness.count(plan);
    }
  }

  private int longestPrefix(SequenceView sequence) {
    TokenSequence known = transcripts.of(sequence);
    return kvCache.match(sequence.handle(), known, known.numTokens());
  }

  private void complete() {
    isPlanFutile = false;
    nowNanos = Math.max(nowNanos, device.nextEndNanos());
    if (!device.completeNext(result)) {
      replaceDevice();
      return;
    }
    planChecker.checkResult(result);
    ledger.onResult(result);
    if (drafts != null) {
      drafts.onResult(result);
    }
    transfers.report(result, nowNanos);
    coverage.numFailedSteps += result.outcome() == StepResult.Outcome.FAILED ? 1 : 0;
    scheduler.update(result, nowNanos);
    check();
    if (numTurnsLeft > 0 && random.oneIn(8)) {
      host.act(nowNanos); // Between update and drafts.
    }
    scheduler.draft(nowNanos);
  }

  private void replaceDevice() {
    coverage.numDeaths++;
    device.replace(nowNanos);
    planChecker.onDeviceLost();
    ledger.onDeviceLost();
    if (drafts != null) {
      drafts.onDeviceLost();
    }
    scheduler.onExecutorDead(random.oneIn(2) ? DeadExecutorMode.END : DeadExecutorMode.REQUEUE,
        nowNanos);
    check();
  }

  /** Nothing runs and nothing can: time goes on to the next arrival, or a little. */
  private void skipTime() {
    isPlanFutile = false;
    boolean waitsForArrival = !scheduler.hasWork() && numArrived < scenario.numRequests;
    nowNanos = waitsForArrival ? Math.max(nowNanos, nextArrivalNanos) : nowNanos + IDLE_NANOS;
    result.reset(StepResult.TRANSFERS_ONLY, 0);
    transfers.report(result, nowNanos);
    scheduler.update(result, nowNanos);
  }

  private void check() {
    try {
      scheduler.checkIntegrity();
    } catch (IllegalStateException e) {
      throw new AssertionError(e.getMessage(), e);
    }
    checkBlocksOf(scheduler.running());
  }

  /**
   * Nobody holds more blocks than its computed tokens, or a fresh fork's prompt, with drafts that
   * were rejected and lookahead.
   */
  private void checkBlocksOf(SequenceList running) {
    int numBehind =
        scenario.limits.maxNumDraftTokens() + scenario.limits.numLookaheadTokens();
    for (int i = 0; i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      int most =
          Math.max(sequence.numPromptTokens(), sequence.numComputedTokens() + numBehind);
      int numBlocks = kvCache.numBlocks(sequence.handle());
      if ((numBlocks - 1) * scenario.spec.blockSize() >= most) {
        throw new AssertionError("I62: request " + sequence.requestId() + " sample "
            + sequence.sampleIndex() + " holds " + numBlocks + " blocks for " + most
            + " positions");
      }
    }
  }

  private void checkEnd() {
    while (transfers.size() > 0) {
      skipTime();
    }
    oracle.checkAllEnded();
    books.checkAllFree();
    ledger.checkStats(scheduler.stats());
    if (probe.numSampledTokens() != scheduler.stats().numOutputTokens()) {
      throw new AssertionError("I51: feedback speaks of " + probe.numSampledTokens()
          + " tokens, delivered were " + scheduler.stats().numOutputTokens());
    }
    long numStalled = scheduler.stats().numFinished(FinishReason.NO_PROGRESS);
    if (demand != LivenessChecker.Demand.NOTHING && numStalled > 0) {
      throw new AssertionError("L10: " + numStalled + " sequences ended with NO_PROGRESS");
    }
  }

  /** Work was left after more turns than any run needs. */
  static final class NotIdle extends AssertionError {
    private static final long serialVersionUID = 1;

    private NotIdle(String message) {
      super(message);
    }
  }
}
