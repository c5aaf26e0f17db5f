package dev.weft.simulator;

import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import dev.weft.testkit.SplitMix;
import java.util.ArrayDeque;

/**
 * An executor in virtual time: says when each step ends, and lets steps be late, fail or be the
 * last.
 */
final class SimulatedDevice {
  private static final int LATENESS = 50;
  private final Scenario scenario;
  private final SplitMix random;
  private final StepTime stepTime;
  private final ArrayDeque<Long> endNanos = new ArrayDeque<>();
  private HashModelExecutor executor;
  private long lastEndNanos;
  private boolean mayFail = true;

  SimulatedDevice(Scenario scenario, StepTime stepTime, SplitMix random) {
    this.scenario = scenario;
    this.random = random;
    this.stepTime = stepTime;
    executor = HashModelExecutor.completingOnDemand(scenario.spec);
  }

  /** Queues a plan; it starts when the one before has ended. */
  void submit(StepPlan plan, long nowNanos) {
    drawFault(plan);
    if (!executor.submit(plan)) {
      throw new AssertionError(
          "step " + plan.stepId() + " was refused: " + executor.failureMessage());
    }
    long duration = stepTime.nanos(plan);
    boolean isLate = scenario.has(Feature.LATE_STEPS) && random.oneIn(40);
    lastEndNanos = Math.max(nowNanos, lastEndNanos) + (isLate ? LATENESS * duration : duration);
    endNanos.add(lastEndNanos);
  }

  private void drawFault(StepPlan plan) {
    if (!mayFail) {
      return;
    }
    if (scenario.has(Feature.FAILED_ROWS) && plan.numRows() > 0 && random.oneIn(60)) {
      executor.failRow(plan.stepId(), random.below(plan.numRows()));
    }
    if (scenario.has(Feature.FAILED_STEPS) && random.oneIn(50)) {
      executor.failStep(plan.stepId());
    }
    if (scenario.has(Feature.DEATHS) && random.oneIn(100)) {
      executor.dieAt(plan.stepId());
    }
  }

  /** From now on nothing fails any more. */
  void heal() {
    mayFail = false;
  }

  int numInFlight() {
    return endNanos.size();
  }

  /** When the oldest step in flight ends. */
  long nextEndNanos() {
    return endNanos.element();
  }

  /**
   * Lets the oldest step in flight end.
   *
   * @return false when the executor died instead
   */
  boolean completeNext(StepResult result) {
    endNanos.remove();
    if (executor.completeNext()) {
      boolean isPolled = executor.poll(result);
      return check(isPolled, "a completed step cannot be polled");
    }
    check(executor.state() == ExecutorState.DEAD, "an executor with work stands still");
    return false;
  }

  /** Puts a fresh executor in the place of a dead one. */
  void replace(long nowNanos) {
    executor = HashModelExecutor.completingOnDemand(scenario.spec);
    endNanos.clear();
    lastEndNanos = nowNanos;
  }

  private static boolean check(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
    return true;
  }
}
