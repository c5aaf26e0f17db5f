package dev.weft.examples.openai;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.concurrent.TimeUnit;

/** A device behind a gate: while it is shut, no step completes. It can also be made to die. */
final class GatedExecutor implements StepExecutor {
  private final StepExecutor device;
  private final Object gate = new Object();
  private volatile boolean isShut;
  private volatile boolean isDead;

  GatedExecutor(StepExecutor device) {
    this.device = device;
  }

  void shut() {
    isShut = true;
  }

  void open() {
    synchronized (gate) {
      isShut = false;
      gate.notifyAll();
    }
  }

  void die() {
    isDead = true;
  }

  @Override public ExecutorSpec spec() {
    return device.spec();
  }

  @Override public boolean submit(StepPlan plan) {
    return !isDead && device.submit(plan);
  }

  @Override public boolean poll(StepResult result) {
    return !isShut && !isDead && device.poll(result);
  }

  @Override public boolean await(long timeoutNanos) throws InterruptedException {
    synchronized (gate) {
      if (isShut) {
        TimeUnit.NANOSECONDS.timedWait(gate, timeoutNanos);
        return false;
      }
    }
    return device.await(timeoutNanos);
  }

  @Override public ExecutorState state() {
    return isDead ? ExecutorState.DEAD : device.state();
  }

  @Override public String failureMessage() {
    return isDead ? "died for the test" : device.failureMessage();
  }

  @Override public long lastGoodStepId() {
    return device.lastGoodStepId();
  }

  @Override public void close() {
    open();
    device.close();
  }
}
