package dev.weft.simulator;

import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.testkit.PlanChecker;
import dev.weft.testkit.SplitMix;
import dev.weft.testkit.TokenOracle;
import java.util.ArrayList;
import java.util.List;

/**
 * The server around a scheduler: aborts, stops, pauses, changes caps, resets, unblocks, shuts down.
 */
final class Host implements SchedulerListener {
  private static final int NUM_CHOICES = 36;
  private final Scenario scenario;
  private final Scheduler scheduler;
  private final PlanChecker planChecker;
  private final TokenOracle oracle;
  private final WorkLedger ledger;
  private final Transfers transfers;
  private final ControlChecker control;
  private final Coverage coverage;
  private final SplitMix random;
  private final List<Live> live = new ArrayList<>();
  private final List<Long> ended = new ArrayList<>();
  private final List<Long> blocked = new ArrayList<>();
  private boolean isShutDown;

  Host(Scenario scenario, Scheduler scheduler, PlanChecker planChecker, TokenOracle oracle,
      WorkLedger ledger, Transfers transfers, ControlChecker control, Coverage coverage,
      SplitMix random) {
    this.scenario = scenario;
    this.scheduler = scheduler;
    this.planChecker = planChecker;
    this.oracle = oracle;
    this.ledger = ledger;
    this.transfers = transfers;
    this.control = control;
    this.coverage = coverage;
    this.random = random;
  }

  boolean isShutDown() {
    return isShutDown;
  }

  /** A request was accepted that must be unblocked some day. */
  void onBlocked(long requestId) {
    blocked.add(requestId);
  }

  /** The id of a request that has ended, perhaps with rows in flight, or this one. */
  long idToUseAgain(long freshId) {
    return ended.isEmpty() ? freshId : ended.remove(ended.size() - 1);
  }

  /** Does one thing, or mostly nothing. */
  void act(long nowNanos) {
    switch (random.below(NUM_CHOICES)) {
      case 0, 1 -> abort(nowNanos);
      case 2 -> stop(nowNanos);
      case 3 -> pause();
      case 4, 5, 6 -> resume();
      case 7 -> setCaps();
      case 8, 9 -> unblock();
      case 10 -> reset(nowNanos);
      case 11, 12, 13 -> transfer(nowNanos);
      case 14 -> shutDown(nowNanos);
      default -> { }
    }
  }

  /** Lets all that was held back go on. */
  void calmDown() {
    resume();
    setCaps(LiveCaps.of(scenario.limits));
    while (!blocked.isEmpty()) {
      unblock();
    }
  }

  private void abort(long nowNanos) {
    if (!scenario.has(Feature.ABORTS)) {
      return;
    }
    if (live.isEmpty() || random.oneIn(16)) {
      require(!scheduler.abort(-1, nowNanos), "a request that does not live was aborted");
      return;
    }
    long requestId = live.get(random.below(live.size())).requestId;
    coverage.numAbortsInFlight += ledger.isInFlight(requestId) ? 1 : 0;
    require(scheduler.abort(requestId, nowNanos), "a live request cannot be aborted");
    require(!scheduler.abort(requestId, nowNanos), "a request was aborted twice");
  }

  private void stop(long nowNanos) {
    if (!scenario.has(Feature.STOPS) || live.isEmpty()) {
      return;
    }
    Live request = live.get(random.below(live.size()));
    int sample = random.below(request.numHeard.length);
    int numHeard = request.numHeard[sample];
    if (numHeard > 0) {
      oracle.expectStop(request.requestId, sample);
      scheduler.stop(request.requestId, sample, random.below(numHeard + 1), nowNanos);
    }
  }

  private void pause() {
    if (scenario.has(Feature.PAUSES)) {
      PauseMode mode = random.oneIn(2) ? PauseMode.NEW : PauseMode.ALL;
      scheduler.pause(mode);
      control.setPause(mode);
    }
  }

  private void resume() {
    scheduler.resume();
    control.setPause(PauseMode.NONE);
  }

  private void setCaps() {
    if (!scenario.has(Feature.CAPS)) {
      return;
    }
    var limits = scenario.limits;
    int minBudget = limits.numExtraRowTokens() + scenario.spec.chunkUnit();
    LiveCaps caps = new LiveCaps(random.between(1, limits.maxNumSeqs()),
        random.between(minBudget, limits.maxNumBatchedTokens()),
        random.between(1, limits.maxNumWaiting()));
    setCaps(caps);
  }

  private void setCaps(LiveCaps caps) {
    scheduler.setCaps(caps);
    planChecker.setCaps(caps);
    control.setCaps(caps);
  }

  private void unblock() {
    if (!blocked.isEmpty()) {
      long requestId = blocked.remove(random.below(blocked.size()));
      scheduler.unblock(requestId); // False when it ended meanwhile.
      require(!scheduler.unblock(requestId), "request " + requestId + " was unblocked twice");
    }
  }

  private void reset(long nowNanos) {
    if (scenario.has(Feature.RESETS) && random.oneIn(2)) {
      boolean mustPreempt = random.below(3) > 0;
      boolean isPossible =
          transfers.size() == 0 && (mustPreempt || scheduler.running().size() == 0);
      boolean isDone = scheduler.resetPrefixCache(mustPreempt, nowNanos);
      coverage.numResets += isDone ? 1 : 0;
      require(isDone || !isPossible, "the prefix cache was not reset");
    }
  }

  private void transfer(long nowNanos) {
    if (scenario.has(Feature.TRANSFERS)) {
      transfers.begin(scheduler.running(), nowNanos);
    }
  }

  private void shutDown(long nowNanos) {
    if (scenario.has(Feature.SHUTDOWN) && random.oneIn(8)) {
      scheduler.shutDown(nowNanos);
      isShutDown = true;
    }
  }

  // ---- what it hears

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    live.add(new Live(request.id(), request.sampling().numSamples()));
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    find(requestId).numHeard[sampleIndex]++;
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    Live request = find(requestId);
    request.numHeard[sampleIndex] = 0; // A sample that ended is not stopped any more.
    if (--request.numLive == 0) {
      live.remove(request);
      ended.add(requestId);
    }
  }

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    if (coverage.numPolicyFailures++ == 0) {
      coverage.firstPolicyFailure = failure.toString();
    }
  }

  private Live find(long requestId) {
    for (Live request : live) {
      if (request.requestId == requestId) {
        return request;
      }
    }
    throw new AssertionError("L1: request " + requestId + " does not live");
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }

  /** A request that has not ended, and how many tokens each sample has said. */
  private static final class Live {
    private final long requestId;
    private final int[] numHeard;
    private int numLive;

    private Live(long requestId, int numSamples) {
      this.requestId = requestId;
      numHeard = new int[numSamples];
      numLive = numSamples;
    }
  }
}
