package dev.weft.engine;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import java.util.function.BooleanSupplier;

/**
 * A device that computes one step whenever it is awaited, and refuses to go on where a test says
 * so.
 */
final class StubbornExecutor implements StepExecutor {
  final HashModelExecutor device;
  /** Id of the step that {@link #submit} throws at; 0 for none. */
  long throwsAtStep;
  /** Makes the next {@link #await} throw. */
  boolean interruptsNextAwait;
  int numAwaits;
  int numCloses;
  /** What happens in calls of the same name, on the calling thread, before anything else. */
  Runnable onSubmit = () -> {};
  Runnable onAwait = () -> {};
  Runnable onClose = () -> {};
  /** While it says so, {@link #await} returns without a step having been computed. */
  volatile BooleanSupplier isBusy = () -> false;

  StubbornExecutor(ExecutorSpec spec) {
    device = HashModelExecutor.completingOnDemand(spec);
  }

  @Override public ExecutorSpec spec() {
    return device.spec();
  }

  @Override public boolean submit(StepPlan plan) {
    onSubmit.run();
    if (plan.stepId() == throwsAtStep) {
      throw new IllegalArgumentException("step " + plan.stepId() + " does not please");
    }
    return device.submit(plan);
  }

  @Override public boolean poll(StepResult result) {
    return device.poll(result);
  }

  @Override public boolean await(long timeoutNanos) throws InterruptedException {
    numAwaits++;
    onAwait.run();
    if (interruptsNextAwait) {
      interruptsNextAwait = false;
      throw new InterruptedException();
    }
    if (isBusy.getAsBoolean()) {
      return false;
    }
    device.completeNext();
    return device.await(timeoutNanos);
  }

  @Override public ExecutorState state() {
    return device.state();
  }

  /** Forgotten when it is closed, as the contract allows. */
  @Override public String failureMessage() {
    return numCloses == 0 ? device.failureMessage() : "";
  }

  @Override public long lastGoodStepId() {
    return device.lastGoodStepId();
  }

  @Override public void close() {
    numCloses++;
    onClose.run();
    device.close();
  }
}
