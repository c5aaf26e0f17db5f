package dev.weft.engine;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.TokenSequence;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Stands before a drafter and the policy of draft lengths, takes the time of each call, and lets a
 * drafter rest that takes too long: the step waits while it drafts. While it rests all lengths are
 * 0, so that steps are planned ahead as without it.
 *
 * <p>Every step adds to what the drafter may take, up to {@link #NUM_STEPS_SAVED} steps, and its
 * calls take from it: so the prompt of a new sequence, which a draft model computes once, is no
 * offence. When more was taken the drafter rests: until so many steps have made up for it, and at
 * least for one step, each further time for twice as many; a call in time halves that again. So a
 * drafter that stumbles is back soon, one that is somewhat too slow drafts as often as it may, and
 * one that is hopeless costs a call in {@link #MAX_NUM_REST_STEPS} steps. A step adds what is
 * given, or its own time: if a draft or more is accepted in a step, such drafting still pays.
 */
final class DraftPace implements Drafter, DraftLengthPolicy {
  /** Limit without a given one: as long as a step takes. */
  static final long AS_LONG_AS_A_STEP = -1;

  static final int MAX_NUM_REST_STEPS = 256;
  static final int NUM_STEPS_SAVED = 16;

  /** What a step adds at least: devices that measure no time say 0. */
  private static final long MIN_LIMIT_NANOS = 1_000_000;

  /** The length that a sequence has is its own. */
  private static final int NOT_AT_REST = -1;

  private static final Logger LOGGER = System.getLogger(WeftEngine.class.getName());
  private static final int PERIOD = 1000;

  private final Drafter drafter;
  private final DraftLengthPolicy policy;
  private final LongSupplier clock;
  private final long givenLimitNanos;
  /** By handle: what the policy wants while the drafter rests. */
  private final int[] wantedLengths;
  private double stepNanos;
  private long nanosLeft;
  private int nextRest = 1;
  private int numStepsToRest;
  private volatile long numLateCalls;

  /** @param givenLimitNanos above 0, or {@link #AS_LONG_AS_A_STEP} */
  DraftPace(Drafter drafter, DraftLengthPolicy policy, LongSupplier clock, long givenLimitNanos,
      int maxNumHandles) {
    this.drafter = drafter;
    this.policy = policy;
    this.clock = clock;
    this.givenLimitNanos = Math.min(givenLimitNanos, Long.MAX_VALUE / (2 * NUM_STEPS_SAVED));
    wantedLengths = new int[maxNumHandles];
    Arrays.fill(wantedLengths, NOT_AT_REST);
    nanosLeft = Long.MAX_VALUE; // Cut to what can be saved by the first step.
  }

  /** Calls after which it had to rest; any thread. */
  long numLateCalls() {
    return numLateCalls;
  }

  // ---- the policy's side

  @Override public void choose(DraftLengths lengths) {
    for (int i = 0; i < lengths.numSequences(); i++) {
      int handle = lengths.sequence(i).handle();
      if (wantedLengths[handle] != NOT_AT_REST) {
        lengths.set(i, Math.min(wantedLengths[handle], lengths.maxNumDraftTokens(i)));
        wantedLengths[handle] = NOT_AT_REST;
      }
    }
    policy.choose(lengths);
    long limit = limitNanos();
    nanosLeft = Math.min(nanosLeft, (NUM_STEPS_SAVED - 1) * limit) + limit;
    if (numStepsToRest > 0) {
      numStepsToRest--;
      for (int i = 0; i < lengths.numSequences(); i++) {
        wantedLengths[lengths.sequence(i).handle()] = lengths.draftLength(i);
        lengths.set(i, 0);
      }
    }
  }

  @Override public void onStep(StepFeedback feedback) {
    if (feedback.deviceNanos() > 0) {
      double change = feedback.deviceNanos() - stepNanos;
      stepNanos += stepNanos == 0 ? change : change / 8;
    }
    policy.onStep(feedback);
  }

  @Override public void onFinish(SequenceView sequence) {
    wantedLengths[sequence.handle()] = NOT_AT_REST;
    policy.onFinish(sequence);
  }

  // ---- the drafter's side

  @Override public int maxNumDraftTokens() {
    return drafter.maxNumDraftTokens();
  }

  @Override public void propose(DraftBatch batch) {
    long start = clock.getAsLong();
    try {
      drafter.propose(batch);
    } finally {
      judge(clock.getAsLong() - start);
    }
  }

  private long limitNanos() {
    return givenLimitNanos == AS_LONG_AS_A_STEP
        ? Math.max(MIN_LIMIT_NANOS, (long) stepNanos) : givenLimitNanos;
  }

  private void judge(long nanos) {
    nanosLeft -= nanos;
    if (nanosLeft >= 0) {
      nextRest = Math.max(1, nextRest / 2);
      return;
    }
    long limit = limitNanos();
    nanosLeft = Math.max(nanosLeft, -NUM_STEPS_SAVED * limit);
    int numStepsOwed = (int) ((limit - 1 - nanosLeft) / limit);
    numStepsToRest = Math.max(nextRest, numStepsOwed);
    nextRest = Math.min(MAX_NUM_REST_STEPS, 2 * nextRest);
    long numCalls = numLateCalls + 1;
    numLateCalls = numCalls;
    if (numCalls % PERIOD == 1) {
      LOGGER.log(Level.WARNING, "the drafter took " + nanos / 1000 + " us, a step adds "
          + limit / 1000 + " us to what it may take; it rests for " + numStepsToRest
          + " steps; late calls so far: " + numCalls);
    }
  }

  @Override public void onFinish(SequenceView sequence, TokenSequence tokens) {
    drafter.onFinish(sequence, tokens);
  }

  @Override public void close() {
    drafter.close();
  }
}
