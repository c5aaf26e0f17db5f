package dev.weft.engine;

import dev.weft.batching.DeadExecutorMode;
import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
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
  private final LongSupplier clock;
  private final Intake intake;
  private final Delivery delivery;
  private final PublishedStats stats;
  private final long stepTimeoutNanos;
  private final StepResult result;
  /** Submitted and taken, for which the scheduler has had no room yet. */
  private final ArrayDeque<Generation> queued = new ArrayDeque<>();
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

  EngineLoop(StepExecutor executor, Scheduler scheduler, LongSupplier clock, Intake intake,
      Delivery delivery, PublishedStats stats, long stepTimeoutNanos) {
    this.executor = executor;
    this.scheduler = scheduler;
    this.clock = clock;
    this.intake = intake;
    this.delivery = delivery;
    this.stats = stats;
    this.stepTimeoutNanos = stepTimeoutNanos;
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
      takeSubmissions(); // Whoever submits and then unblocks is served in that order.
      call.run(scheduler);
      any = true;
    }
    any |= takeSignals();
    any |= takeSubmissions();
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

  private boolean takeSubmissions() {
    for (Generation generation = intake.takeSubmitted(); generation != null;
        generation = intake.takeSubmitted()) {
      queued.add(generation);
    }
    boolean any = false;
    while (!queued.isEmpty() && add(queued.peek())) {
      leaveQueue(queued.poll());
      any = true;
    }
    return (!queued.isEmpty() && endQueued()) || any;
  }

  private void leaveQueue(Generation generation) {
    intake.leaveQueue(generation, scheduler.numSequencesWaiting());
  }

  /** Ends what is cancelled or expires behind one for which there is no room. */
  private boolean endQueued() {
    long nowNanos = clock.getAsLong();
    return queued.removeIf(generation -> {
      if (generation.isCancelled()) {
        delivery.refuse(generation, FinishReason.ABORT, "cancelled before it was queued", nowNanos);
      } else if (generation.request().deadlineNanos() != Request.NO_DEADLINE
          && generation.request().deadlineNanos() <= nowNanos) {
        delivery.refuse(generation, FinishReason.DEADLINE, "expired before it was queued",
            nowNanos);
      } else {
        return false;
      }
      leaveQueue(generation);
      return true;
    });
  }

  /** False when there is no room now, since more wait than submitters knew: it stays queued. */
  private boolean add(Generation generation) {
    long nowNanos = clock.getAsLong();
    if (generation.isCancelled()) {
      delivery.refuse(generation, FinishReason.ABORT, "cancelled before it was queued", nowNanos);
      return true;
    }
    delivery.open(generation);
    AddResult answer = scheduler.add(generation.request(), nowNanos);
    // With nothing in the scheduler a cap was lowered below what it brings: waiting is no use.
    if (answer.refusal() == Refusal.FULL && !scheduler.isIdle()) {
      delivery.takeBack(generation);
      return false;
    }
    if (!answer.isAccepted()) {
      FinishReason reason = switch (answer.refusal()) {
        case EXPIRED -> FinishReason.DEADLINE;
        case SHUT_DOWN -> FinishReason.SHUTDOWN;
        default -> FinishReason.REFUSED;
      };
      delivery.refuse(generation, reason, answer.message(), nowNanos);
    }
    return true;
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
      refuseQueued(message);
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
      failure.addSuppressed(e);
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
    boolean any = refuseQueued(intake.closedMessage());
    return failCalls() || any;
  }

  private boolean refuseQueued(String message) {
    for (Generation generation = intake.takeSubmitted(); generation != null;
        generation = intake.takeSubmitted()) {
      queued.add(generation);
    }
    boolean any = !queued.isEmpty();
    while (!queued.isEmpty()) {
      Generation generation = queued.poll();
      intake.leaveQueue(generation, 0);
      delivery.refuse(generation, FinishReason.SHUTDOWN, message, clock.getAsLong());
    }
    return any;
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
        delivery.explainAll("the engine was closed");
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
    executor.close();
  }

  // ---- facts for any thread

  /** Why the executor is given up; empty while it is not. */
  String failureMessage() {
    return failureMessage;
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
