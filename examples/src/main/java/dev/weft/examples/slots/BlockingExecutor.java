package dev.weft.examples.slots;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The half of an executor that is the same for every engine whose calls wait until they are
 * computed. {@link #submit} must not wait, so a thread of its own makes these calls; plans and
 * results cross over under one lock, which is never held while the engine computes.
 *
 * <p>An exception fails the step, and the engine goes on with the next one. An error, say a lack of
 * memory, leaves nothing to go on with: the executor is dead.
 */
abstract class BlockingExecutor implements StepExecutor {
  private final ExecutorSpec spec;
  private final SlotPlanCheck check;
  private final Thread thread;
  private final ArrayDeque<StepPlan> submitted = new ArrayDeque<>();
  private final ArrayDeque<StepResult> finished = new ArrayDeque<>();
  private int numInFlight;
  private ExecutorState state = ExecutorState.READY;
  private String failureMessage = "";
  private long lastGoodStepId;

  BlockingExecutor(ExecutorSpec spec) {
    this.spec = spec;
    check = new SlotPlanCheck(spec);
    thread = new Thread(this::runSteps, "weft-example-engine");
    thread.setDaemon(true);
  }

  /** Computes one step; called by the engine's thread, for one plan after another. */
  abstract void run(StepPlan plan, StepResult result);

  /** Lets the thread run; the last statement of every constructor. */
  final void start() {
    thread.start();
  }

  @Override public final ExecutorSpec spec() {
    return spec;
  }

  @Override public final synchronized boolean submit(StepPlan plan) {
    if (state != ExecutorState.READY) {
      return false;
    }
    if (numInFlight == spec.maxInFlight()) {
      throw new IllegalStateException("step " + plan.stepId() + ": " + numInFlight + " in flight");
    }
    check.accept(plan);
    submitted.add(plan); // It stays as it is until its result was polled and applied.
    numInFlight++;
    notifyAll();
    return true;
  }

  @Override public final synchronized boolean poll(StepResult result) {
    if (state == ExecutorState.CLOSED || finished.isEmpty()) {
      return false;
    }
    result.copyFrom(finished.remove());
    numInFlight--;
    return true;
  }

  @Override public final synchronized boolean await(long timeoutNanos)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeoutNanos;
    long nanosLeft = timeoutNanos;
    while (finished.isEmpty() && state == ExecutorState.READY && nanosLeft > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, nanosLeft);
      nanosLeft = deadline - System.nanoTime();
    }
    return state != ExecutorState.CLOSED && !finished.isEmpty();
  }

  @Override public final synchronized ExecutorState state() {
    return state;
  }

  @Override public final synchronized String failureMessage() {
    return failureMessage;
  }

  @Override public final synchronized long lastGoodStepId() {
    return lastGoodStepId;
  }

  /** Waits for the call that the engine is in: its memory must not go under it. */
  @Override public final void close() {
    synchronized (this) {
      state = ExecutorState.CLOSED;
      failureMessage = "";
      notifyAll();
    }
    boolean isInterrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the thread of the engine

  private void runSteps() {
    for (StepPlan plan = next(); plan != null; plan = next()) {
      StepResult result = new StepResult(plan.numRows(), 0, 0);
      result.reset(plan.stepId(), plan.numRows());
      long start = System.nanoTime();
      try {
        run(plan, result);
      } catch (RuntimeException e) {
        result.failStep(e.toString());
      } catch (Error e) {
        die("died in step " + plan.stepId() + ": " + e);
        return;
      }
      result.setDeviceNanos(System.nanoTime() - start);
      finish(result);
    }
  }

  /** Waits for a plan; null when there will be none any more. */
  private synchronized @Nullable StepPlan next() {
    while (submitted.isEmpty() && state == ExecutorState.READY) {
      try {
        wait();
      } catch (InterruptedException e) {
        die("the thread of the engine was interrupted");
      }
    }
    return state == ExecutorState.READY ? submitted.remove() : null;
  }

  private synchronized void finish(StepResult result) {
    if (result.outcome() == StepResult.Outcome.COMPLETED) {
      lastGoodStepId = result.stepId();
    }
    finished.add(result);
    notifyAll();
  }

  private synchronized void die(String message) {
    if (state == ExecutorState.READY) {
      state = ExecutorState.DEAD;
      failureMessage = message;
    }
    notifyAll();
  }
}
