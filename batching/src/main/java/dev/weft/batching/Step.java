package dev.weft.batching;

import static dev.weft.batching.SequenceTable.ASKS_MASK;
import static dev.weft.batching.SequenceTable.LOST_BLOCKS;
import static dev.weft.batching.SequenceTable.NONE;
import static dev.weft.batching.SequenceTable.RUNNING;
import static dev.weft.batching.SequenceTable.WAITING;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;

/** Checks and carries out what a policy asks for in one step. */
final class Step extends Facts implements StepBuilder {
  private final Lifecycle lifecycle;
  private final DecodePass decodes;
  private final DraftBlocks draftBlocks;
  private final DraftMasks masks;
  final IntColumn admitted = new IntColumn();
  final IntColumn preempted = new IntColumn();
  /** Sequences whose mask threw. */
  final IntColumn failedMasks = new IntColumn();
  PlanBuffer plan;
  int numPrefillRows;
  int numDecodeRows;
  private boolean sawOutsideWait;
  /** True while the policy plans and no verb is under way. */
  private boolean isOpen;
  private long lastRefusedRequestId;

  Step(Core core, Lifecycle lifecycle, DraftMasks masks) {
    super(core);
    this.lifecycle = lifecycle;
    this.masks = masks;
    draftBlocks = new DraftBlocks(core);
    decodes = new DecodePass(core, draftBlocks);
    plan = core.plans.inFlight(0);
  }

  void begin(PlanBuffer next, long nowNanos) {
    beginFacts(nowNanos);
    plan = next;
    admitted.shrink(0);
    preempted.shrink(0);
    failedMasks.shrink(0);
    numPrefillRows = 0;
    numDecodeRows = 0;
    sawOutsideWait = false;
    lastRefusedRequestId = NONE;
  }

  /** Lets the policy use the verbs. */
  void open() {
    isOpen = true;
  }

  /** From now on the verbs are refused, whoever kept the step. */
  void close() {
    isOpen = false;
  }

  private void beginVerb() {
    if (!isOpen) {
      throw new IllegalStateException("a step is built in SchedulingPolicy.plan alone");
    }
    isOpen = false;
  }

  /** True when somebody was refused for what only the outside can change. */
  boolean sawOutsideWait() {
    return sawOutsideWait;
  }

  @Override public Grant schedule(SequenceView sequence, int numTokens, int numPlaceholders) {
    beginVerb();
    try {
      return schedule(handleOf(sequence), numTokens, numPlaceholders);
    } finally {
      isOpen = true;
    }
  }

  @Override public int scheduleDecodes(int from, int maxNumTokens) {
    beginVerb();
    try {
      if (from < 0 || from > core.running.size()) {
        throw new IllegalArgumentException(
            "from is " + from + ", must be 0 to " + core.running.size());
      }
      return decodes.schedule(this, from, maxNumTokens);
    } finally {
      isOpen = true;
    }
  }

  private Grant schedule(int handle, int numTokens, int numPlaceholders) {
    Grant refusal = refusalBeforeShape(handle);
    if (refusal != Grant.GRANTED) {
      return core.stats.count(refusal);
    }
    int start = startOf(handle);
    checkArguments(handle, start, numTokens, numPlaceholders);
    Grant grant = tryRow(handle, start, numTokens, numPlaceholders);
    if (!grant.isGranted()) {
      lastRefusedRequestId = table.requestId[handle];
      sawOutsideWait |= grant == Grant.BLOCKED || grant == Grant.BLOCKS_PENDING;
    }
    return core.stats.count(grant);
  }

  /** What can be said without looking at the arguments. */
  private Grant refusalBeforeShape(int handle) {
    if (table.row[handle] != NONE) {
      return Grant.NOT_IN_THIS_STEP;
    }
    byte status = table.status[handle];
    boolean isHeldBack = status == WAITING && core.maxNumRunning() == 0;
    if (isHeldBack || (status != WAITING && status != RUNNING)) {
      return Grant.BLOCKED;
    }
    boolean isUnread = table.numUnread[handle] > 0;
    if (isUnread && (status == WAITING || numPending(handle, table.numComputed[handle]) == 0)) {
      return Grant.AWAITS_TOKEN;
    }
    return Grant.GRANTED;
  }

