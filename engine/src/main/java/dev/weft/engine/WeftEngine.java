package dev.weft.engine;

import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepExecutor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Scheduler, KV cache and executor put together, with a loop that drives them. Any thread submits
 * requests and reads their output through {@link Generation}; one thread at a time drives, in one
 * of three ways:
 *
 * <ul>
 *   <li>{@link #start}: a thread of the engine's own, until {@link #close};
 *   <li>{@link #runOnce}, and {@link #await} where nothing is to do: the loop of the host;
 *   <li>{@link #runStep}: one step after another, for tests and for looking closely.
 * </ul>
 *
 * <p>Every accepted request ends exactly once, with a reason, whatever its consumers, the executor
 * or other requests do. What is cut off is never shown as a whole answer.
 *
 * <p>Over 400 lines because it is the whole public face of the module, much of it javadoc.
 */
public final class WeftEngine implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private static final long MAX_IDLE_NANOS = 1_000_000;
  private static final long MAX_CLOSE_SECONDS = 10;

  private final EngineLoop loop;
  // As fields, because a method reference made for each round would be garbage.
  private final Round<RuntimeException> round;
  private final Round<InterruptedException> step;
  private final Scheduler scheduler;
  private final KvCache kvCache;
  private final LongSupplier clock;
  private final Intake intake;
  private final Courier courier;
  private final SchedulerStats stats;
  private final ThreadFactory threads;
  private final IdleStrategy idleStrategy;
  private final AtomicLong numIds = new AtomicLong();
  private final AtomicReference<@Nullable Thread> driver = new AtomicReference<>();
  private final AtomicReference<@Nullable Drain> drain = new AtomicReference<>();
  private final CountDownLatch terminated = new CountDownLatch(1);
  private volatile @Nullable Thread ownThread;
  private volatile boolean isClosing;

  WeftEngine(WeftEngineBuilder b, EngineLoop loop, Scheduler scheduler, KvCache kvCache,
      Intake intake, Courier courier, SchedulerStats stats) {
    this.loop = loop;
    round = loop::round;
    step = loop::step;
    this.scheduler = scheduler;
    this.kvCache = kvCache;
    this.intake = intake;
    this.courier = courier;
    this.stats = stats;
    clock = b.clock;
    threads = b.threads;
    idleStrategy = b.idleStrategy;
  }

  /** Starts to wire an engine over an executor, which the engine closes in the end. */
  public static WeftEngineBuilder builder(StepExecutor executor) {
    return new WeftEngineBuilder(executor);
  }

  // ---- requests: any thread

  /**
   * Lets a request wait; answers at once. Cost O(prompt).
   *
   * @return ACCEPTED with the handle, FULL with a hint when to try again, CLOSED, or INVALID with
   *     field, value and limit
   */
  public Submission submit(Request request) {
    return intake.submit(request);
  }

  /** A request id that this method has not returned before; counts from 1. */
  public long nextRequestId() {
    return numIds.incrementAndGet();
  }

  /** Now, on the clock of deadlines and arrivals. */
  public long nowNanos() {
    return clock.getAsLong();
  }

  // ---- driving: one thread at a time

  /**
   * Starts a thread of the injected factory that drives until {@link #close}, and one that wakes
   * consumers for it. Interrupting them only makes them look around.
   *
   * @return this engine
   * @throws IllegalStateException when it was started or closed before
   */
  public synchronized WeftEngine start() {
    if (ownThread != null || isClosing) {
      throw new IllegalStateException(
          isClosing ? "the engine is closed" : "the engine was started before");
    }
    Thread thread = threads.newThread(this::runUntilClosed);
    ownThread = thread;
    try {
      courier.start(threads);
      thread.start();
    } catch (Throwable e) { // No memory for a stack: nobody drives, so the host may close it.
      ownThread = null;
      throw e;
    }
    return this;
  }

  private void runUntilClosed() {
    while (!driver.compareAndSet(null, Thread.currentThread())) {
      Thread.onSpinWait(); // The host was in a round when it, or another thread, started this one.
    }
    while (!isClosing) {
      try {
        if (!round.run()) {
          idle();
        }
      } catch (Throwable e) {
        // Everything has ended, and health says so; who waits for an end must still be told.
        LOGGER.log(Level.ERROR, "the engine has failed", e);
        idle();
      }
    }
    terminate();
  }

  @SuppressWarnings("ThreadPriorityCheck") // Yielding is what the host asked for.
  private void idle() {
    switch (idleStrategy) {
      case SPIN -> Thread.onSpinWait();
      case YIELD -> Thread.yield();
      default -> {
        try {
          awaitNews(Long.MAX_VALUE);
        } catch (InterruptedException e) {
          LOGGER.log(Level.DEBUG, "the thread of the engine was interrupted, and goes on");
        }
      }
    }
  }

  /**
   * Takes in what was submitted, applies what the executor has finished, plans and submits what can
   * be, and shows consumers what happened; never waits.
   *
   * @return true when it did something; false when the device must be awaited, or nothing is there
   *     to do
   * @throws IllegalStateException when another thread drives, or this one within a round: a policy,
   *     a mask or a listener must not
   * @throws RuntimeException      what executor or scheduler threw, a defect of one of them;
   *     everything has ended as if the executor had died
   */
  public boolean runOnce() {
    return drivenByHost(round);
  }

  /**
   * Plans and submits one step, waits until it has completed and applies it; steps in flight before
   * are finished first.
   *
   * @return false when no step could be planned
   * @throws InterruptedException when interrupted while waiting for the device; the step stays in
   *     flight
   * @throws RuntimeException     as {@link #runOnce}
   */
  public boolean runStep() throws InterruptedException {
    return drivenByHost(step);
  }

  /**
   * Waits until {@link #runOnce} may have something to do, at most {@code maxNanos}; may return
   * earlier. By the driving thread, between its calls of {@code runOnce}.
   *
   * @throws IllegalStateException as {@link #runOnce}
   */
  public void await(long maxNanos) throws InterruptedException {
    enter();
    try {
      if (!isClosing) {
        awaitNews(maxNanos);
      }
    } finally {
      leave();
    }
  }

  private void awaitNews(long maxNanos) throws InterruptedException {
    if (loop.numInFlight() > 0) {
      loop.awaitDevice(maxNanos);
    } else {
      // What lives and cannot run waits for a mask or a deadline, which wake nobody.
      long nanos = loop.hasWork() ? Math.min(maxNanos, MAX_IDLE_NANOS) : maxNanos;
      intake.sleep(nanos, () -> isClosing
          || (drain.get() != null && !loop.hasDrained() && !loop.hasWork()));
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  /**
   * Runs until no request lives, waiting for the device, and for masks that are not ready. Returns
   * earlier, with {@link #isIdle} false, when nothing is in flight and the rest waits for what only
   * the owner can do: unblock a request, or end a pause.
   *
   * @throws InterruptedException when interrupted while waiting; the engine can go on
   * @throws RuntimeException     as {@link #runOnce}
   */
  public void runUntilIdle() throws InterruptedException {
    while (runOnce() || !isIdle()) {
      if (loop.waitsForOwner()) {
        return;
      }
      if (loop.numInFlight() > 0 || loop.hasWork()) {
        await(MAX_IDLE_NANOS);
      }
    }
  }

  private <X extends Exception> boolean drivenByHost(Round<X> what) throws X {
    enter();
    try {
      return !isClosing && what.run();
    } finally {
      leave();
    }
  }

  /** One thread of the host at a time, and nobody from within. */
  private void enter() {
    Thread me = Thread.currentThread();
    Thread other = driver.compareAndExchange(null, me);
    if (other == me) {
      throw new IllegalStateException("called from a policy, a mask or a listener");
    }
    if (ownThread != null) {
      if (other == null) {
        driver.set(null);
      }
      throw new IllegalStateException("the engine was started, its own thread drives it");
    }
    if (other != null) {
      throw new IllegalStateException("the engine is driven by thread " + other.getName());
    }
  }

  private void leave() {
    driver.set(null);
    if (isClosing && ownThread == null) {
      finishClosing(); // Who closes could not, because this thread was driving.
    }
  }

  // ---- control: any thread

  /**
   * Lets the driving thread make a call between two rounds: pause, caps, cache reset, unblock.
   * Calls are made in the order in which they were asked for, after what was submitted before. The
   * scheduler must not be used outside the call.
   *
   * <p>An exception of the call is without effect on the engine; an {@link Error}, which may have
   * left the scheduler in the middle of something, makes it fail.
   *
   * @return completes with the call's answer, or exceptionally with what it threw, or when the
   *     engine has ended or 64 calls wait; dependent stages run on the callback executor
   */
  public <T extends @Nullable Object> CompletionStage<T> control(Function<Scheduler, T> call) {
    ControlCall<T> queued = new ControlCall<>(call, intake.callbacks());
    if (!intake.isOver() && !intake.offerCall(queued)) {
      queued.fail(new IllegalStateException("too many control calls wait to be made"));
    } else if (intake.isOver()) {
      queued.fail(new IllegalStateException("the engine is closed"));
    }
    return queued.stage();
  }

  /**
   * Accepts nothing any more, lets what lives finish, and ends what has not after that time with
   * SHUTDOWN. The engine must be driven on, and be closed in the end. A second call changes nothing
   * and gets the first one's answer.
   *
   * @return what was cut off, when everything has ended
   */
  public CompletionStage<DrainReport> drain(Duration timeout) {
    long nowNanos = clock.getAsLong();
    Drain begun = new Drain(nowNanos + Nanos.of(timeout));
    Drain before = drain.compareAndExchange(null, begun);
    if (before != null) {
      return before.stage();
    }
    intake.close("the engine drains");
    loop.begin(begun);
    intake.wake();
    if (intake.isOver()) {
      begun.complete(intake.callbacks());
    }
    return begun.stage();
  }

  /** For probes; cheap, and does not touch the loop. */
  public Health health() {
    if (!loop.failureMessage().isEmpty()) {
      return new Health(Health.State.FAILED, loop.failureMessage());
    }
    if (isClosing) {
      return new Health(Health.State.CLOSED, "the engine is closed");
    }
    if (loop.isStalled()) {
      return new Health(Health.State.STALLED, intake.numLive()
          + " requests live, but the loop has not come round for longer than a step may take");
    }
    return drain.get() == null ? new Health(Health.State.SERVING, "")
        : new Health(Health.State.DRAINING, "the engine drains");
  }

  /** True when no accepted request lives and no step is in flight. */
  public boolean isIdle() {
    return intake.numLive() == 0 && stats.numInFlight() == 0;
  }

  /** Accepted requests that have not ended. */
  public int numLiveRequests() {
    return intake.numLive();
  }

  /** Counters and load as of the last round; may be read by any thread. */
  public SchedulerStats stats() {
    return stats;
  }

  /** Calls of the drafter that took too long, after which it rests for some steps; any thread. */
  public long numLateDraftCalls() {
    return loop.numLateDraftCalls();
  }

  public SchedulerLimits limits() {
    return scheduler.limits();
  }

  /** The books of the KV blocks; to be read on the driving thread, as in a listener. */
  public KvCache kvCache() {
    return kvCache;
  }

  /** For tests of this package, on the driving thread. */
  Scheduler scheduler() {
    return scheduler;
  }

  /** For tests of this package. */
  Intake intake() {
    return intake;
  }

  // ---- the end

  /**
   * Ends all requests with SHUTDOWN and closes executor and drafter; what that throws is logged.
   * May be called by any thread but one inside a round; returns when all that is done, or after 10
   * seconds when the driving thread hangs in a call of the executor. Idempotent.
   *
   * @throws IllegalStateException when called from a policy, a mask or a listener
   */
  @Override public void close() {
    if (driver.get() == Thread.currentThread()) {
      throw new IllegalStateException("called from a policy, a mask or a listener");
    }
    synchronized (this) { // No start in between.
      isClosing = true;
    }
    intake.close("the engine is closed");
    intake.wake();
    if (ownThread == null) {
      finishClosing();
    }
    if (Thread.currentThread() != ownThread) {
      awaitTermination();
    }
  }

  /** The last thing that is driven; by whoever comes first. */
  private void finishClosing() {
    if (driver.compareAndSet(null, Thread.currentThread())) {
      terminate();
    }
  }

  /** By the thread that drives, which then does no longer; without effect the second time. */
  private void terminate() {
    try {
      if (!intake.isOver()) {
        loop.close();
      }
    } catch (Throwable e) { // Everything has ended all the same.
      LOGGER.log(Level.ERROR, "something broke while the engine was closed", e);
    } finally {
      courier.close();
      intake.callbacks().close();
      terminated.countDown();
      driver.set(null);
    }
  }

  private void awaitTermination() {
    boolean wasInterrupted = false;
    long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_CLOSE_SECONDS);
    while (true) {
      try {
        if (!terminated.await(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          LOGGER.log(Level.ERROR, "the engine could not be closed within " + MAX_CLOSE_SECONDS
              + " s: the thread that drives it hangs in a call of the executor, the policy or a "
              + "listener");
        }
        break;
      } catch (InterruptedException e) {
        wasInterrupted = true;
      }
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Something that drives. */
  private interface Round<X extends Exception> {
    boolean run() throws X;
  }
}
