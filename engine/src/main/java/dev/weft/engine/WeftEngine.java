package dev.weft.engine;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.function.LongSupplier;

/**
 * Scheduler, KV cache and executor put together, driven by its owner: {@link #add} requests, call
 * {@link #runOnce} until {@link #isIdle}; tokens go to the listener given to the builder. One
 * thread owns an engine and makes all calls; nothing happens between them.
 */
public final class WeftEngine implements AutoCloseable {
  private final StepExecutor executor;
  private final Scheduler scheduler;
  private final KvCache kvCache;
  private final LongSupplier clock;
  private final StepResult result;
  private boolean isDead;

  WeftEngine(StepExecutor executor, Scheduler scheduler, KvCache kvCache, LongSupplier clock) {
    this.executor = executor;
    this.scheduler = scheduler;
    this.kvCache = kvCache;
    this.clock = clock;
    result = StepResult.of(scheduler.limits());
  }

  /** Starts to wire an engine over an executor, which the engine closes in the end. */
  public static WeftEngineBuilder builder(StepExecutor executor) {
    return new WeftEngineBuilder(executor);
  }

  /** Lets a request wait; a refusal says why and changes nothing. */
  public AddResult add(Request request) {
    return scheduler.add(request, clock.getAsLong());
  }

  /** Ends a request at once; false when it is not live. */
  public boolean abort(long requestId) {
    return scheduler.abort(requestId, clock.getAsLong());
  }

  /**
   * Applies what the executor has finished and plans and submits what can be; never waits.
   *
   * @return true when it did something; false when the device must be awaited, or nothing is there
   *     to do
   */
  public boolean runOnce() {
    boolean didSomething = applyFinished();
    didSomething |= submitNext();
    if (executor.state() != ExecutorState.READY && !isDead) {
      isDead = true;
      scheduler.onExecutorDead(DeadExecutorMode.END, clock.getAsLong());
      scheduler.shutDown(clock.getAsLong());
      didSomething = true;
    }
    return didSomething;
  }

  private boolean applyFinished() {
    boolean any = false;
    while (!isDead && executor.poll(result)) {
      scheduler.update(result, clock.getAsLong());
      any = true;
    }
    return any;
  }

  private boolean submitNext() {
    boolean any = false;
    while (!isDead && scheduler.canPlan() && !scheduler.isIdle()) {
      StepPlan plan = scheduler.plan(clock.getAsLong());
      if (plan.isEmpty() || !executor.submit(plan)) {
        break;
      }
      any = true;
    }
    return any;
  }

  /**
   * Runs until no request lives, waiting for the device where there is nothing else to do.
   *
   * @throws InterruptedException when interrupted while waiting; the engine can go on
   */
  public void runUntilIdle() throws InterruptedException {
    while (!isIdle()) {
      if (!runOnce()) {
        executor.await(1_000_000);
      }
    }
  }

  /** True when no request lives and no step is in flight. */
  public boolean isIdle() {
    return scheduler.isIdle();
  }

  /** False when the executor died: its requests ended with an error, and no other is accepted. */
  public boolean isHealthy() {
    return !isDead;
  }

  /** Why the executor died; empty while it lives. */
  public String failureMessage() {
    return executor.failureMessage();
  }

  public SchedulerStats stats() {
    return scheduler.stats();
  }

  /**
   * For control calls: pause, caps, cache reset, stop strings. On the owner's thread like all
   * calls.
   */
  public Scheduler scheduler() {
    return scheduler;
  }

  /** The books of the KV blocks, for statistics. */
  public KvCache kvCache() {
    return kvCache;
  }

  /** Ends all requests and closes the executor. Idempotent. */
  @Override public void close() {
    scheduler.shutDown(clock.getAsLong());
    executor.close();
  }
}
