package dev.weft.speculative;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepResult;
import dev.weft.schedulerapi.TokenSequence;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A small model on an executor of its own, which drafts for a larger one: the engine behind
 * {@link ModelDrafter} and {@link ModelExpander}, of which one owns it.
 *
 * <p>It plans its steps itself, one in flight at a time: first what the model has not computed of
 * the known tokens, in rows as long as the executor takes, for all sequences together; then one
 * token for each of them and step. A sequence keeps its KV entries from call to call, in a slot
 * with blocks for the longest sequence; where a draft did not come out, its next row begins lower
 * and writes over. Who finds no slot takes that of the sequence drafted least recently, unless it
 * is in the same batch: then it gets no drafts.
 *
 * <p>Bounded: a call waits for the executor until its time is over, and what was sampled until then
 * are the drafts. A step that is late is awaited by the next call, which uses the entries it wrote
 * and none of its tokens. A failed step costs its sequences their drafts of this call, and what it
 * computed is computed again. With a dead executor nothing is drafted any more.
 *
 * <p>One thread, that of the scheduler. Allocates for a sequence that gets a slot, and nothing
 * afterwards.
 */
public final class DraftModel implements AutoCloseable {
  /** Longest wait of one call unless another is given: far above what a draft model takes. */
  public static final long DEFAULT_TIME_LIMIT_NANOS = 100_000_000;

  private final StepExecutor executor;
  private final ExecutorSpec spec;
  private final LongSupplier clock;
  private final long timeLimitNanos;
  private final DraftSlots slots;
  private final DraftPlan plan;
  private final StepResult result;
  private final RankedTokens ranked;

  private long startNanos;
  private long numCalls;
  private long numAttachments;
  private long lastStepId;
  private boolean isInFlight;
  private String failureMessage = "";

  // By sequence that takes part in this call.
  private int numActive;
  private final int[] batchIndex;
  private final int[] slotOfActive;
  private final int[] numWanted;

  private final int[] activeOfRow;

  /**
   * A draft model whose calls wait at most {@link #DEFAULT_TIME_LIMIT_NANOS}.
   *
   * @param executor computed nothing yet; closed with this
   * @param clock    a monotonic time in nanoseconds, such as {@code System::nanoTime}
   * @throws IllegalArgumentException when its blocks do not hold one sequence of maxModelLen tokens
   */
  public static DraftModel over(StepExecutor executor, LongSupplier clock) {
    return new DraftModel(executor, clock, DEFAULT_TIME_LIMIT_NANOS);
  }

  /**
   * As {@link #over}, with another limit.
   *
   * @param timeLimitNanos longest wait of one call, above 0
   */
  public DraftModel(StepExecutor executor, LongSupplier clock, long timeLimitNanos) {
    if (timeLimitNanos <= 0) {
      throw new IllegalArgumentException(
          "timeLimitNanos is " + timeLimitNanos + ", must be above 0");
    }
    this.executor = executor;
    this.clock = clock;
    this.timeLimitNanos = timeLimitNanos;
    spec = executor.spec();
    slots = new DraftSlots(spec);
    plan = new DraftPlan(spec, slots);
    result = new StepResult(spec.maxNumRows(), 0, Math.max(0, spec.maxNumLogprobs()));
    ranked = new RankedTokens(slots.numSlots(), Math.max(0, spec.maxNumLogprobs()));
    batchIndex = new int[slots.numSlots()];
    slotOfActive = new int[slots.numSlots()];
    numWanted = new int[slots.numSlots()];
    activeOfRow = new int[spec.maxNumRows()];
  }

  /** Sequences that can be drafted at once: by the executor's slots and blocks. */
  public int numSequences() {
    return slots.numSlots();
  }

  /** Why nothing is drafted any more; empty while the executor is fine. */
  public String failureMessage() {
    return failureMessage;
  }

  /** Closes the executor. Idempotent. */
  @Override public void close() {
    if (failureMessage.isEmpty()) {
      failureMessage = "the draft model is closed";
    }
    executor.close();
  }

  // ---- for drafters

  ExecutorSpec spec() {
    return spec;
  }

