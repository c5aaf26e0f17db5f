package dev.weft.simulator;

import dev.weft.schedulerapi.ForwardingPolicy;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.StepPlan;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Stands around a policy and looks at the facts when it is done, without changing anything. They
 * must agree with the rows that were granted and not withdrawn: tokens, rows, adapters and running
 * sequences (I37), and a waiting sequence must find all that is cached of it. Counts idle steps:
 * those without a row although the device had nothing to do and some sequence could have had one
 * (L2); a mask that is not ready is not among the facts.
 */
final class StepProbe extends ForwardingPolicy {
  private static final int NUM_PROBED = 3;
  private final BooleanSupplier isDeviceIdle;
  private final ToIntFunction<SequenceView> longestPrefix;
  private final @Nullable DraftWatch drafts;
  private long numIdleSteps;
  private long numSampledTokens;
  private int firstBudget;
  private int lastBudget;
  private int numRows;

  /**
   * @param isDeviceIdle  true while no step is in flight
   * @param longestPrefix length of the cached prefix of a waiting sequence, asked of the cache
   * @param drafts        is shown the grants; null where there are no drafts
   */
  StepProbe(SchedulingPolicy policy, BooleanSupplier isDeviceIdle,
      ToIntFunction<SequenceView> longestPrefix, @Nullable DraftWatch drafts) {
    super(policy);
    this.isDeviceIdle = isDeviceIdle;
    this.longestPrefix = longestPrefix;
    this.drafts = drafts;
  }

  long numIdleSteps() {
    return numIdleSteps;
  }

  /** Output tokens of which policies were told in the feedback to their steps. */
  long numSampledTokens() {
    return numSampledTokens;
  }

  @Override public void plan(StepBuilder step) {
    firstBudget = step.tokenBudget();
    try {
      super.plan(drafts == null ? step : new WatchedStep(step, drafts));
    } finally {
      if (drafts != null) {
        drafts.afterPolicy(step);
      }
      lastBudget = step.tokenBudget();
      numRows = step.numRows();
      checkFacts(step);
      if (numRows == 0 && isDeviceIdle.getAsBoolean()) {
        boolean fits = fitsAny(step, step.running()) || fitsAny(step, step.waiting());
        numIdleSteps += fits ? 1 : 0;
      }
    }
  }

  /** Compares the last facts with the plan that came of the step. */
  void check(StepPlan plan, SchedulerLimits limits) {
    require(plan.numRows() == numRows, "rows", numRows, plan.numRows());
    int numUsed = plan.numTokens() + plan.numRows() * limits.numExtraRowTokens();
    int expected = Math.max(0, firstBudget - numUsed);
    require(lastBudget == expected, "tokens left", lastBudget, expected);
  }

  private void checkFacts(StepFacts step) {
    Set<Integer> adapters = new HashSet<>();
    Tally running = tally(step.running(), adapters);
    Tally waiting = tally(step.waiting(), adapters);
    int numScheduled = running.numScheduled + waiting.numScheduled;
    require(step.numRows() == numScheduled, "rows", step.numRows(), numScheduled);
    int numRunning = running.numRunning + waiting.numRunning;
    require(step.numRunning() == numRunning, "running", step.numRunning(), numRunning);
    checkAdapterRoom(step, step.waiting(), adapters);
    checkPositions(step, step.running());
    checkPositions(step, step.waiting());
  }

  private static Tally tally(SequenceList sequences, Set<Integer> adapters) {
    int numScheduled = 0;
    int numRunning = 0;
    for (int i = 0; i < sequences.size(); i++) {
      SequenceView sequence = sequences.get(i);
      numRunning += sequence.status() == SequenceStatus.RUNNING ? 1 : 0;
      if (sequence.isScheduled()) {
        numScheduled++;
        adapters.add(sequence.adapterId());
      }
    }
    adapters.remove(0);
    return new Tally(numScheduled, numRunning);
  }

  private static void checkAdapterRoom(StepFacts step, SequenceList sequences,
      Set<Integer> adapters) {
    int max = step.limits().maxNumAdapters();
    for (int i = 0; i < sequences.size(); i++) {
      int adapter = sequences.get(i).adapterId();
      boolean expected = adapter == 0 || max == 0 || adapters.size() < max
          || adapters.contains(adapter);
      require(step.hasAdapterRoom(sequences.get(i)) == expected, "different adapters",
          adapters.size(), max);
    }
  }

  /** Looks at the first few sequences of a list. */
  private void checkPositions(StepFacts step, SequenceList sequences) {
    for (int i = 0; i < Math.min(sequences.size(), NUM_PROBED); i++) {
      SequenceView sequence = sequences.get(i);
      int start = step.startPosition(sequence);
      int expected = sequence.status() == SequenceStatus.WAITING
          ? longestPrefix.applyAsInt(sequence) : sequence.numComputedTokens();
      require(start == expected, "tokens computed or cached", start, expected);
      int numPending = step.numPendingTokens(sequence);
      require(numPending >= 0, "pending tokens", numPending, 0);
    }
  }

  private static void require(boolean holds, String what, int said, int counted) {
    if (!holds) {
      throw new AssertionError(
          "I37: the step says " + said + " " + what + ", recounted " + counted);
    }
  }

  // ---- idle steps

  private static boolean fitsAny(StepFacts step, SequenceList sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      if (fits(step, sequences.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean fits(StepFacts step, SequenceView sequence) {
    boolean isAdmission = sequence.status() == SequenceStatus.WAITING;
    boolean awaitsToken = isAdmission && sequence.numUnreadTokens() > 0;
    if (awaitsToken || (isAdmission && step.numFreeSlots() == 0)
        || !step.hasAdapterRoom(sequence)) {
      return false;
    }
    int numTokens = Math.min(step.chunkUnit(), step.numPendingTokens(sequence));
    int end = step.startPosition(sequence) + numTokens + step.limits().numLookaheadTokens();
    int numPositions = Math.min(end, step.limits().maxModelLen());
    return numTokens > 0 && numTokens <= step.tokenBudget()
        && step.numBlocksNeeded(sequence, numPositions) <= step.numFreeBlocks();
  }

  // ---- feedback

  @Override public void onStep(StepFeedback feedback) {
    for (int row = 0; row < feedback.numRows(); row++) {
      numSampledTokens += feedback.numSampledTokens(row);
    }
    super.onStep(feedback);
  }

  /** What a list says about itself. */
  private record Tally(int numScheduled, int numRunning) {}
}
