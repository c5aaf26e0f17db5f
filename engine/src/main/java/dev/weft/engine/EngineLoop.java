package dev.weft.engine;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The owner's side of an engine. A round takes in what other threads left, applies what the device
 * has finished, plans and submits what can be, and shows consumers what happened. One thread at a
 * time calls it; {@link WeftEngine} sees to that.
 */
final class EngineLoop {
  /** Longest wait for the device at a time: a submission or a deadline does not end it. */
  private static final long MAX_AWAIT_NANOS = 1_000_000;

  private final StepExecutor executor;
  private final Scheduler scheduler;
  private final @Nullable DraftPace drafting;
  private final LongSupplier clock;
  private final Intake intake;
  private final Delivery delivery;
  private final PublishedStats stats;
  private final long stepTimeoutNanos;
  private final StepResult result;
  private final Entrance entrance;
  // As fields, because a lambda made for each round would be garbage.
  private final Part wholeRound = this::doWholeRound;
  private final Part oneSubmission = this::doOneSubmission;
  private final Part results = this::doResults;
  private volatile @Nullable Drain drain;
  private volatile boolean hasDrained;
  private boolean hasEnded;
  private long lastProgressNanos;
  private volatile long lastRoundNanos;
  private volatile String failureMessage = "";

  EngineLoop(StepExecutor executor, Scheduler scheduler, @Nullable DraftPace drafting,
      LongSupplier clock, Intake intake, Delivery delivery, PublishedStats stats,
      long stepTimeoutNanos) {
    this.executor = executor;
    this.scheduler = scheduler;
    this.drafting = drafting;
    this.clock = clock;
    this.intake = intake;
    this.delivery = delivery;
    this.stats = stats;
    this.stepTimeoutNanos = stepTimeoutNanos;
    entrance = new Entrance(intake, scheduler, delivery, clock);
    result = StepResult.of(scheduler.limits());
    lastRoundNanos = clock.getAsLong();
  }

  // ---- rounds

  /** As {@link WeftEngine#runOnce}. */
  boolean round() {
    return guarded(wholeRound);
  }

  private boolean doWholeRound() {
    boolean didSomething = takeIn();
    didSomething |= doResults();
    return (!hasEnded && submitNext()) || didSomething;
  }

  /** Applies what the device has finished, and ends everything when it died or hangs. */
  private boolean doResults() {
    // Read first: whatever the executor finished before it died is polled below.
    boolean isReady = executor.state() == ExecutorState.READY;
    boolean any = applyFinished();
    if (!isReady) {
      String message = executor.failureMessage();
      endAll(message.isEmpty() ? "the executor is " + executor.state() : message);
      return true;
    }
    return endHungStep() || any;
  }

  private boolean doOneSubmission() {
    takeIn();
    return submitOne();
  }

  /** As {@link WeftEngine#runStep}; no step is in flight before and after. */
  boolean step() throws InterruptedException {
    finishSteps();
    boolean isSubmitted = guarded(oneSubmission);
    finishSteps();
    return isSubmitted;
  }

  private void finishSteps() throws InterruptedException {
    while (!hasEnded && numInFlight() > 0) {
      if (!guarded(results)) {
        awaitDevice(MAX_AWAIT_NANOS);
      }
    }
  }

  /** Does part of a round; whatever goes wrong in it, everything ends and is shown to consumers. */
  private boolean guarded(Part part) {
    lastRoundNanos = clock.getAsLong();
    boolean didSomething;
    try {
      didSomething = hasEnded ? takeInAtTheEnd() : part.run();
      cutOffLate();
    } catch (Throwable e) { // Also checked ones, which other languages throw undeclared.
      endAllAfter(e);
      throw e;
    } finally {
      delivery.flush(intake, clock.getAsLong());
      publish();
    }
    return finishDraining() || didSomething;
  }

