package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Computes steps on an NVIDIA GPU. {@link #submit} checks and packs a plan, gives it to the device
 * and returns; a thread of its own waits for the device and reads results. Sampled tokens stay on
 * the device, so the next step can be submitted before the host has seen them.
 *
 * <p>Numerics: weights, activations and KV entries are BF16, sums are float. Logits are those of
 * the host executor up to rounding; sampling from equal logits is the same to the bit ({@link
 * TokenSampler}). The same steps give the same bits again. How a request was batched and chunked
 * changes the rounding, unless the executor was built with {@link
 * CudaExecutorBuilder#deterministic}.
 *
 * <p>Failure: a row whose logits are no numbers, or for which nothing is permitted, fails alone.
 * An error of the driver or of a library, or a step that exceeds the time limit, kills the
 * executor: the state becomes DEAD, results finished before can still be polled, later ones are
 * lost. A GPU error leaves the whole process without a usable device, so another executor in the
 * same process will not work: end the process, or go on with a host executor.
 *
 * <p>All memory is taken by the builder; a step allocates neither device memory nor Java objects.
 * {@link #submit}, {@link #poll} and {@link #await} belong to one thread, which must not be
 * virtual; {@link #state} and {@link #failureMessage} may be read, and {@link #close} called, by
 * any.
 */
public final class CudaExecutor implements StepExecutor {
  private static final System.Logger LOGGER = System.getLogger(CudaExecutor.class.getName());

  private final ExecutorSpec spec;
  private final PlanCheck planCheck;
  private final CudaPipeline pipeline;
  private final StepRing ring;
  private final Thread thread;
  private final StepClock clock;
  private final Object lifeLock = new Object();

  /** Held while the driver is given work or its memory back; close may come from any thread. */
  private final ReentrantLock deviceLock = new ReentrantLock();

  private volatile ExecutorState state = ExecutorState.READY;
  private volatile String failureMessage = "";
  private volatile long lastGoodStepId;

  /** True when the driver may never return from a call; it must not be called any more. */
  private volatile boolean isHung;

  private CudaExecutor(CudaExecutorBuilder builder, CudaPipeline pipeline) {
    this.pipeline = pipeline;
    spec = pipeline.spec();
    planCheck = new PlanCheck(spec);
    long limitNanos = builder.stepTimeout().toNanos();
    clock = new StepClock(builder.clock(), spec.maxInFlight(), limitNanos);
    thread = builder.threadFactory().newThread(this::readResults);
    ring = new StepRing(spec.maxInFlight(), this::newResult, thread);
    thread.start();
  }

  static CudaExecutor open(CudaExecutorBuilder builder) throws IOException {
    CudaPipeline pipeline = CudaPipeline.open(builder);
    try {
      return new CudaExecutor(builder, pipeline);
    } catch (RuntimeException | Error e) {
      pipeline.close(); // such as a factory that makes no thread
      throw e;
    }
  }

  private StepResult newResult() {
    int numLogprobs = Math.max(0, spec.maxNumLogprobs());
    return new StepResult(spec.maxNumRows(), spec.maxNumDraftTokens(), numLogprobs);
  }

  /** A builder with default limits; only what differs must be set. */
  public static CudaExecutorBuilder builder(CudaModel model) {
    return new CudaExecutorBuilder(model);
  }

  /**
   * Whether this process can use a GPU. The first call loads native code, makes a context on a GPU,
   * has the driver compile the kernels unless it kept them, and gives the context back: call it at
   * start, not in a probe of health. None throws or prints.
   */
  public static boolean isAvailable() {
    return unavailableReason().isEmpty();
  }

  /**
   * Why this process cannot use a GPU, in one line that says what to do; empty when it can. The
   * answer of the first call holds for the life of the process.
   */
  public static Optional<String> unavailableReason() {
    return CudaAvailability.reason();
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
    Throwable failure = null;
    deviceLock.lock();
    try {
      if (state != ExecutorState.READY) {
        return false;
      }
      pipeline.bindToThread(); // another executor or library may have set its own
      pipeline.enqueue(plan);
    } catch (RuntimeException | Error e) { // A step may have been given to the device by half.
      failure = e;
    } finally {
      deviceLock.unlock();
    }
    if (failure != null) {
      die("died when step " + plan.stepId() + " was submitted", failure);
      return false;
    }
    clock.submitted();
    ring.submit(plan);
    return true;
  }

  @Override
  public boolean poll(StepResult result) {
    if (state == ExecutorState.CLOSED) {
      return false;
    }
    if (!ring.hasFinished()) {
      checkTime();
      return false;
    }
    result.copyFrom(ring.oldestFinished());
    ring.take();
    clock.taken();
    return true;
  }

  @Override
  public boolean await(long timeoutNanos) throws InterruptedException {
    long nanosLeft = clock.nanosLeft();
    ring.awaitFinished(Math.min(timeoutNanos, nanosLeft));
    if (!ring.hasFinished()) {
      checkTime();
    }
    return state != ExecutorState.CLOSED && ring.hasFinished();
  }

  private void checkTime() {
    if (state == ExecutorState.READY && clock.nanosLeft() == 0) {
      isHung = true;
      die("gave up: the oldest step took longer than " + clock.limitNanos() + " ns", null);
    }
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

  /**
   * Waits for the steps on the device, but not longer than the time limit of a step, also when
   * interrupted. When one does not come back, the memory stays with the process, because giving it
   * back would wait for that step.
   */
  @Override
  public void close() {
    synchronized (lifeLock) {
      if (state == ExecutorState.CLOSED) {
        return;
      }
      state = ExecutorState.CLOSED;
      failureMessage = "";
    }
    ring.stop();
    if (isHung) {
      return;
    }
    long deadline = System.nanoTime() + clock.limitNanos();
    boolean interrupted = false;
    boolean isOver = false;
    while (!isOver) {
      try {
        giveBack(deadline);
        isOver = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives everything back that comes to rest in time. */
  private void giveBack(long deadline) throws InterruptedException {
    // A handler of the last log message of that thread may be what closes.
    if (thread != Thread.currentThread()) {
      TimeUnit.NANOSECONDS.timedJoin(thread, deadline - System.nanoTime());
      if (thread.isAlive()) {
        return;
      }
    }
    // A submit may not come back either, such as one that waits for room in a full queue.
    if (!deviceLock.tryLock(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      return;
    }
    try {
      if (pipeline.comesToRest(deadline)) {
        pipeline.close();
      }
    } finally {
      deviceLock.unlock();
    }
  }

  // ---- the thread that waits for the device

  private void readResults() {
    try {
      pipeline.bindToThread();
      boolean isLive = true;
      while (isLive) {
        StepPlan plan = ring.next();
        isLive = plan != null && readResult(plan);
      }
    } catch (RuntimeException | Error e) {
      die("died after step " + lastGoodStepId, e);
    }
  }

  /**
   * Waits for the result of a step and hands it out; false when the executor died or was closed
   * meanwhile, because what it left behind does not change any more.
   */
  private boolean readResult(StepPlan plan) {
    StepResult result = ring.resultOfNext();
    pipeline.read(plan, result);
    synchronized (lifeLock) {
      if (state != ExecutorState.READY) {
        return false;
      }
      if (result.outcome() == StepResult.Outcome.COMPLETED) {
        lastGoodStepId = plan.stepId();
      }
      ring.finish();
      return true;
    }
  }

  /** Tells of it last and without a lock, because whoever handles the message may close. */
  private void die(String message, @Nullable Throwable cause) {
    boolean isFirst;
    synchronized (lifeLock) {
      isFirst = state == ExecutorState.READY;
      if (isFirst) {
        boolean isOfDevice = cause == null || cause instanceof CudaException;
        String advice =
            isOfDevice ? "; this process may have lost its GPU: end it, start another process" : "";
        failureMessage = message + (cause == null ? "" : ": " + cause) + advice;
        state = ExecutorState.DEAD;
      }
    }
    ring.stop();
    if (isFirst) {
      LOGGER.log(Level.ERROR, "the CUDA executor " + message, cause);
    }
  }
}