  private void checkArguments(int handle, int start, int numTokens, int numPlaceholders) {
    int pending = numPending(handle, start);
    if (numTokens < 1 || numTokens > pending) {
      throw new IllegalArgumentException(table.name(handle) + ": " + numTokens + " tokens of "
          + pending + " pending at position " + start);
    }
    boolean isPadded = numPlaceholders != 0;
    if (isPadded && (numPlaceholders < 0 || numPlaceholders > core.limits.maxNumDraftTokens()
        || numTokens != pending || table.numDrafts[handle] > 0
        || start + numTokens + numPlaceholders > endOfPlaceholders(handle))) {
      throw new IllegalArgumentException(table.name(handle) + ": " + numPlaceholders
          + " placeholders after " + numTokens + " tokens of " + pending + ", at most "
          + core.limits.maxNumDraftTokens() + " within " + table.maxNumTokens[handle] + " tokens");
    }
  }

  /** Placeholders are rejected, so lazy books let them stand on the model's last position. */
  private int endOfPlaceholders(int handle) {
    return core.draftBooks == DraftBooks.LAZY
        ? core.limits.maxModelLen() : table.maxNumTokens[handle] - 1;
  }

  private Grant tryRow(int handle, int start, int numTokens, int numPlaceholders) {
    boolean isAdmission = table.status[handle] == WAITING;
    boolean isSampled = start + numTokens >= table.numTokens[handle];
    boolean hasMask = isSampled && table.asksFor(handle, ASKS_MASK);
    int numKnown = Math.min(numTokens, table.numTokens[handle] - start);
    int numDrafts =
        draftBlocks.numAllowed(this, handle, start, numKnown, numTokens - numKnown);
    if (hasMask) {
      if (table.numUnread[handle] > 0) {
        return Grant.AWAITS_TOKEN;
      }
      numDrafts = fillMasks(handle, numDrafts);
      if (numDrafts < 0) {
        return Grant.BLOCKED;
      }
    }
    int total = numKnown + numDrafts + numPlaceholders;
    int end = start + total;
    Grant refusal = refusal(handle, total, isSampled, isAdmission);
    if (refusal != Grant.GRANTED) {
      return refusal;
    }
    int numOldBlocks = isAdmission ? 0 : core.kvCache.numBlocks(handle);
    if (!takeBlocks(handle, start, end) && !takeBlocksOfDrafts(handle, start, end)) {
      return refusalOfBlocks(handle, start, end);
    }
    commit(handle, end);
    if (isAdmission) {
      admit(handle, start);
    }
    int row = addRow(handle, start, total, isSampled);
    if (hasMask) {
      plan.claimMasks(row, masks.filled(), 1 + numDrafts);
    }
    noteCopies(row);
    plan.isPadded[row] = numPlaceholders > 0;
    plan.isAdmission[row] = isAdmission;
    plan.numOldBlocks[row] = numOldBlocks;
    return Grant.GRANTED;
  }

  /** Lets the sequence hold blocks alone for a row and the lookahead, if there are any. */
  boolean takeBlocks(int handle, int start, int end) {
    if (!core.kvCache.reserve(handle, start, numPositions(end))) {
      return false;
    }
    core.noteBlocks(handle);
    return true;
  }

  private boolean takeBlocksOfDrafts(int handle, int start, int end) {
    int numNeeded = core.kvCache.numBlocksNeeded(handle, start, numPositions(end));
    return draftBlocks.takeBack(this, handle, numNeeded) && takeBlocks(handle, start, end);
  }

  /** Enters the blocks that are full of known tokens when the row is computed. */
  void commit(int handle, int end) {
    int numTokens = Math.min(end, table.numKnown(handle));
    core.kvCache.commit(handle, core.tokens.view(handle, numTokens), numTokens);
    table.nextFull[handle] = (numTokens / core.blockSize() + 1) * core.blockSize();
  }

  @Override public int numScheduledTokens(SequenceView sequence) {
    int row = table.row[handleOf(sequence)];
    return row < 0 ? 0 : plan.numRowTokens[row];
  }

  @Override public int numPositions(int end) {
    return Math.min(end + core.limits.numLookaheadTokens(), core.limits.maxModelLen());
  }

  /**
   * The first limit that stands in the way of a row, masks and blocks apart; the order is that of
   * {@link Grant}.
   */
  private Grant refusal(int handle, int total, boolean isSampled, boolean isAdmission) {
    if (!hasShape(handle, total, isSampled)) {
      return Grant.NO_SHAPE;
    }
    if (!adapters.hasRoom(table.adapter[handle])) {
      return Grant.NO_ADAPTER;
    }
    if (isAdmission && numFreeSlots() == 0) {
      return Grant.NO_SLOTS;
    }
    return total > tokenBudget() ? Grant.NO_TOKENS : Grant.GRANTED;
  }

  /** The number of drafts that are permitted; negative when there is no mask to sample with. */
  private int fillMasks(int handle, int numDrafts) {
    int numPermitted = masks.fill(handle, numDrafts);
    if (numPermitted == DraftMasks.FAILED) {
      failedMasks.add(handle);
      table.row[handle] = LOST_BLOCKS;
    }
    return numPermitted;
  }

