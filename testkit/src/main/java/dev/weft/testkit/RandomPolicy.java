package dev.weft.testkit;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Does everything a policy can do, legal or not, in an order that a seed decides: random chunks in
 * random order, preempts what it has just granted, schedules twice, asks for placeholders, skips,
 * names sequences that ended, throws. Whatever it does, nothing may be corrupted (I74, I75); and it
 * checks itself that a refused verb changed nothing.
 *
 * <p>It is not live. After a given number of steps it goes on as {@link FirstComePolicy}, so that
 * the work ends and the books can be closed.
 */
public final class RandomPolicy implements SchedulingPolicy {
  private final SplitMix random;
  private final int numWildSteps;
  private final FirstComePolicy tame = new FirstComePolicy();
  private final WaitingOrder waitingOrder;
  /** By handle: tokens of the row granted in this step. */
  private @Nullable SequenceView stale;
  private int numSteps;

  /** A policy that is wild for so many steps. */
  public RandomPolicy(long seed, int numWildSteps) {
    random = new SplitMix(seed);
    this.numWildSteps = numWildSteps;
    waitingOrder = random.oneIn(2) ? WaitingOrder.ARRIVAL : WaitingOrder.PRIORITY;
  }

  @Override public void plan(StepBuilder step) {
    if (numSteps++ >= numWildSteps) {
      tame.plan(step);
      return;
    }
    int numVerbs = random.below(4 * (step.running().size() + step.waiting().size() + 1));
    for (int i = 0; i < Math.min(numVerbs, 40); i++) {
      SequenceView sequence = anybody(step);
      if (sequence != null) {
        act(step, sequence);
      }
      if (random.oneIn(200)) {
        throw new DeliberateException("while planning");
      }
    }
  }

  /** A sequence of one of the lists, or now and then one from another time. */
  private @Nullable SequenceView anybody(StepBuilder step) {
    if (stale != null && random.oneIn(30)) {
      return stale;
    }
    SequenceList list = random.oneIn(2) ? step.running() : step.waiting();
    SequenceView sequence = list.size() == 0 ? null : list.get(random.below(list.size()));
    stale = sequence != null && random.oneIn(10) ? sequence : stale;
    return sequence;
  }

  private void act(StepBuilder step, SequenceView sequence) {
    Facts before = new Facts(step);
    boolean hasChanged;
    try {
      hasChanged = tryToAct(step, sequence, before);
    } catch (IllegalArgumentException refused) {
      hasChanged = false;
    }
    Facts after = new Facts(step);
    if (!hasChanged && !before.equals(after)) {
      throw new AssertionError("I74: a refused verb changed " + before + " to " + after);
    }
  }

  /** Calls one verb; false when it said that it changed nothing. */
  private boolean tryToAct(StepBuilder step, SequenceView sequence, Facts before) {
    int numPending = step.numPendingTokens(sequence);
    int most = Math.min(numPending, step.tokenBudget());
    return switch (random.below(10)) {
      case 0 -> preempt(step, sequence, before);
      case 1 -> skip(step, sequence);
      case 2 -> schedule(step, sequence, before, numPending,
          random.between(-1, step.limits().maxNumDraftTokens() + 1));
      case 3 -> schedule(step, sequence, before, random.between(-1, numPending + 2), 0);
      case 4 -> decode(step, before);
      case 5 -> schedule(step, sequence, before, random.between(1, Math.max(1, most)), 0);
      default -> schedule(step, sequence, before, numPending, 0);
    };
  }

  private static boolean skip(StepBuilder step, SequenceView sequence) {
    step.skip(sequence);
    return false;
  }

  private boolean schedule(StepBuilder step, SequenceView sequence, Facts before, int numTokens,
      int numPlaceholders) {
    Grant grant = step.schedule(sequence, numTokens, numPlaceholders);
    if (!grant.isGranted()) {
      return false;
    }
    requireSame("I74: rows after a grant", before.numRows + 1, step.numRows());
    return true;
  }

  /** Each row granted at once must be that of a running sequence that had something pending. */
  private boolean decode(StepBuilder step, Facts before) {
    SequenceList running = step.running();
    int from = random.below(running.size() + 1);
    int[] numPending = new int[running.size()];
    for (int i = from; i < numPending.length; i++) {
      SequenceView sequence = running.get(i);
      boolean canGrow = sequence.status() == SequenceStatus.RUNNING && !sequence.isScheduled();
      numPending[i] = canGrow ? step.numPendingTokens(sequence) : 0;
    }
    int most = random.between(0, 1 + step.limits().maxNumDraftTokens());
    int next = step.scheduleDecodes(from, most);
    int numNew = 0;
    for (int i = from; i < next; i++) {
      if (numPending[i] > 0 && running.get(i).isScheduled()) {
        if (numPending[i] > most) {
          throw new AssertionError("a decode got " + numPending[i] + " tokens of " + most);
        }
        numNew++;
      }
    }
    requireSame("I74: rows after decodes", before.numRows + numNew, step.numRows());
    return numNew > 0;
  }

  /** A withdrawn row must give back its place and its tokens. */
  private boolean preempt(StepBuilder step, SequenceView sequence, Facts before) {
    boolean hadRow = sequence.isScheduled();
    int numTokens = step.numScheduledTokens(sequence);
    if (!step.preempt(sequence)) {
      return false;
    }
    requireSame("I37: sequences running", before.numRunning - 1, step.numRunning());
    requireSame("I37: rows", before.numRows - (hadRow ? 1 : 0), step.numRows());
    int refund = hadRow ? numTokens + step.limits().numExtraRowTokens() : 0;
    if (before.tokenBudget > 0) { // A budget of 0 may hide that even the extra tokens did not fit.
      requireSame("I37: tokens left", before.tokenBudget + refund, step.tokenBudget());
    }
    return true;
  }

  private static void requireSame(String what, int expected, int found) {
    if (expected != found) {
      throw new AssertionError(what + " are " + found + ", expected " + expected);
    }
  }

  // ---- the other decisions

  @Override public WaitingOrder waitingOrder() {
    return waitingOrder;
  }

  @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
    if (random.oneIn(50)) {
      throw new DeliberateException("while accepting");
    }
    return !random.oneIn(20);
  }

  @Override public void onAdd(SequenceView sequence) {
    Objects.requireNonNull(sequence);
    throwAtTimes("when told of an arrival");
  }

  @Override public void onStep(StepFeedback feedback) {
    for (int row = 0; row < feedback.numRows(); row++) {
      if (feedback.isLive(row) && feedback.sequence(row).status() == SequenceStatus.FINISHED) {
        throw new AssertionError("L1: row " + row + " is live and finished");
      }
    }
    throwAtTimes("when told of a step");
  }

  @Override public void onFinish(SequenceView sequence, FinishReason reason) {
    Objects.requireNonNull(sequence);
    throwAtTimes("when told of an end");
  }

  private void throwAtTimes(String when) {
    if (numSteps < numWildSteps && random.oneIn(100)) {
      throw new DeliberateException(when);
    }
  }

  /** What this policy throws on purpose. */
  public static final class DeliberateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private DeliberateException(String when) {
      super(when);
    }
  }

  /** What no refused verb may change. */
  private record Facts(int numRows, int tokenBudget, int numRunning, int numFreeBlocks) {
    private Facts(StepFacts step) {
      this(step.numRows(), step.tokenBudget(), step.numRunning(), step.numFreeBlocks());
    }
  }
}
