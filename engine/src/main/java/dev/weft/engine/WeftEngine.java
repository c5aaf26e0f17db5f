package dev.weft.engine;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
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
 *
 * <p>A policy, a mask or a listener must not call back: {@link #add}, {@link #abort}, {@link
 * #runOnce}, {@link #runUntilIdle} and {@link #close} then throw {@link IllegalStateException} and
 * change nothing.
 */
public final class WeftEngine implements AutoCloseable {
  /** Longest wait at a time: what is not the device, such as a mask or a deadline, wakes nobody. */
  private static final long MAX_WAIT_NANOS = 1_000_000;

  private final StepExecutor executor;
  private final Scheduler scheduler;
  private final KvCache kvCache;
  private final LongSupplier clock;
  private final StepResult result;
  private boolean hasEnded;
  private String failureMessage = "";

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
    scheduler.checkNotBusy();
    return isHealthy()
        ? scheduler.add(request, clock.getAsLong())
        : AddResult.refused(Refusal.SHUT_DOWN, "request " + request.id() + ": the engine takes none"
            + (failureMessage().isEmpty() ? ", it is closed" : " any more: " + failureMessage()));
  }

  /** Ends a request at once; false when it is not live. */
  public boolean abort(long requestId) {
    return scheduler.abort(requestId, clock.getAsLong());
  }

  /**
   * Applies what the executor has finished and plans and submits what can be; never waits. When the
   * executor has died, what was running ends with ERROR and what was waiting with SHUTDOWN.
   *
   * @return true when it did something; false when the device must be awaited, or nothing is there
   *     to do
   * @throws RuntimeException what executor or scheduler threw, a defect of one of them; everything
   *     has ended as if the executor had died
   */
  public boolean runOnce() {
    scheduler.checkNotBusy();
    if (hasEnded) {
      return false;
    }
    try {
      // Read first: whatever the executor finished before it died is polled below.
      boolean isReady = executor.state() == ExecutorState.READY;
      boolean didSomething = applyFinished();
      if (!isReady) {
        endAll(executor.failureMessage());
        return true;
      }
      return submitNext() || didSomething;
    } catch (RuntimeException e) {
      endAllAfter(e);
      throw e;
    }
  }

  private boolean applyFinished() {
    boolean any = false;
    while (executor.poll(result)) {
      scheduler.update(result, clock.getAsLong());
      any = true;
    }
    return any;
  }

  private boolean submitNext() {
    boolean any = false;
    while (scheduler.canPlan() && !scheduler.isIdle()) {
      StepPlan plan = scheduler.plan(clock.getAsLong());
      if (plan.isEmpty() || !executor.submit(plan)) {
        break;
      }
      any = true;
    }
    return any;
  }

  private void endAll(String message) {
    hasEnded = true;
    failureMessage = message;
    scheduler.onExecutorDead(DeadExecutorMode.END, clock.getAsLong());
    scheduler.shutDown(clock.getAsLong());
  }

  /** Scheduler and executor may no longer agree on what is in flight: awaiting it could hang. */
  private void endAllAfter(RuntimeException failure) {
    try {
      endAll(failure.toString());
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Runs until no request lives, waiting for the device, and for masks that are not ready. Returns
   * earlier, with {@link #isIdle} false, when nothing is in flight and the rest waits for what only
   * the owner can do: unblock a request, or end a pause.
   *
   * @throws InterruptedException when interrupted while waiting; the engine can go on
   * @throws RuntimeException as {@link #runOnce}
   */
  public void runUntilIdle() throws InterruptedException {
    scheduler.checkNotBusy();
    while (!isIdle()) {
      if (!runOnce()) {
        if (waitsForOwner()) {
          return;
        }
        await();
      }
    }
  }

  private boolean waitsForOwner() {
    SchedulerStats stats = scheduler.stats();
    if (hasEnded || stats.numInFlight() > 0) {
      return hasEnded;
    }
    return switch (scheduler.pauseMode()) {
      case NONE -> stats.numRunning() + stats.numWaiting() == 0;
      case NEW -> stats.numRunning() == 0;
      case ALL -> true;
    };
  }

  private void await() throws InterruptedException {
    if (scheduler.stats().numInFlight() > 0) {
      executor.await(MAX_WAIT_NANOS);
    } else {
      Thread.sleep(MAX_WAIT_NANOS / 1_000_000); // An executor without work may not wait at all.
    }
  }

  /** True when no request lives and no step is in flight. */
  public boolean isIdle() {
    return scheduler.isIdle();
  }

  /** False when the executor died or was closed: no request is accepted any more. */
  public boolean isHealthy() {
    return !hasEnded && executor.state() == ExecutorState.READY;
  }

  /** Why the executor died, also after {@link #close}; empty while it lives. */
  public String failureMessage() {
    return failureMessage.isEmpty() ? executor.failureMessage() : failureMessage;
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

  /** Ends all requests, with SHUTDOWN, and closes the executor. Idempotent. */
  @Override public void close() {
    scheduler.checkNotBusy();
    try {
      if (!hasEnded) {
        failureMessage = executor.failureMessage(); // Closing may forget it.
        hasEnded = true;
        scheduler.shutDown(clock.getAsLong());
        scheduler.onExecutorDead(DeadExecutorMode.END, clock.getAsLong());
      }
    } finally {
      executor.close();
    }
  }
}