  /**
   * Turns to a batch.
   *
   * @param maxNumDrafts most drafts of one sequence
   * @return how many of its sequences take part; 0 when there is no time, or no executor
   */
  int begin(DraftBatch batch, int maxNumDrafts, DraftSampling sampling) {
    numActive = 0;
    startNanos = clock.getAsLong();
    if (batch.numSequences() == 0 || !settle()) {
      return 0;
    }
    numCalls++;
    for (int i = 0; i < batch.numSequences(); i++) {
      int slot = slots.slotOf(batch.handle(i));
      if (slot != DraftSlots.NONE) {
        take(batch, i, slot, maxNumDrafts);
      }
    }
    plan.begin(lastStepId + 1);
    giveSlots(batch, maxNumDrafts, sampling);
    if (!plan.isEmpty() && !run()) { // Slots are attached again when this step has completed.
      numActive = 0;
    }
    return numActive;
  }

  /** Drops a sequence, by its handle. */
  void onFinish(int handle) {
    slots.takeFrom(handle);
  }

  /** Place in the batch of a sequence that takes part. */
  int batchIndex(int active) {
    return batchIndex[active];
  }

  /** The drafts of a sequence so far in this call. */
  int numDrafts(int active) {
    return slots.numDrafts(slotOfActive[active]);
  }

  int draft(int active, int index) {
    return slots.draft(slotOfActive[active], index);
  }

  /** What the model holds for likely, beside the draft sampled last. */
  RankedTokens ranked() {
    return ranked;
  }

  /** How drafts of this sequence are sampled. */
  SamplingParameters sampling(int active) {
    return slots.attachment(slotOfActive[active]).sampling();
  }

  /** The sequence gets no further drafts in this call. */
  void stop(int active) {
    numWanted[active] = 0;
  }

  /** The draft that follows goes on from this token instead of the last one sampled. */
  void goOnFrom(int active, int token) {
    slots.replaceLastDraft(slotOfActive[active], token);
  }

  /**
   * Samples draft number {@code level} of every sequence that has that many and wants more.
   *
   * @return false when nobody does, the time is over, or the executor is dead
   */
  boolean sample(DraftBatch batch, int level) {
    boolean any = false;
    while (failureMessage.isEmpty() && remainingNanos() > 0) {
      plan.begin(lastStepId + 1);
      for (int active = 0; active < numActive; active++) {
        int slot = slotOfActive[active];
        if (slots.numDrafts(slot) == level && numWanted[active] > level) {
          addRow(batch.tokens(batchIndex[active]), active, level);
        }
      }
      if (plan.isEmpty()) {
        return any;
      }
      any = true;
      if (!run()) {
        return false;
      }
    }
    return false;
  }

  // ---- slots

  /** Takes in a sequence that has a slot, if there is room behind its tokens. */
  private void take(DraftBatch batch, int index, int slot, int maxNumDrafts) {
    int wanted = room(batch, index, maxNumDrafts);
    if (wanted > 0
        && slots.begin(slot, batch.tokens(index), spec.vocabularySize(), numCalls)) {
      batchIndex[numActive] = index;
      slotOfActive[numActive] = slot;
      numWanted[numActive++] = wanted;
    }
  }

  /** The last draft is sampled, not computed, so it may be where no token is computed. */
  private int room(DraftBatch batch, int index, int maxNumDrafts) {
    int untilEnd = spec.maxModelLen() - batch.tokens(index).numTokens() + 1;
    return Math.min(untilEnd, Math.min(maxNumDrafts, batch.maxNumDraftTokens(index)));
  }