  private boolean hasShape(int handle, int total, boolean isSampled) {
    if (!isSampled && total % core.spec.chunkUnit() != 0) {
      return false;
    }
    if (core.spec.mixesPrefillAndDecode()) {
      return true;
    }
    return (isPrefillRow(handle, isSampled) ? numDecodeRows : numPrefillRows) == 0;
  }

  /** A row is decode when all but its drafts is one token behind a computed prompt. */
  private boolean isPrefillRow(int handle, boolean isSampled) {
    return table.isPrefill[handle] || !isSampled;
  }

  private Grant refusalOfBlocks(int handle, int start, int end) {
    KvCache cache = core.kvCache;
    int needed = cache.numBlocksNeeded(handle, start, numPositions(end));
    return needed <= cache.numFreeBlocks() + cache.numPendingBlocks()
        ? Grant.BLOCKS_PENDING : Grant.NO_BLOCKS;
  }

  private void admit(int handle, int start) {
    lifecycle.run(handle, start);
    admitted.add(handle);
    core.listener.onAdmit(table.requestId[handle], table.sampleIndex[handle], start, nowNanos);
    if (table.numPreemptions[handle] == 0 && table.leader[handle] == handle) {
      core.stats.numPrefixQueryTokens += table.numTokens[handle];
      core.stats.numPrefixHitTokens += start;
    }
  }

  private int addRow(int handle, int start, int total, boolean isSampled) {
    if (plan.isFull()) {
      plan.compact(table);
    }
    countRow(handle, isSampled, 1);
    int row = plan.addRow(handle, start, total);
    plan.numDrafts[row] = Math.max(0, start + total - table.numTokens[handle]);
    plan.isSampled[row] = isSampled;
    table.row[handle] = row;
    tokensLeft -= total + core.limits.numExtraRowTokens();
    adapters.add(table.adapter[handle]);
    return row;
  }

  /** Lists the copies of the blocks that were taken last. */
  void noteCopies(int row) {
    for (int i = 0; i < core.kvCache.numCopies(); i++) {
      plan.copyRow.add(row);
      plan.copySource.add(core.kvCache.copySource(i));
      plan.copyTarget.add(core.kvCache.copyTarget(i));
      plan.copyTableIndex.add(core.kvCache.copyTableIndex(i));
    }
  }

  /** Leaves so many of a row's drafts. */
  void cutDrafts(int row, int numKept) {
    int numCut = plan.numDrafts[row] - numKept;
    if (numCut > 0) {
      plan.cutDrafts(row, numCut);
      tokensLeft += numCut;
    }
  }

  private void countRow(int handle, boolean isSampled, int change) {
    numRows += change;
    if (isPrefillRow(handle, isSampled)) {
      numPrefillRows += change;
    } else {
      numDecodeRows += change;
    }
  }

  @Override public boolean preempt(SequenceView sequence) {
    beginVerb();
    try {
      return preempt(handleOf(sequence));
    } finally {
      isOpen = true;
    }
  }

  private boolean preempt(int handle) {
    if (table.status[handle] != RUNNING) {
      throw new IllegalArgumentException(table.name(handle) + " does not run, it is "
          + table.view[handle].status());
    }
    int row = table.row[handle];
    boolean wasAdmittedNow = row >= 0 && plan.isAdmission[row];
    if (row >= 0) {
      if (!core.kvCache.uncommit(handle, plan.start[row])) {
        return false;
      }
      withdraw(handle, row);
    }
    lifecycle.commitComputed(handle);
    lifecycle.loseBlocks(handle, PreemptReason.POLICY, lastRefusedRequestId, nowNanos());
    table.row[handle] = LOST_BLOCKS;
    if (!wasAdmittedNow) { // Else it is still in its place in the waiting list.
      preempted.add(handle);
    }
    return true;
  }

  private void withdraw(int handle, int row) {
    tokensLeft += plan.numRowTokens[row] + core.limits.numExtraRowTokens();
    adapters.remove(table.adapter[handle]);
    countRow(handle, plan.isSampled[row], -1);
    plan.withdraw(row);
    core.stats.numWithdrawnRows++;
  }

  @Override public void skip(SequenceView sequence) {
    beginVerb();
    isOpen = true;
    int handle = handleOf(sequence);
    if (table.status[handle] != WAITING) {
      throw new IllegalArgumentException(table.name(handle) + " does not wait, it is "
          + sequence.status());
    }
    table.isSkipped[handle] = true;
  }
}
