package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.Verification;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A {@link StepExecutor} that runs {@link HashModel} on simulated slots, block tables and KV
 * memory. A stale, lost or wrongly shared KV entry, a token at a wrong position or a seed of
 * another sequence becomes a wrong token, which {@link TokenOracle} sees.
 *
 * <p>A submitted step is held until it is completed, and read from its plan only when it is polled,
 * so that a plan that is written too early shows as well. {@link #completingAtOnce} completes every
 * step when it is submitted; with {@link #completingOnDemand} a test calls {@link #completeNext}.
 * There is no thread and no clock: {@link #await} answers at once.
 *
 * <p>It verifies drafts by coupling, chains and, where the spec says so, trees. Its spec says
 * deterministic, whatever it is made with.
 *
 * <p>Steps can be made to fail. Those completed before the executor died can still be polled.
 */
public final class HashModelExecutor implements StepExecutor {
  private static final long NANOS_PER_STEP = 1_000_000;
  private static final long NANOS_PER_TOKEN = 1_000;
  private static final long NEVER = Long.MAX_VALUE;

  private final ExecutorSpec spec;
  private final boolean completesAtOnce;
  private final SlotShadow shadow;
  private final HashDevice device;
  private final ArrayDeque<Submitted> inFlight = new ArrayDeque<>();
  private final Map<Long, Set<Integer>> failingRows = new HashMap<>();
  private final Set<Long> failingSteps = new HashSet<>();
  private int numCompleted;
  private long dyingStepId = NEVER;
  private ExecutorState state = ExecutorState.READY;
  private String failureMessage = "";
  private long lastGoodStepId;

  private HashModelExecutor(ExecutorSpec spec, boolean completesAtOnce) {
    if (spec.kvKind() != KvKind.BLOCK_TABLE) {
      throw new IllegalArgumentException("kvKind is " + spec.kvKind() + ", must be BLOCK_TABLE");
    }
    if (!spec.verifications().equals(Set.of(Verification.COUPLED))) {
      throw new IllegalArgumentException(
          "verifications is " + spec.verifications() + ", must be COUPLED alone");
    }
    this.spec = spec.toBuilder().isDeterministic(true).build();
    this.completesAtOnce = completesAtOnce;
    shadow = SlotShadow.ofExecutor(spec);
    device = new HashDevice(spec);
  }

  /** An executor whose steps have completed as soon as they are submitted. */
  public static HashModelExecutor completingAtOnce(ExecutorSpec spec) {
    return new HashModelExecutor(spec, true);
  }

  /** An executor whose steps complete when {@link #completeNext} is called. */
  public static HashModelExecutor completingOnDemand(ExecutorSpec spec) {
    return new HashModelExecutor(spec, false);
  }

  // ---- what shall go wrong

  /** Makes the logits of one row no numbers; its KV entries stay right. */
  public void failRow(long stepId, int row) {
    failingRows.computeIfAbsent(stepId, id -> new HashSet<>()).add(row);
  }

  /** Makes a step end as {@link StepResult.Outcome#FAILED} and write wrong KV entries. */
  public void failStep(long stepId) {
    failingSteps.add(stepId);
  }

  /** Makes the executor die when the first step from that id on would complete. */
  public void dieAt(long stepId) {
    dyingStepId = stepId;
  }

  // ---- the contract

  @Override public ExecutorSpec spec() {
    return spec;
  }

  /**
   * As the contract says; a refused plan changes nothing, and the message begins with an invariant.
   */
  @Override public boolean submit(StepPlan plan) {
    if (state != ExecutorState.READY) {
      return false;
    }
    if (inFlight.size() == spec.maxInFlight()) {
      throw new IllegalStateException("step " + plan.stepId() + ": " + inFlight.size()
          + " steps in flight of " + spec.maxInFlight());
    }
    shadow.commit(shadow.prepare(plan));
    inFlight.add(new Submitted(plan, plan.stepId()));
    if (completesAtOnce) {
      completeNext();
    }
    return true;
  }

  /**
   * Completes the oldest step that has not.
   *
   * @return false when there is none
   */
  public boolean completeNext() {
    if (numCompleted == inFlight.size()) {
      return false;
    }
    long stepId = inFlight.stream().skip(numCompleted).findFirst().orElseThrow().stepId;
    if (stepId >= dyingStepId) {
      die(stepId);
      return false;
    }
    numCompleted++;
    if (!failingSteps.contains(stepId)) {
      lastGoodStepId = stepId;
    }
    return true;
  }

  /** Submitted and not yet polled. */
  public int numInFlight() {
    return inFlight.size();
  }

  /** Completed and not yet polled. */
  public int numCompleted() {
    return numCompleted;
  }

  @Override public boolean poll(StepResult result) {
    if (numCompleted == 0) {
      return false;
    }
    Submitted step = inFlight.remove();
    numCompleted--;
    StepPlan plan = step.plan;
    if (plan.stepId() != step.stepId) {
      throw new IllegalStateException("the plan of step " + step.stepId
          + " was changed in flight, to step " + plan.stepId());
    }
    run(plan, result);
    shadow.complete(result);
    return true;
  }

  /** Answers at once, because nothing happens while it waits. */
  @Override public boolean await(long timeoutNanos) {
    return numCompleted > 0;
  }

  @Override public ExecutorState state() {
    return state;
  }

  @Override public String failureMessage() {
    return failureMessage;
  }

  @Override public long lastGoodStepId() {
    return lastGoodStepId;
  }

  @Override public void close() {
    state = ExecutorState.CLOSED;
    inFlight.clear();
    numCompleted = 0;
  }

  private void run(StepPlan plan, StepResult result) {
    result.reset(plan.stepId(), plan.numRows());
    result.setDeviceNanos(NANOS_PER_STEP + NANOS_PER_TOKEN * plan.numTokens());
    if (failingSteps.contains(plan.stepId())) {
      device.runBadly(plan);
      result.failStep("the test asked for it");
      return;
    }
    device.run(plan, result, failingRows.getOrDefault(plan.stepId(), Set.of()));
  }

  private void die(long stepId) {
    state = ExecutorState.DEAD;
    failureMessage = "died in step " + stepId;
    while (inFlight.size() > numCompleted) {
      inFlight.removeLast();
    }
  }

  /** A step in flight, and the id that its plan had when it was submitted. */
  private record Submitted(StepPlan plan, long stepId) {}
}