  private void publish() {
    SchedulerStats now = scheduler.stats();
    stats.publish(now);
    intake.publish(scheduler.numSequencesWaiting(), scheduler.caps().maxNumWaiting());
  }

  // ---- what other threads want

  private boolean takeIn() {
    boolean any = false;
    for (ControlCall<?> call = intake.takeCall(); call != null; call = intake.takeCall()) {
      entrance.letIn(); // Whoever submits and then unblocks is served in that order.
      call.run(scheduler);
      any = true;
    }
    any |= takeSignals();
    any |= entrance.letIn();
    return any;
  }

  private boolean takeSignals() {
    Generation generation = intake.takeSignalled();
    boolean any = generation != null;
    while (generation != null) {
      Generation next = generation.nextSignalled;
      generation.nextSignalled = null;
      generation.clearSignalled();
      grant(generation);
      generation = next;
    }
    return any;
  }

  /** One that is not in the scheduler yet is looked at again when it is taken in. */
  private void grant(Generation generation) {
    long requestId = generation.request().id();
    if (delivery.isOpen(generation)) {
      for (int i = 0; i < generation.numSamples(); i++) {
        int numTokens = generation.numTokensToKeep(i);
        if (numTokens != Generation.GOES_ON && generation.sample(i).endReason() == null) {
          scheduler.stop(requestId, i, numTokens, clock.getAsLong());
        }
      }
      if (generation.isCancelled()) { // The samples that nobody stopped.
        scheduler.abort(requestId, clock.getAsLong());
      }
    }
  }

  // ---- steps

  private boolean applyFinished() {
    boolean any = false;
    while (executor.poll(result)) {
      scheduler.update(result, clock.getAsLong());
      lastProgressNanos = clock.getAsLong();
      any = true;
    }
    return any;
  }

  private boolean submitNext() {
    boolean any = false;
    while (scheduler.canPlan() && !scheduler.isIdle() && submitOne()) {
      any = true;
    }
    return any;
  }

  private boolean submitOne() {
    boolean wasIdle = numInFlight() == 0;
    if (drafting != null) {
      scheduler.draft(clock.getAsLong());
    }
    StepPlan plan = scheduler.plan(clock.getAsLong());
    boolean isSubmitted = !plan.isEmpty() && executor.submit(plan);
    if (wasIdle) {
      lastProgressNanos = clock.getAsLong(); // The device had nothing to do until now.
    }
    return isSubmitted;
  }

  private boolean endHungStep() {
    if (numInFlight() == 0
        || clock.getAsLong() - lastProgressNanos < stepTimeoutNanos) {
      return false;
    }
    endAll("no step has completed for " + stepTimeoutNanos / 1_000_000 + " ms with " + numInFlight()
        + " in flight; the executor is taken for dead");
    return true;
  }

  // ---- waiting

  int numInFlight() {
    return scheduler.stats().numInFlight();
  }

  void awaitDevice(long maxNanos) throws InterruptedException {
    executor.await(Math.min(maxNanos, MAX_AWAIT_NANOS));
  }

  /** True while something lives that could run or expire without anybody doing anything. */
  boolean hasWork() {
    return !hasEnded && !scheduler.isIdle();
  }

  /** Whether all that lives waits for a call of its owner: to unblock it, or to end a pause. */
  boolean waitsForOwner() {
    SchedulerStats now = scheduler.stats();
    if (hasEnded || now.numInFlight() > 0 || intake.hasNews()) {
      return hasEnded;
    }
    return switch (scheduler.pauseMode()) {
      case NONE -> now.numRunning() + now.numWaiting() == 0;
      case NEW -> now.numRunning() == 0;
      case ALL -> true;
    };
  }

  // ---- the end

  /**
   * Lets requests finish until a drain's time is over; the intake is closed already. Any thread.
   */
  void begin(Drain begun) {
    delivery.setDrain(begun); // First: it must hear of every end that the drain brings about.
    drain = begun;
  }

  boolean hasDrained() {
    return hasDrained;
  }

