package dev.weft.gpuexecutor;

import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Steps in flight between the thread that owns the scheduler and the thread that computes: a ring
 * with one producer and one consumer that allocates nothing.
 *
 * <pre>
 * numTaken <= numFinished <= numSubmitted <= numTaken + capacity
 *          results wait     plans wait
 * </pre>
 *
 * <p>A counter is written by one thread alone and is volatile, so whoever reads it also sees the
 * plans or results up to it. Each side spins for a short while before it parks, because a step of a
 * small model takes less time than waking a thread.
 */
final class StepRing {
  private static final int NUM_SPINS = 500;

  private final StepPlan[] plans;
  private final StepResult[] results;
  private final Thread consumer;

  /** Written by the producer. */
  private volatile long numSubmitted;

  /** Written by the consumer. */
  private volatile long numFinished;

  /** Read and written by the producer alone. */
  private long numTaken;

  private volatile boolean stopped;
  private volatile @Nullable Thread waitingProducer;

  /**
   * @param consumer the thread that calls {@link #next} and {@link #finish}; any other is the
   *     producer
   */
  StepRing(int capacity, Supplier<StepResult> newResult, Thread consumer) {
    plans = new StepPlan[capacity];
    results = new StepResult[capacity];
    for (int i = 0; i < capacity; i++) {
      results[i] = newResult.get();
    }
    this.consumer = consumer;
  }

  // ---- the producer's side

  /** Steps submitted whose results were not taken. */
  int numInFlight() {
    return (int) (numSubmitted - numTaken);
  }

  /** Queues a plan; there must be room. */
  void submit(StepPlan plan) {
    long index = numSubmitted;
    plans[indexOf(index)] = plan;
    numSubmitted = index + 1;
    LockSupport.unpark(consumer);
  }

  boolean hasFinished() {
    return numFinished > numTaken;
  }

  /** The oldest finished result that was not taken; there must be one. */
  StepResult oldestFinished() {
    return results[indexOf(numTaken)];
  }

  /** Takes the oldest finished result away; its memory is used again. */
  void take() {
    numTaken++;
  }

  /** Waits until there is a finished result, the ring is stopped or the time is over. */
  void awaitFinished(long timeoutNanos) throws InterruptedException {
    for (int spins = 0; spins < NUM_SPINS && mustWait(); spins++) {
      Thread.onSpinWait();
    }
    long deadline = System.nanoTime() + timeoutNanos;
    waitingProducer = Thread.currentThread();
    try {
      while (mustWait()) {
        long nanosLeft = deadline - System.nanoTime();
        if (nanosLeft <= 0) {
          return;
        }
        LockSupport.parkNanos(this, nanosLeft);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } finally {
      waitingProducer = null;
    }
  }

  private boolean mustWait() {
    return !hasFinished() && !stopped;
  }

  // ---- the consumer's side

  /** Waits for the next plan; null when the ring was stopped. */
  @Nullable StepPlan next() {
    int spins = 0;
    while (!stopped) {
      if (numSubmitted > numFinished) {
        return plans[indexOf(numFinished)];
      }
      if (spins++ < NUM_SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
        Thread.interrupted(); // a pending interrupt would turn parking into spinning
      }
    }
    return null;
  }

  /** Where the result of the plan from {@link #next} goes. */
  StepResult resultOfNext() {
    return results[indexOf(numFinished)];
  }

  /** Hands the result of the plan from {@link #next} to the producer. */
  void finish() {
    long index = numFinished;
    numFinished = index + 1;
    wakeProducer();
  }

  // ---- either side

  /** Ends all waiting, now and later. Finished results can still be taken. */
  void stop() {
    stopped = true;
    LockSupport.unpark(consumer);
    wakeProducer();
  }

  private void wakeProducer() {
    Thread waiting = waitingProducer;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
  }

  private int indexOf(long count) {
    return (int) (count % plans.length);
  }
}
