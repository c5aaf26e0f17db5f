package dev.weft.schedulerapi;

/**
 * Computes steps: the device behind the scheduler. One thread calls it, the one that owns the
 * scheduler. It holds, by slot, what plans told it: block table, sampling parameters, seed, tokens.
 *
 * <p>Numerics: output must not depend on how a request was scheduled. Greedy: logits of a token do
 * not depend on the other rows, on chunks or on block placement, to the bit where the spec says
 * {@link ExecutorSpec#isDeterministic}; elsewhere they are compared by a tolerance, which the
 * executor's documentation says. Sampled: the random numbers of a token are a
 * function of the slot's seed, the token's position in the sequence and the vocabulary index alone.
 */
public interface StepExecutor extends AutoCloseable {
  ExecutorSpec spec();

  /**
   * Queues a step and returns without waiting for the device. The plan stays readable until its
   * result was polled and applied.
   *
   * @return false when nothing was queued, because the executor is not {@link ExecutorState#READY}
   * @throws IllegalStateException    when {@code spec().maxInFlight()} steps are in flight
   * @throws IllegalArgumentException when the plan breaks the spec; nothing was queued
   */
  boolean submit(StepPlan plan);

  /**
   * Fills {@code result} with the next finished step, in submission order; never waits.
   *
   * @return false when none has finished
   */
  boolean poll(StepResult result);

  /**
   * Waits until {@link #poll} would answer true, the executor dies or the time is over.
   *
   * @return true when poll would answer true
   */
  boolean await(long timeoutNanos) throws InterruptedException;

  ExecutorState state();

  /** Why the executor is dead; empty while it is not. */
  String failureMessage();

  /** Id of the last step whose result can be trusted; 0 when there is none. */
  long lastGoodStepId();

  /** Ends all work and frees all memory. Idempotent. Steps in flight are never reported. */
  @Override void close();
}
