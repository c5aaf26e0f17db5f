package dev.weft.simulator;

import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.testkit.LivenessChecker.Demand;
import java.util.function.Supplier;

/**
 * Tries a policy out in simulations, without a test framework:
 *
 * <pre>{@code
 *   PolicyCheck.run(MyPolicy::new, 200).orThrow();
 * }</pre>
 *
 * <p>Each seed is one small run with all that can happen to a scheduler: aborts, stops, deadlines,
 * masks, samples, drafts, overlap, pauses, changed caps, failing steps and dying executors. Every
 * plan, block and token is checked. Every tenth seed is one more run of a server under an ordinary
 * load, for times.
 */
public final class PolicyCheck {
  private static final int NUM_SEEDS_PER_SERVING_RUN = 10;
  private static final int MAX_NUM_JOURNALS = 3;

  private PolicyCheck() {}

  /**
   * As {@link #run(Supplier, int)} with one policy for all runs, which must keep nothing between
   * them.
   */
  public static PolicyReport run(SchedulingPolicy policy, int numSeeds) {
    return run(() -> policy, numSeeds);
  }

  /**
   * Runs the seeds 0 to {@code numSeeds - 1}, each with a policy of its own. What goes wrong is in
   * the report; nothing is thrown. The first three runs that go wrong are repeated once and leave
   * journals in the folder of temporary files, or in that of the system property {@code
   * weft.journals}; the report says where, and tools/replay shows them step by step.
   */
  public static PolicyReport run(Supplier<SchedulingPolicy> policies, int numSeeds) {
    PolicyReport.Collector collector = new PolicyReport.Collector();
    for (long seed = 0; seed < numSeeds; seed++) {
      check(policies, seed, collector);
      if (seed % NUM_SEEDS_PER_SERVING_RUN == 0) {
        measure(policies, seed, collector);
      }
    }
    return collector.report();
  }

  /**
   * Runs a server under an ordinary load for a while: Poisson arrivals, prompts with shared
   * prefixes, a cache for about a third of what may run, no faults.
   *
   * @throws AssertionError when an invariant does not hold
   */
  public static RunReport serve(SchedulingPolicy policy, long seed) {
    return serve(policy, seed, SchedulerListener.NONE);
  }

  /**
   * As {@link #serve(SchedulingPolicy, long)}, told to a listener as well, say to a timeline that
   * shows the run step by step.
   */
  public static RunReport serve(SchedulingPolicy policy, long seed, SchedulerListener listener) {
    return new Simulation(Scenario.serving(seed), policy, Demand.NOTHING, StepTime.H100_8B,
        new Coverage(), listener).run();
  }

  /**
   * Repeats the run of one seed of {@link #run(Supplier, int)}, told to a listener as well. What a
   * report says of a seed can be looked at so: a timeline also holds a run that breaks off.
   *
   * @throws AssertionError when an invariant does not hold, or work is left
   */
  public static RunReport replay(SchedulingPolicy policy, long seed, SchedulerListener listener) {
    return new Simulation(Scenario.swarm(seed), policy, Demand.NOTHING, StepTime.H100_8B,
        new Coverage(), listener).run();
  }

  private static void check(
      Supplier<SchedulingPolicy> policies, long seed, PolicyReport.Collector collector) {
    Coverage coverage = new Coverage();
    SchedulingPolicy policy = policies.get();
    try {
      new Simulation(Scenario.swarm(seed), policy, Demand.NOTHING, StepTime.H100_8B, coverage)
          .run();
    } catch (Simulation.NotIdle e) {
      collector.addUnending(
          seed, e.getMessage() + journal(policies, Scenario.swarm(seed), collector));
    } catch (RuntimeException | AssertionError e) {
      collector.addViolation(
          seed, e.getMessage() + journal(policies, Scenario.swarm(seed), collector));
    }
    collector.addRun(seed, coverage);
  }

  /** A few journals are enough: a policy that is wrong at all is mostly wrong in many seeds. */
  private static String journal(
      Supplier<SchedulingPolicy> policies, Scenario scenario, PolicyReport.Collector collector) {
    if (collector.numFindings() >= MAX_NUM_JOURNALS) {
      return "";
    }
    SchedulingPolicy policy = policies.get();
    return FailedRun.writeJournal(policy, policy.getClass().getName(), scenario, Demand.NOTHING);
  }

  private static void measure(
      Supplier<SchedulingPolicy> policies, long seed, PolicyReport.Collector collector) {
    try {
      collector.addServing(serve(policies.get(), seed));
    } catch (Simulation.NotIdle e) {
      collector.addUnending(
          seed, e.getMessage() + journal(policies, Scenario.serving(seed), collector));
    } catch (RuntimeException | AssertionError e) {
      collector.addViolation(
          seed, e.getMessage() + journal(policies, Scenario.serving(seed), collector));
    }
  }
}
