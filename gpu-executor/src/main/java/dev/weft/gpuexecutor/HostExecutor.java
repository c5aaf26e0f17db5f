package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Computes steps on the CPU, in plain Java. A thread of its own runs the plans one after another,
 * and shares the work of each with the other threads of its team; {@link #submit} only checks and
 * queues.
 *
 * <p>Numerics: all arithmetic is in float with a fixed order of every sum, so the logits of a token
 * have the same bits however its request was batched, chunked, placed in blocks, preempted or
 * drafted, on any number of threads and on any machine. {@link SoloDecoder} gives the same tokens
 * without any of it.
 *
 * <p>Failure: a row whose logits are no numbers, or for which nothing is permitted, fails alone. An
 * exception during the computation fails its step, and its text is in the result; the stack trace
 * is logged at level DEBUG. Anything else, such as a lack of memory, kills
 * the executor; results finished before can still be polled.
 *
 * <p>All memory is taken by the builder, except the token history of slots with penalties; a step
 * allocates nothing after warm-up. {@link #submit}, {@link #poll} and {@link #await} belong to one
 * thread; {@link #state} and {@link #failureMessage} may be read, and {@link #close} called, by
 * any.
 */
public final class HostExecutor implements StepExecutor {
  private static final System.Logger LOGGER = System.getLogger(HostExecutor.class.getName());

  private final ExecutorSpec spec;
  private final PlanCheck planCheck;
  private final WorkerTeam team;
  private final StepRing ring;
  private final Thread thread;
  private final Object lifeLock = new Object();
  private volatile ExecutorState state = ExecutorState.READY;
  private volatile String failureMessage = "";
  private volatile long lastGoodStepId;

  /** Null once closed, so that its memory can go. */
  private volatile @Nullable HostDevice device;

  HostExecutor(HostExecutorBuilder builder, ExecutorSpec spec) {
    this.spec = spec;
    planCheck = new PlanCheck(spec);
    team = new WorkerTeam(builder.numThreads(), builder.threadFactory());
    device = newDevice(builder.model(), spec, team);
    thread = builder.threadFactory().newThread(this::runSteps);
    ring = new StepRing(spec.maxInFlight(), () -> newResult(spec), thread);
    thread.start();
  }

  /** A builder with default limits; only what differs must be set. */
  public static HostExecutorBuilder builder(HostModel model) {
    return new HostExecutorBuilder(model);
  }

  private static HostDevice newDevice(HostModel model, ExecutorSpec spec, WorkerTeam team) {
    try {
      return new HostDevice(model, spec, team);
    } catch (RuntimeException | Error e) {
      team.close(); // most likely there is not enough memory; the threads must not stay behind
      throw e;
    }
  }

  private static StepResult newResult(ExecutorSpec spec) {
    int numLogprobs = Math.max(0, spec.maxNumLogprobs());
    return new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), numLogprobs);
  }

  @Override
  public ExecutorSpec spec() {
    return spec;
  }

  @Override
  public boolean submit(StepPlan plan) {
    if (state != ExecutorState.READY) {
      return false;
    }
    if (ring.numInFlight() == spec.maxInFlight()) {
      throw new IllegalStateException(
          "step " + plan.stepId() + ": " + spec.maxInFlight() + " steps are in flight already");
    }
    planCheck.accept(plan);
    ring.submit(plan);
    return true;
  }

  @Override
  public boolean poll(StepResult result) {
    if (state == ExecutorState.CLOSED || !ring.hasFinished()) {
      return false;
    }
    result.copyFrom(ring.oldestFinished());
    ring.take();
    return true;
  }

  @Override
  public boolean await(long timeoutNanos) throws InterruptedException {
    ring.awaitFinished(timeoutNanos);
    return state != ExecutorState.CLOSED && ring.hasFinished();
  }

  @Override
  public ExecutorState state() {
    return state;
  }

  @Override
  public String failureMessage() {
    return failureMessage;
  }

  @Override
  public long lastGoodStepId() {
    return lastGoodStepId;
  }

  /** Waits for the step being computed, if there is one. */
  @Override
  public void close() {
    synchronized (lifeLock) {
      state = ExecutorState.CLOSED;
      failureMessage = "";
    }
    ring.stop();
    joinUninterruptibly(thread);
    team.close();
    device = null;
  }

  // ---- the executor's thread

  private void runSteps() {
    HostDevice current = device;
    for (StepPlan plan = ring.next(); plan != null; plan = ring.next()) {
      try {
        if (current != null) {
          runStep(current, plan, ring.resultOfNext());
        }
      } catch (RuntimeException | Error e) {
        die(plan.stepId(), e);
        return;
      }
      ring.finish();
    }
  }

  private void runStep(HostDevice current, StepPlan plan, StepResult result) {
    long start = System.nanoTime();
    result.reset(plan.stepId(), plan.numRows());
    current.prepare(plan);
    try {
      current.compute(plan, result);
      lastGoodStepId = plan.stepId();
    } catch (RuntimeException e) {
      LOGGER.log(Level.DEBUG, "step " + plan.stepId() + " failed", e);
      result.failStep(e.toString());
    }
    result.setDeviceNanos(System.nanoTime() - start);
  }

  private void die(long stepId, Throwable cause) {
    synchronized (lifeLock) {
      if (state == ExecutorState.READY) {
        failureMessage = "died in step " + stepId + ": " + cause;
        state = ExecutorState.DEAD;
      }
    }
    ring.stop();
    LOGGER.log(Level.ERROR, "the host executor died in step " + stepId, cause);
  }

  // ---- small parts

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive() && thread != Thread.currentThread()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
