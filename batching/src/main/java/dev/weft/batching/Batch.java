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
  /** Which running sequences get rows. */
  enum Kind {
    /** Those that have sampled since they were admitted. */
    DECODE,
    /** Those that compute a prompt, or once more what they had lost. */
    PREFILL,
    ANY;

    private boolean includes(SequenceView sequence) {
      return this == ANY || sequence.isPrefill() == (this == PREFILL);
    }
  }

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
  private final Urgency urgency;
  private final ChunkRule chunkRule;
  private final AdmissionGate gate;
  private final VictimSelector victims;
  private final LeastLostWork displaced;
  private int numWithheldTokens;
  private boolean isRescue;
  /** Of those that lost their blocks in this step, the one that precedes all others. */
  private @Nullable SequenceView setBack;

  Batch(WaitingOrder order, Urgency urgency, ChunkRule chunkRule, AdmissionGate gate,
      VictimSelector victims) {
    this.order = order;
    this.urgency = urgency;
    this.chunkRule = chunkRule;
    this.gate = gate;
    this.victims = victims;
    displaced = new LeastLostWork(urgency);
  }

  /**
   * First come, first served: all that is pending, one percent of the blocks spared, the newest
   * loses.
   */
  static Batch fcfs() {
    return new Batch(WaitingOrder.ARRIVAL, Urgency.NONE, ChunkRule.ALL,
        FullPromptGate.sparingPercent(1), new NewestFirst());
  }

  WaitingOrder order() {
    return order;
  }

  /** Starts a step. */
  void begin() {
    numWithheldTokens = 0;
    isRescue = false;
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
    return Rows.cut(step, sequence, chunkRule.numTokens(step, sequence), budget(step));
  }

  /** A whole step: running sequences in order of admission, then waiting ones. */
  void plan(StepBuilder step) {
    begin();
    run(step, Kind.ANY);
    admit(step);
    rescue(step);
  }

  // ---- running sequences

  /** Gives rows to running sequences of a kind, oldest admission first. */
  void run(StepBuilder step, Kind kind) {
    SequenceList running = step.running();
    int maxNumDecodeTokens = kind == Kind.PREFILL ? 0 : maxNumDecodeTokens();
    int i = 0;
    while (budget(step) > 0) {
      i = step.scheduleDecodes(i, maxNumDecodeTokens);
      if (i == running.size()) {
        return;
      }
      SequenceView sequence = running.get(i++);
      if (sequence.status() == SequenceStatus.RUNNING && kind.includes(sequence)) {
        run(step, sequence);
      }
    }
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
          ? Rows.cut(step, sequence, 1, step.tokenBudget()) : 0;
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

  /** Admits waiting sequences in their order until one stops the pass. */
  void admit(StepBuilder step) {
    if (step.numFreeSlots() > 0 || urgency != Urgency.NONE) {
      pass(step);
    }
  }

  /** Gives somebody a row, when otherwise the device would have nothing to do. */
  void rescue(StepBuilder step) {
    runLittle(step);
    if (Rows.isIdle(step)) {
      isRescue = true;
      pass(step);
    }
  }

  private void pass(StepBuilder step) {
    SequenceList waiting = step.waiting();
    int numSkips = 0;
    for (int i = 0; i < waiting.size() && budget(step) > 0 && numSkips < MAX_NUM_SKIPS; i++) {
      SequenceView candidate = waiting.get(i);
      if (candidate.status() != SequenceStatus.WAITING) {
        continue;
      }
      Outcome outcome = tryAdmit(step, candidate);
      if (outcome == (isRescue ? Outcome.ADMITTED : Outcome.NO_ROOM) || outcome == Outcome.CLOSED) {
        return;
      }
      if (outcome == Outcome.PASSED_OVER) {
        step.skip(candidate);
      }
      numSkips += outcome == Outcome.ADMITTED ? 0 : 1;
    }
  }

  private Outcome tryAdmit(StepBuilder step, SequenceView candidate) {
    if (!isRescue && setBack != null && !order.precedes(candidate, setBack)) {
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
    return outcome == Outcome.NO_ROOM && !isRescue
        ? displace(step, candidate, numTokens) : outcome;
  }

  private Outcome judge(StepFacts step, SequenceView candidate, int numTokens) {
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
    int numPositions = Rows.withLookahead(step, candidate.numTokens());
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
