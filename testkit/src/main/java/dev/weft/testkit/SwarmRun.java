package dev.weft.testkit;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.function.LongFunction;

/**
 * Runs one {@link Swarm} on a scheduler from the first request to the last token, with every
 * checker of this kit after every step. The same seed and policy always do the same.
 */
public final class SwarmRun {
  /** More steps than any live policy takes for a swarm. */
  private static final int MAX_NUM_STEPS = 15_000;
  /**
   * Empty steps in a row while the host holds back nothing, so that the core's own bound is met
   * first.
   */
  private static final int MAX_NUM_EMPTY_STEPS = 3_000;

  private final Swarm swarm;
  private final SplitMix random;
  private HashModelExecutor executor;
  private final PlanChecker planChecker;
  private final TokenOracle oracle;
  private final LivenessChecker liveness;
  private final BooksChecker books;
  private final SchedulerDriver scheduler;
  private final StepResult result;
  private boolean failsNextStep;
  private boolean failsNextRow;
  private long nowNanos;
  private int numSteps;
  private long fingerprint;

  /** Wires a scheduler for the swarm. */
  public SwarmRun(Swarm swarm, SchedulerDriver.Factory factory, SchedulingPolicy policy,
      LivenessChecker.Demand demand) {
    this.swarm = swarm;
    random = new SplitMix(swarm.seed() + 1);
    executor = HashModelExecutor.completingOnDemand(swarm.spec());
    planChecker = new PlanChecker(swarm.limits(), swarm.spec());
    oracle = new TokenOracle(swarm.limits().vocabularySize(), swarm.limits().maxModelLen());
    liveness = new LivenessChecker(policy, demand, MAX_NUM_STEPS, MAX_NUM_EMPTY_STEPS);
    scheduler = factory.create(new SchedulerDriver.Setup(swarm.limits(), swarm.spec(),
        swarm.cachesPrefixes(), liveness, oracle, swarm.seed()));
    books = new BooksChecker(scheduler.kvCache());
    result = StepResult.of(swarm.limits());
  }

  /**
   * Runs every seed from {@code firstSeed} on, or the one that -Dweft.seed names.
   *
   * @param module where the test is, for the command that repeats a failure
   * @param policy makes the policy of a seed
   * @throws AssertionError for the first seed that fails, with the command that repeats it
   */
  public static void runSeeds(String module, String policyName, long firstSeed, int numSeeds,
      SchedulerDriver.Factory factory, LongFunction<SchedulingPolicy> policy,
      LivenessChecker.Demand demand) {
    SeedReport report = new SeedReport(module, policyName);
    for (long seed : report.seeds(firstSeed, numSeeds)) {
      report.run(seed, () ->
          new SwarmRun(Swarm.of(seed), factory, policy.apply(seed), demand).run());
    }
  }

  /** Demands of every plan that running sequences come before admitted ones. */
  public SwarmRun expectContinuingFirst() {
    planChecker.expectContinuingFirst();
    return this;
  }

  /** Runs to the end. Throws an AssertionError whose message begins with what does not hold. */
  public void run() {
    for (int step = 0; step < Swarm.NUM_EVENTFUL_STEPS || !scheduler.isIdle(); step++) {
      nowNanos = step * Swarm.NANOS_PER_STEP;
      swarm.begin(step).forEach(this::happen);
      if (scheduler.canPlan()) {
        planAndSubmit(step);
      }
      complete(step);
    }
    oracle.checkAllEnded();
    books.checkAllFree();
  }

  /** Steps planned, empty ones included. */
  public int numSteps() {
    return numSteps;
  }

  /** A hash of all plans: equal histories have equal ones. */
  public long fingerprint() {
    return fingerprint;
  }

  /** What was heard. */
  public TokenOracle oracle() {
    return oracle;
  }

  private void planAndSubmit(int step) {
    StepPlan plan = scheduler.plan(nowNanos);
    numSteps++;
    planChecker.check(plan);
    fingerprint = PlanFingerprint.of(fingerprint, plan);
    check();
    if (step >= Swarm.NUM_EVENTFUL_STEPS && executor.numInFlight() == 0) {
      liveness.count(plan);
    }
    if (!plan.isEmpty()) {
      armFaults(plan);
      executor.submit(plan);
    }
  }

  /** Completes a random number of steps, and at least one when no other can be planned. */
  private void complete(int step) {
    boolean mustComplete = !scheduler.canPlan() || step >= Swarm.NUM_EVENTFUL_STEPS;
    int numToComplete = random.between(mustComplete ? 1 : 0, executor.numInFlight() + 1);
    for (int i = 0; i < numToComplete && executor.completeNext(); i++) {
      executor.poll(result);
      planChecker.checkResult(result);
      scheduler.update(result, nowNanos);
      check();
    }
  }

  private void check() {
    try {
      scheduler.checkIntegrity();
    } catch (IllegalStateException e) {
      throw new AssertionError(e.getMessage(), e);
    }
    books.check(scheduler.stats());
  }

  private void armFaults(StepPlan plan) {
    if (failsNextStep) {
      executor.failStep(plan.stepId());
      failsNextStep = false;
    }
    if (failsNextRow && plan.numRows() > 0) {
      executor.failRow(plan.stepId(), random.below(plan.numRows()));
      failsNextRow = false;
    }
  }

  /** A host stops because of what it has heard. */
  private void stop(long requestId, int sampleIndex) {
    int numHeard = oracle.numHeard(requestId, sampleIndex);
    if (numHeard > 0) {
      oracle.expectStop(requestId, sampleIndex);
      scheduler.stop(requestId, sampleIndex, random.below(numHeard + 1), nowNanos);
    }
  }

  private void happen(SwarmEvent event) {
    if (event instanceof SwarmEvent.Add add) {
      oracle.expect(add.request());
      scheduler.add(add.request(), nowNanos);
    } else if (event instanceof SwarmEvent.Abort abort) {
      scheduler.abort(abort.requestId(), nowNanos);
    } else if (event instanceof SwarmEvent.Stop stop) {
      stop(stop.requestId(), stop.sampleIndex());
    } else if (event instanceof SwarmEvent.Pause pause) {
      scheduler.pause(pause.mode());
    } else if (event instanceof SwarmEvent.Caps caps) {
      scheduler.setCaps(caps.caps());
      planChecker.setCaps(caps.caps());
    } else if (event instanceof SwarmEvent.Reset) {
      scheduler.resetPrefixCache();
    } else if (event instanceof SwarmEvent.Unblock unblock) {
      scheduler.unblock(unblock.requestId());
    } else if (event instanceof SwarmEvent.ShutDown) {
      scheduler.shutDown(nowNanos);
    } else if (event instanceof SwarmEvent.Die die) {
      executor.close();
      executor = HashModelExecutor.completingOnDemand(swarm.spec());
      planChecker.onDeviceLost();
      scheduler.onExecutorDead(die.afterDeath(), nowNanos);
    } else if (event instanceof SwarmEvent.FailStep) {
      failsNextStep = true;
    } else if (event instanceof SwarmEvent.FailRow) {
      failsNextRow = true;
    }
    check();
  }
}