  private void giveSlots(DraftBatch batch, int maxNumDrafts, DraftSampling sampling) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int handle = batch.handle(i);
      boolean needsSlot = slots.slotOf(handle) == DraftSlots.NONE && !slots.isRefused(handle);
      if (!needsSlot || room(batch, i, maxNumDrafts) <= 0) {
        continue;
      }
      int slot = slots.leastUsed(numCalls);
      if (slot == DraftSlots.NONE) {
        return;
      }
      if (slots.isAttached(slot)) {
        plan.detach(slot);
        slots.setAttached(slot, false);
      }
      slots.give(slot, handle, attachment(batch, i, slot, sampling));
      take(batch, i, slot, maxNumDrafts);
    }
  }

  private DraftPlan.Attachment attachment(DraftBatch batch, int index, int slot,
      DraftSampling sampling) {
    SamplingParameters target = batch.sampling(index);
    SamplingParameters own = sampling.parameters(target);
    boolean countsOutput = own.hasPenalties() || own.minNewTokens() > 0;
    return new DraftPlan.Attachment(slot, ++numAttachments, own,
        sampling.seed(target, batch.seed(index)),
        countsOutput ? batch.sequence(index).numPromptTokens() : 1);
  }

  // ---- rows

  /** Adds what fits of the sequence's next row; it comes again as long as it is due. */
  private void addRow(TokenSequence known, int active, int level) {
    int slot = slotOfActive[active];
    int start = level == 0 ? slots.numComputed(slot) : slots.nextPosition(slot) - 1;
    int left = level == 0 ? known.numTokens() - start : 1;
    int count = Math.min(left, spec.maxNumBatchedTokens() - plan.numTokens());
    boolean reachesLast = count == left;
    count -= reachesLast ? 0 : count % spec.chunkUnit();
    if (count == 0 || plan.numRows() == spec.maxNumRows() || !mixes(slot, reachesLast)) {
      return;
    }
    if (!slots.isAttached(slot)) {
      plan.attach(slots.attachment(slot), known);
      slots.setAttached(slot, true);
    }
    long id = slots.attachment(slot).id();
    activeOfRow[plan.numRows()] = active;
    if (level == 0) {
      plan.addRow(slot, id, start, known, count, reachesLast);
    } else {
      int token = slots.draft(slot, level - 1);
      plan.addDraftRow(slot, id, start, token, token == ranked.sampled(active));
    }
  }

  /** Whether such a row may stand beside the first one of the step. */
  private boolean mixes(int slot, boolean reachesLast) {
    if (spec.mixesPrefillAndDecode() || plan.numRows() == 0) {
      return true;
    }
    boolean isFirstDecode = slots.hasSampled(plan.slot(0)) && plan.isSampled(0);
    return isFirstDecode == (slots.hasSampled(slot) && reachesLast);
  }

  // ---- steps

  private long remainingNanos() {
    return timeLimitNanos - (clock.getAsLong() - startNanos);
  }

  /** Gets a late step out of the way. */
  private boolean settle() {
    return failureMessage.isEmpty() && (!isInFlight || finish());
  }

  /** Carries the plan out; false when it is not done in time, or never will be. */
  private boolean run() {
    try {
      if (!executor.submit(plan)) {
        die(executor.failureMessage());
        return false;
      }
    } catch (RuntimeException e) {
      die(e.toString());
      return false;
    }
    lastStepId++;
    isInFlight = true;
    return finish();
  }

  /** Waits for the step in flight. What a late one sampled is forgotten by the next call. */
  private boolean finish() {
    try {
      do {
        if (!executor.poll(result) && !(awaitStep() && executor.poll(result))) {
          if (executor.state() != ExecutorState.READY) {
            die(executor.failureMessage());
          }
          return false;
        }
      } while (result.stepId() == StepResult.TRANSFERS_ONLY);
    } catch (RuntimeException e) {
      die(e.toString());
      return false;
    }
    if (result.stepId() != plan.stepId() || result.numRows() != plan.numRows()) {
      die("draft step " + plan.stepId() + " of " + plan.numRows() + " rows has the result of step "
          + result.stepId() + " with " + result.numRows());
      return false;
    }
    isInFlight = false;
    for (int row = 0; row < plan.numRows(); row++) {
      apply(row);
    }
    return true;
  }

  private boolean awaitStep() {
    try {
      return executor.await(Math.max(0, remainingNanos()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // It is meant for the host, whose own wait it ends.
      return false;
    }
  }

  private void apply(int row) {
    int slot = plan.slot(row);
    boolean isFailed = result.outcome() == StepResult.Outcome.FAILED || result.isFailedRow(row);
    int numKept = plan.startPosition(row) + (isFailed ? 0 : plan.numTokens(row));
    slots.setComputed(slot, numKept);
    if (plan.isSampled(row)) {
      slots.setSampled(slot);
    }
    if (!isFailed && result.numTokens(row) > 0) {
      slots.addDraft(slot, result.token(row, 0));
      ranked.read(activeOfRow[row], result, row);
    } else if (isFailed || plan.isSampled(row)) {
      stop(activeOfRow[row]);
    }
  }

  private void die(@Nullable String message) {
    failureMessage = message == null || message.isEmpty() ? "the draft executor is gone" : message;
  }
}