  private void cutOffLate() {
    Drain now = drain;
    if (now != null && !hasDrained && !hasEnded && intake.numLive() > 0
        && clock.getAsLong() >= now.deadlineNanos()) {
      String message = "cut off: the engine drains, and its time is over";
      delivery.explainAll(message);
      scheduler.shutDown(clock.getAsLong());
      entrance.refuseAll(message);
    }
  }

  private boolean finishDraining() {
    Drain now = drain;
    if (now == null || hasDrained || intake.numLive() > 0) {
      return false;
    }
    hasDrained = true;
    now.complete(intake.callbacks());
    return true;
  }

  private void endAll(String message) {
    hasEnded = true;
    failureMessage = message;
    intake.close("the engine takes none any more: " + message);
    delivery.explainAll(message);
    scheduler.onExecutorDead(DeadExecutorMode.END, clock.getAsLong());
    scheduler.shutDown(clock.getAsLong());
    takeInAtTheEnd();
  }

  /** Scheduler and executor may no longer agree on what is in flight: awaiting it could hang. */
  private void endAllAfter(Throwable failure) {
    try {
      endAll(failure.toString());
    } catch (Throwable e) {
      if (e != failure) { // One object thrown twice, as the virtual machine itself does at times.
        failure.addSuppressed(e);
      }
    }
    delivery.endAll(FinishReason.ERROR, clock.getAsLong()); // Where even the scheduler broke.
  }

  /** Ends what was accepted before the intake closed, and makes no calls any more. */
  private boolean takeInAtTheEnd() {
    for (Generation generation = intake.takeSignalled(); generation != null; ) {
      Generation next = generation.nextSignalled;
      generation.nextSignalled = null; // One that is kept must not keep the others.
      generation = next;
    }
    boolean any = entrance.refuseAll(intake.closedMessage());
    return failCalls() || any;
  }

  /** Answers calls that nobody will make any more. */
  private boolean failCalls() {
    boolean any = false;
    for (ControlCall<?> call = intake.takeCall(); call != null; call = intake.takeCall()) {
      call.fail(new IllegalStateException(intake.closedMessage()));
      any = true;
    }
    return any;
  }

  /**
   * Ends everything with SHUTDOWN and closes the executor. Waits for threads that are between
   * having a request accepted and having it queued.
   */
  void close() {
    intake.close("the engine is closed");
    try {
      if (!hasEnded) {
        hasEnded = true;
        delivery.explainAll("the engine is closed");
        scheduler.shutDown(clock.getAsLong());
        scheduler.onExecutorDead(DeadExecutorMode.END, clock.getAsLong());
      }
    } finally {
      endTheRest();
    }
  }

  private void endTheRest() {
    delivery.endAll(FinishReason.SHUTDOWN, clock.getAsLong());
    do {
      takeInAtTheEnd();
      delivery.flush(intake, clock.getAsLong());
      Thread.onSpinWait();
    } while (intake.numLive() > 0);
    intake.end(); // Whoever calls or drains and does not see this is seen below.
    failCalls();
    finishDraining();
    publish();
    try {
      executor.close();
    } finally {
      if (drafting != null) {
        drafting.close();
      }
    }
  }

  // ---- facts for any thread

  /** Why the executor is given up; empty while it is not. */
  String failureMessage() {
    return failureMessage;
  }

  /** As {@link WeftEngine#numLateDraftCalls}. */
  long numLateDraftCalls() {
    return drafting == null ? 0 : drafting.numLateCalls();
  }

  /** True when requests live and no round has begun for longer than a step may take. */
  boolean isStalled() {
    // What came while there was nothing to do is waited for from then on.
    long sinceNanos = Math.max(lastRoundNanos, intake.liveSinceNanos());
    return intake.numLive() > 0 && clock.getAsLong() - sinceNanos > stepTimeoutNanos;
  }

  /** Part of a round; says whether it did something. */
  private interface Part {
    boolean run();
  }
}
