package dev.weft.engine.journal;

import dev.weft.batching.Scheduler;
import dev.weft.batching.SchedulerBuilder;
import dev.weft.engine.Both;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Repeats a recorded run: gives a fresh scheduler the recorded inputs at the recorded times, and
 * compares each decision with the recorded one. Stops at the first difference, at a given step, or
 * at the end, and hands out the scheduler as it stands there.
 *
 * <pre>{@code
 *   Replay replay = Replay.of(Journal.read(file)).policy(new MyPolicy()).build();
 *   replay.runToStep(4711);
 *   replay.scheduler().waiting() ...
 * }</pre>
 *
 * <p>The policy must be a fresh one of the same kind, with the same settings, and the cache must be
 * like the recorded one: both are code, which no journal holds. A journal of an engine knows its
 * cache. Where they differ from the recorded ones, the first decision that shows it is reported.
 *
 * <p>With {@link TokenForm#HASHED} tokens are made up: equal where the recorded ones were. Masks
 * answer as recorded, and permit everything, and log-probabilities are not
 * there. Not thread-safe; cost that of the run without its device.
 */
public final class Replay {
  private final Decoder decoder;
  private final Comparison comparison;
  private final Scheduler scheduler;
  private final KvCache kvCache;
  private final StepResult result;
  private final boolean isClear;
  private final ArrayDeque<StepPlan> inFlight = new ArrayDeque<>();
  private @Nullable StepPlan lastPlan;
  private long nowNanos;
  private boolean isProposing;

  private Replay(Builder b, StopTokens stopTokens) {
    JournalSetup setup = b.journal.setup();
    decoder = new Decoder(b.journal);
    decoder.setStopTokens(stopTokens);
    comparison = new Comparison(decoder);
    isClear = b.journal.tokens() == TokenForm.CLEAR;
    JournalSetup replayed = isClear ? setup : withVocabulary(setup, decoder.vocabulary.size());
    kvCache = b.kvCache.apply(replayed);
    SchedulerBuilder builder = Scheduler.builder(replayed.limits(), replayed.spec(), kvCache)
        .policy(b.policy).listener(new Both(comparison, b.listener)).seed(setup.seed());
    if (replayed.limits().maxNumDraftTokens() > 0) {
      RecordedDrafts drafts = new RecordedDrafts();
      builder.drafter(drafts).draftLengths(drafts);
    }
    scheduler = builder.build();
    result = new StepResult(setup.limits().maxNumSeqs(), setup.limits().maxNumDraftTokens(), 0);
  }

  /**
   * Starts to describe a replay.
   *
   * @throws IllegalArgumentException when the journal has lost its beginning
   */
  public static Builder of(Journal journal) {
    if (!journal.isWhole()) {
      throw new IllegalArgumentException("the journal has lost its beginning, so the run cannot be "
          + "repeated: its end can be shown (Journal.tell); to keep a whole run, record with a "
          + "larger maxSize, or a shorter run");
    }
    return new Builder(journal);
  }

  /**
   * The policy of the recorded engine as it is without settings of its own; empty when another
   * class decided, which only its maker can make again.
   */
  public static Optional<SchedulingPolicy> usualPolicy(JournalSetup setup) {
    return RecordedParts.usualPolicy(setup);
  }

  private static JournalSetup withVocabulary(JournalSetup setup, int size) {
    SchedulerLimits l = setup.limits();
    return new JournalSetup(
        new SchedulerLimits(l.maxNumWaiting(), l.maxNumSeqs(), l.maxNumBatchedTokens(),
            l.maxModelLen(), size, l.maxInFlight(), l.maxNumAdapters(), l.numExtraRowTokens(),
            l.numLookaheadTokens(), l.maxNumDraftTokens(), l.maxNumEmptySteps()),
        setup.spec().toBuilder().vocabularySize(size).build(),
        setup.seed(), setup.labels());
  }

  // ---- running

  /**
   * Runs to the end of the journal, or to the first difference.
   *
   * @return true when every decision was the recorded one
   * @throws JournalFormatException when a record makes no sense
   */
  public boolean run() throws JournalFormatException {
    return runToStep(Long.MAX_VALUE);
  }

  /**
   * Runs until the step of that id is planned: before its result, and before anything else happens.
   * Ids ascend, so that a further call goes on from here.
   *
   * @return false when a decision differed; true also when the journal ended before
   */
  public boolean runToStep(long stepId) throws JournalFormatException {
    while (comparison.difference() == null && comparison.stepId() < stepId && advance()) {
      // Each turn is one input with what was decided on it.
    }
    return comparison.difference() == null;
  }

  private boolean advance() throws JournalFormatException {
    RecordKind kind = comparison.peek();
    if (kind == null) {
      return false;
    }
    if (kind.isInput()) {
      comparison.take();
      try {
        input(kind);
      } catch (IllegalArgumentException | IllegalStateException e) {
        comparison.differ("input " + kind, "taken", e);
      }
      comparison.throwFailure();
    } else {
      comparison.differ("decision", kind, "none");
    }
    return true;
  }

  private void input(RecordKind kind) throws JournalFormatException {
    long now = decoder.nowNanos; // The decisions that are compared meanwhile have times too.
    nowNanos = now;
    switch (kind) {
      case ADD -> scheduler.add(request(), now);
      case ABORT -> scheduler.abort(decoder.requestId, now);
      case STOP ->
          scheduler.stop(decoder.requestId, decoder.sampleIndex, decoder.numTokens, now);
      case UNBLOCK -> scheduler.unblock(decoder.requestId);
      case PLAN -> plan(now);
      case MASK -> comparison.differ("mask", "asked", "not asked");
      case UPDATE -> update(now);
      case DRAFT -> scheduler.draft(now);
      case DRAFT_LENGTH, DRAFTS -> comparison.differ("drafts", kind, "none");
      case DEAD -> {
        scheduler.onExecutorDead(decoder.deadMode, now);
        inFlight.clear();
      }
      default -> control(kind, now);
    }
  }

  private void control(RecordKind kind, long now) throws JournalFormatException {
    switch (kind) {
      case PAUSE -> {
        if (decoder.pause == PauseMode.NONE) {
          scheduler.resume();
        } else {
          scheduler.pause(decoder.pause);
        }
      }
      case CAPS -> scheduler.setCaps(decoder.caps);
      case RESET -> scheduler.resetPrefixCache(decoder.flag, now);
      case SHUT_DOWN -> scheduler.shutDown(now);
      case PIN -> kvCache.pin(decoder.block);
      default -> kvCache.unpin(decoder.block);
    }
  }

  private Request request() {
    Request.Builder builder = decoder.request.build(decoder.prompt);
    if (decoder.request.hasMask()) {
      builder.tokenMask((tokens, sampleIndex, words) -> {
        Arrays.fill(words, -1); // What it forbade is not drafted: it was taken out before.
        return isProposing || answerOfMask();
      });
    }
    return builder.build();
  }

  private boolean answerOfMask() {
    if (!comparison.expect(RecordKind.MASK, "a mask asked")) {
      return false;
    }
    return switch (decoder.maskAnswer) {
      case READY -> true;
      case NOT_READY -> false;
      case FAILED -> throw new IllegalStateException("the recorded mask threw here");
    };
  }

  private void plan(long now) {
    if (!scheduler.canPlan()) {
      comparison.differ("steps in flight", "room for one more", "none");
      return;
    }
    StepPlan plan = scheduler.plan(now);
    lastPlan = plan;
    if (!plan.isEmpty()) {
      inFlight.add(plan);
    }
  }

  private void update(long now) {
    StepPlan plan = inFlight.poll();
    ReportedStep step = decoder.reported;
    if (plan == null || plan.stepId() != step.stepId || plan.numRows() != step.numRows) {
      comparison.differ("step of a result", "step " + step.stepId + " of " + step.numRows + " rows",
          plan == null ? "none in flight" : "step " + plan.stepId() + " of " + plan.numRows());
      return;
    }
    result.reset(step.stepId, step.numRows);
    result.setDeviceNanos(step.deviceNanos);
    if (step.isFailed) {
      result.failStep("failed as recorded");
    }
    for (int row = 0; row < step.numRows; row++) {
      addTokens(plan, step, row);
    }
    scheduler.update(result, now);
  }

  /** Accepted tokens are the drafts; of hashed ones only the last token of a row is known. */
  private void addTokens(StepPlan plan, ReportedStep step, int row) {
    int numTokens = step.numTokens[row];
    int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
    for (int i = 0; i < numTokens; i++) {
      boolean isDraft = !isClear && i < numTokens - 1;
      result.addToken(row, isDraft ? plan.token(row, firstDraft + i) : step.token(row, i));
    }
    if (step.isFailedRow[row]) {
      result.failRow(row);
    }
  }

  /** Chooses and proposes what was recorded. */
  private final class RecordedDrafts implements DraftLengthPolicy, Drafter {
    @Override public void choose(DraftLengths lengths) {
      while (comparison.takeIf(RecordKind.DRAFT_LENGTH)) {
        if (isListed("sequences that are sampled", lengths.numSequences())) {
          lengths.set(decoder.index, decoder.numTokens);
        }
      }
    }

    private boolean isListed(String what, int numListed) {
      if (decoder.index >= numListed) {
        comparison.differ(what, "more than " + decoder.index, numListed);
      }
      return decoder.index < numListed;
    }

    @Override public int maxNumDraftTokens() {
      return Integer.MAX_VALUE;
    }

    @Override public void propose(DraftBatch batch) {
      isProposing = true;
      while (comparison.takeIf(RecordKind.DRAFTS)) {
        if (decoder.drafts.isTree() && !isClear) {
          comparison.differ("drafts", "a tree",
              "hashed tokens, which cannot repeat one; record them with TokenForm.CLEAR");
        } else if (isListed("sequences that take drafts", batch.numSequences())) {
          DraftAnswer answer = batch.propose(decoder.index, decoder.drafts);
          if (!answer.isTaken()) {
            comparison.differ("drafts", "taken", answer.message());
          }
        }
      }
      isProposing = false;
    }

    /** The scheduler does not close it. */
    @Override public void close() {}
  }

  // ---- where it stands

  /** The scheduler as it stands; whoever changes it cannot run on. */
  public Scheduler scheduler() {
    return scheduler;
  }

  /** Its cache. */
  public KvCache kvCache() {
    return kvCache;
  }

  /** The plan made last, valid until the replay runs on; null before the first. */
  public @Nullable StepPlan lastPlan() {
    return lastPlan;
  }

  /** Plans made so far, empty ones included. */
  public long numSteps() {
    return comparison.numSteps();
  }

  /** The time of the input handled last. */
  public long nowNanos() {
    return nowNanos;
  }

  /** True when all of the journal was repeated. */
  public boolean isAtEnd() {
    return comparison.isAtEnd();
  }

  /** The first decision that was another one than recorded. */
  public Optional<Difference> difference() {
    return Optional.ofNullable(comparison.difference());
  }

  /** Collects what a replay needs beside the journal. */
  public static final class Builder {
    private final Journal journal;
    private SchedulingPolicy policy;
    private SchedulerListener listener = SchedulerListener.NONE;
    private Function<JournalSetup, KvCache> kvCache;

    private Builder(Journal journal) {
      this.journal = journal;
      policy = RecordedParts.policy(journal.setup());
      kvCache = RecordedParts::kvCache;
    }

    /** A fresh policy like the recorded one; default: that of an engine that was told of none. */
    public Builder policy(SchedulingPolicy value) {
      policy = Objects.requireNonNull(value, "policy");
      return this;
    }

    /**
     * Makes a fresh cache like the recorded one, for the limits and the executor of the setup it is
     * given; default: that of an engine.
     */
    public Builder kvCache(Function<JournalSetup, KvCache> value) {
      kvCache = Objects.requireNonNull(value, "kvCache");
      return this;
    }

    /** Is told what happens, as if it were the recorded run; say a timeline. */
    public Builder listener(SchedulerListener value) {
      listener = Objects.requireNonNull(value, "listener");
      return this;
    }

    /**
     * @throws JournalFormatException   when a record makes no sense
     * @throws IllegalArgumentException when the cache does not fit the recorded limits
     */
    public Replay build() throws JournalFormatException {
      return new Replay(this, StopTokens.of(journal));
    }
  }
}
