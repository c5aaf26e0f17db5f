package dev.weft.batching;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.AdmissionGate.Verdict;
import dev.weft.schedulerapi.ChunkRule;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.VictimSelector;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Fills a step on behalf of a policy, which says what comes first: {@link #run} gives rows to
 * running sequences, who take blocks from victims when they find none; {@link #admit} lets waiting
 * ones in.
 *
 * <p>Whoever comes up for admission is admitted, passed over or stops the pass. Passed over is who
 * cannot run for a reason of its own: it awaits a token or a mask, or its adapter or shape has no
 * room. Too few blocks or slots stop the pass, so that nobody behind grows into what the first one
 * needs. A more urgent one takes them from strictly less urgent ones, if those hold enough. In a
 * step that took blocks away nobody is admitted whom a victim precedes. {@link #rescue} waives all
 * this where the step would stay empty with nothing in flight.
 *
 * <p>Cost O(running + admitted + passed over), and O(running) a victim; nothing allocates.
 */
final class Batch {
  private enum Outcome {
    ADMITTED,
    PASSED_OVER,
    /** Too few blocks or slots. */
    NO_ROOM,
    /** The gate of the user admits nobody else. */
    CLOSED
  }

  /** Waiting sequences that one pass looks at in vain, so that a long queue costs no more. */
  static final int MAX_NUM_SKIPS = 1024;

  private final WaitingOrder order;
  private final Candidates candidates;
  private final boolean comesInOrder;
  private final Urgency urgency;
  private final ChunkRule chunkRule;
  private final AdmissionGate gate;
  private final VictimSelector victims;
  private final @Nullable ServiceAccount account;
  private final LeastLostWork displaced;
  private int numWithheldTokens;
  private boolean isRescue;
  private boolean hasBegunGate;
  /** Of those that lost their blocks in this step, the one that precedes all others. */
  private @Nullable SequenceView setBack;

  Batch(WaitingOrder order, Candidates candidates, Urgency urgency, ChunkRule chunkRule,
      AdmissionGate gate, VictimSelector victims, @Nullable ServiceAccount account) {
    this.order = order;
    this.candidates = candidates;
    comesInOrder = candidates instanceof WaitingInOrder;
    this.urgency = urgency;
    this.chunkRule = chunkRule;
    this.gate = gate;
    this.victims = victims;
    this.account = account;
    displaced = new LeastLostWork(urgency);
  }

  WaitingOrder order() {
    return order;
  }

  /** Starts a step. */
  void begin() {
    numWithheldTokens = 0;
    isRescue = false;
    hasBegunGate = false;
    setBack = null;
  }

  /** Leaves so many tokens of the step's budget unused from now on. */
  void withhold(int numTokens) {
    numWithheldTokens = numTokens;
  }

  private int budget(StepFacts step) {
    return step.tokenBudget() - numWithheldTokens;
  }

  private int numTokens(StepFacts step, SequenceView sequence) {
    int budget = budget(step);
    int numWished = Math.min(chunkRule.numTokens(step, sequence), budget);
    int numTokens = step.numGrantableTokens(sequence, numWished);
    return numTokens <= budget ? numTokens : 0; // A whole unit may be more than is not withheld.
  }

  // ---- running sequences

  /** Gives rows to some of the running sequences, oldest admission first. */
  void run(StepBuilder step, Predicate<SequenceView> which) {
    SequenceList running = step.running();
    int maxNumDecodeTokens = includesDecodes(which) ? maxNumDecodeTokens() : 0;
    int i = 0;
    while (budget(step) > 0) {
      i = step.scheduleDecodes(i, maxNumDecodeTokens);
      if (i == running.size()) {
        return;
      }
      SequenceView sequence = running.get(i++);
      if (sequence.status() == SequenceStatus.RUNNING && which.test(sequence)) {
        run(step, sequence);
      }
    }
  }

  /** True when nobody has to be asked which decodes are among these. */
  private static boolean includesDecodes(Predicate<SequenceView> which) {
    return which == RowKind.ANY || which == RowKind.DECODE;
  }

  /** Tokens up to which a decode gets all that is pending without a question. */
  private int maxNumDecodeTokens() {
    return chunkRule == ChunkRule.ALL && numWithheldTokens == 0 ? Integer.MAX_VALUE : 0;
  }

  private void run(StepBuilder step, SequenceView sequence) {
    int numTokens = numTokens(step, sequence);
    if (numTokens == 0) {
      return;
    }
    while (step.schedule(sequence, numTokens).isCuredByPreemption()) {
      SequenceView victim = victims.select(step, sequence);
      if (victim == null || !takeBlocks(step, victim) || victim == sequence) {
        return;
      }
    }
  }

  /**
   * Gives running sequences the shortest row, when otherwise the step would be empty: they may wait
   * for blocks that come back by themselves and have some positions left.
   */
  void runLittle(StepBuilder step) {
    SequenceList running = step.running();
    boolean isEmpty = step.numRows() == 0;
    for (int i = 0; isEmpty && i < running.size(); i++) {
      SequenceView sequence = running.get(i);
      int numTokens = sequence.status() == SequenceStatus.RUNNING
          ? step.numGrantableTokens(sequence, 1) : 0;
      if (numTokens > 0) {
        step.schedule(sequence, numTokens);
      }
    }
  }

  private boolean takeBlocks(StepBuilder step, SequenceView victim) {
    if (!step.preempt(victim)) {
      return false; // A row of this step reads what it computes: it stays, and others do without.
    }
    if (setBack == null || order.precedes(victim, setBack)) {
      setBack = victim;
    }
    return true;
  }

  // ---- waiting sequences

  /**
   * Admits waiting sequences in their order until one stops the pass, or is none of these.
   *
   * @return false when one found no room or was stopped by the gate
   */
  boolean admit(StepBuilder step, Predicate<SequenceView> which) {
    return (step.numFreeSlots() > 0 || urgency != Urgency.NONE) && pass(step, which);
  }

  /** Gives somebody a row, when otherwise the device would have nothing to do. */
  void rescue(StepBuilder step) {
    runLittle(step);
    if (Rows.isIdle(step)) {
      isRescue = true;
      pass(step, RowKind.ANY);
    }
  }

  private boolean pass(StepBuilder step, Predicate<SequenceView> which) {
    int numSkips = 0;
    candidates.begin(step);
    while (budget(step) > 0 && numSkips < MAX_NUM_SKIPS) {
      SequenceView candidate = candidates.next(step);
      if (candidate == null) {
        return true;
      }
      if (candidate.status() != SequenceStatus.WAITING) {
        continue;
      }
      if (!which.test(candidate)) {
        return true;
      }
      Outcome outcome = tryAdmit(step, candidate);
      if (outcome == (isRescue ? Outcome.ADMITTED : Outcome.NO_ROOM) || outcome == Outcome.CLOSED) {
        return false;
      }
      if (outcome == Outcome.PASSED_OVER) {
        step.skip(candidate);
      }
      numSkips += outcome == Outcome.ADMITTED ? 0 : 1;
    }
    return true;
  }

  private Outcome tryAdmit(StepBuilder step, SequenceView candidate) {
    if (!isRescue && setBack != null && !(comesInOrder && order.precedes(candidate, setBack))) {
      return Outcome.NO_ROOM;
    }
    boolean awaitsToken = candidate.numUnreadTokens() > 0;
    int numTokens = awaitsToken || !step.hasAdapterRoom(candidate) ? 0 : numTokens(step, candidate);
    if (numTokens == 0) {
      return Outcome.PASSED_OVER;
    }
    Outcome outcome = judge(step, candidate, numTokens);
    if (outcome == Outcome.ADMITTED) {
      outcome = outcomeOf(step.schedule(candidate, numTokens));
    }
    if (outcome == Outcome.NO_ROOM && !isRescue) {
      outcome = displace(step, candidate, numTokens);
    }
    if (outcome == Outcome.ADMITTED) {
      gate.onAdmit(step, candidate);
      if (account != null) {
        account.onAdmit(candidate);
      }
    }
    return outcome;
  }

  private Outcome judge(StepFacts step, SequenceView candidate, int numTokens) {
    if (!hasBegunGate) {
      hasBegunGate = true;
      gate.begin(step);
    }
    boolean sparesOthers = gate.isWaivedWhenIdle();
    if (sparesOthers && isRescue) {
      return Outcome.ADMITTED; // It spares others, of whom nobody gets anything done.
    }
    return switch (gate.judge(step, candidate, numTokens)) {
      case ADMIT -> Outcome.ADMITTED;
      case SKIP -> Outcome.PASSED_OVER;
      case STOP -> sparesOthers ? Outcome.NO_ROOM : Outcome.CLOSED;
    };
  }

  private static Outcome outcomeOf(Grant grant) {
    return switch (grant) {
      case GRANTED -> Outcome.ADMITTED;
      case NOT_IN_THIS_STEP, BLOCKED, AWAITS_TOKEN, NO_SHAPE, NO_ADAPTER -> Outcome.PASSED_OVER;
      case NO_SLOTS, NO_TOKENS, NO_BLOCKS, BLOCKS_PENDING -> Outcome.NO_ROOM;
    };
  }

  // ---- taking the place of less urgent ones

  /**
   * Admits the candidate in the place of strictly less urgent sequences, if those hold enough for
   * all its tokens. Only what its first row needs is taken now: it takes the rest when it comes to
   * need it.
   */
  private Outcome displace(StepBuilder step, SequenceView candidate, int numTokens) {
    if (urgency == Urgency.NONE || !isHelpedByLessUrgent(step, candidate)) {
      return Outcome.NO_ROOM;
    }
    Grant grant = step.schedule(candidate, numTokens);
    while (grant.isCuredByPreemption()) {
      SequenceView victim = displaced.select(step, candidate);
      if (victim == null || !isLessUrgent(victim, candidate) || !takeBlocks(step, victim)) {
        return Outcome.NO_ROOM;
      }
      if (grant == Grant.NO_SLOTS && step.numFreeSlots() == 0) {
        return Outcome.NO_ROOM; // The slot is free only when the device has been told.
      }
      grant = step.schedule(candidate, numTokens);
    }
    return outcomeOf(grant);
  }

  /**
   * Counts every block of the candidate as missing: a prefix held by a victim would help nobody.
   */
  private boolean isHelpedByLessUrgent(StepFacts step, SequenceView candidate) {
    if (step.numFreeSlots() == 0 && step.numRunning() != step.maxNumRunning()) {
      return false; // Admission is paused or capped, or slots rest: a place taken would stay empty.
    }
    int numPositions = step.numPositions(candidate.numTokens());
    int numBlocks = (numPositions + step.blockSize() - 1) / step.blockSize();
    int numMissing = numBlocks - step.numFreeBlocks();
    SequenceList running = step.running();
    int numHeld = 0;
    for (int i = 0; i < running.size(); i++) {
      numHeld += isLessUrgent(running.get(i), candidate) ? step.numBlocks(running.get(i)) : 0;
    }
    if (numHeld == 0 || numHeld < numMissing) {
      return false;
    }
    for (int i = running.size() - 1; i >= 0 && numMissing > 0; i--) {
      if (isLessUrgent(running.get(i), candidate)) {
        numMissing -= step.numBlocksFreedBy(running.get(i));
      }
    }
    return numMissing <= 0;
  }

  private boolean isLessUrgent(SequenceView running, SequenceView candidate) {
    return running.status() == SequenceStatus.RUNNING
        && urgency.of(running) > urgency.of(candidate);
  }
}
