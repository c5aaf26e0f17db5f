package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.ForwardingPolicy;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SchedulingPolicy} must do; a test of a policy extends this and says on which
 * scheduler. Every run is a {@link Swarm}, checked after each step; a failure names the seed.
 */
public abstract class SchedulingPolicyContract {
  private static final long FIRST_SEED = 1000;

  /** For the test class that extends it. */
  protected SchedulingPolicyContract() {}

  /** A new policy; policies of equal settings decide equally. */
  protected abstract SchedulingPolicy create();

  /** The scheduler that carries the decisions out. */
  protected abstract SchedulerDriver.Factory schedulers();

  /** Name of the module, for the command that repeats a failure. */
  protected abstract String module();

  /** What the policy must not leave undone in an empty step. */
  protected LivenessChecker.Demand demand() {
    return LivenessChecker.Demand.PROGRESS;
  }

  /** True for a policy that says that it plans running sequences before it admits others. */
  protected boolean plansContinuingFirst() {
    return false;
  }

  /** How many scenarios each test runs. */
  protected int numSeeds() {
    return 100;
  }

  /** Which scenarios the policy is made for; by default all. */
  protected boolean isFor(Swarm swarm) {
    return true;
  }

  @Test void everyRequestEndsAndSaysWhatItSaysAlone() {
    forEachSeed(Swarm::calm, swarm -> {
      SwarmRun run = run(swarm, create());
      assertThat(run.oracle().numFinished(FinishReason.NO_PROGRESS)).as("L10: given up").isZero();
    });
  }

  @Test void nothingIsLostWhateverTheHostDoes() {
    forEachSeed(Swarm::of, swarm -> {
      SwarmRun run = run(swarm, create());
      assertThat(run.oracle().numFinished(FinishReason.NO_PROGRESS)).as("L10: given up").isZero();
    });
  }

  @Test void equalHistoriesGiveEqualPlans() {
    forEachSeed(Swarm::of, swarm -> {
      long fingerprint = run(swarm, create()).fingerprint();
      assertThat(run(Swarm.of(swarm.seed()), create()).fingerprint()).as("I39: plans")
          .isEqualTo(fingerprint);
    });
  }

  @Test void theWaitingListIsInTheOrderOfThePolicy() {
    forEachSeed(Swarm::of, swarm -> run(swarm, new OrderWatcher(create())));
  }

  private SwarmRun run(Swarm swarm, SchedulingPolicy policy) {
    SwarmRun run = new SwarmRun(swarm, schedulers(), policy, demand());
    if (plansContinuingFirst()) {
      run.expectContinuingFirst();
    }
    run.run();
    return run;
  }

  private void forEachSeed(LongFunction<Swarm> swarms, Consumer<Swarm> scenario) {
    SeedReport report = new SeedReport(module(), getClass().getSimpleName());
    for (long seed : report.seeds(FIRST_SEED, numSeeds())) {
      Swarm swarm = swarms.apply(seed);
      if (isFor(swarm)) {
        report.run(seed, () -> scenario.accept(swarm));
      }
    }
  }

  /** Compares neighbours of the waiting list; only for orders that depend on fixed facts. */
  private static final class OrderWatcher extends ForwardingPolicy {
    private OrderWatcher(SchedulingPolicy policy) {
      super(policy);
    }

    @Override public void plan(StepBuilder step) {
      WaitingOrder order = waitingOrder();
      SequenceList waiting = step.waiting();
      boolean isFixed = order.reevaluationNanos() == WaitingOrder.NEVER && !order.isByEntry();
      for (int i = 1; i < waiting.size() && isFixed; i++) {
        if (order.precedes(waiting.get(i), waiting.get(i - 1))) {
          throw new AssertionError("I41: request " + waiting.get(i).requestId()
              + " waits behind request " + waiting.get(i - 1).requestId() + ", which it precedes");
        }
      }
      super.plan(step);
    }
  }
}
