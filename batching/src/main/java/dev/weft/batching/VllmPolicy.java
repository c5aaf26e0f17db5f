package dev.weft.batching;

import dev.weft.schedulerapi.DraftBooks;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;

/**
 * Decides as the scheduler of vLLM V1 does (state of August 2026; Kwon et al., PagedAttention, SOSP
 * 2023): running sequences in order of admission, taking blocks from others when there are none;
 * then, if nobody lost blocks, waiting ones up to the first that does not fit. Whom it passes over
 * for an adapter stays ahead of those it has not reached.
 *
 * <p>Its known weaknesses are kept: {@link ContinuousBatchingPolicy} is the better choice, this one
 * is for who wants the decisions that they know. It is not live alone. A request that can never fit
 * waits for ever and lets nobody by; with priorities a sequence that preempts itself ends the pass,
 * so that a step stays empty though others could run, and a waiting one never displaces a less
 * urgent one. Under {@link ProgressGuard} it is live for requests that fit.
 *
 * <p>Equal to the original with one step in flight and a cache that keeps copies of equal blocks.
 * Where the original corrupts its own books this policy does not follow: a withdrawn row leaves no
 * findable block behind, and placeholders that a row has no room for are left out.
 *
 * <p>Cost O(running + admitted + passed over), and O(running) a victim with priorities; nothing
 * allocates.
 */
public final class VllmPolicy implements SchedulingPolicy {
  private static final int NOT_CAPPED = Integer.MAX_VALUE;
  private static final WaitingOrder FRONT = new FrontOfTheQueue();
  private static final WaitingOrder RANK = (entering, waiting) -> rank(entering, waiting) < 0;

  private final boolean usesPriorities;
  private final int maxNumTokensPerRow;
  private final boolean chunksPrompts;
  private final boolean reservesFullPrompt;
  private final double watermark;
  private boolean joinsDecodes;

  private VllmPolicy(Builder b) {
    usesPriorities = b.usesPriorities;
    maxNumTokensPerRow = b.maxNumTokensPerRow;
    chunksPrompts = b.chunksPrompts;
    reservesFullPrompt = b.reservesFullPrompt;
    watermark = b.watermark;
  }

  /** The defaults of vLLM: first come, first served, prompts in chunks, the full prompt gated. */
  public static VllmPolicy fcfs() {
    return builder().build();
  }

  /** The same with priorities. */
  public static VllmPolicy withPriorities() {
    return builder().usePriorities().build();
  }

  public static Builder builder() {
    return new Builder();
  }

  @Override public WaitingOrder waitingOrder() {
    return usesPriorities ? RANK : FRONT;
  }

  @Override public boolean acceptsWhatNeverFits() {
    return true;
  }

  @Override public DraftBooks draftBooks() {
    return DraftBooks.LAZY;
  }

  private static int rank(SequenceView a, SequenceView b) {
    int byUrgency = urgency(a, b);
    return byUrgency != 0 ? byUrgency : Long.compare(a.requestId(), b.requestId());
  }

  /** The order of victims leaves ties open, unlike that of the queue. */
  private static int urgency(SequenceView a, SequenceView b) {
    return a.priority() != b.priority()
        ? Integer.compare(a.priority(), b.priority())
        : Long.compare(a.arrivalNanos(), b.arrivalNanos());
  }

  @Override public void plan(StepBuilder step) {
    if (run(step)) {
      joinsDecodes &= step.numRows() > 0;
      admit(step);
    }
  }

  // ---- running sequences

  /** True when nobody lost its blocks, so that others may be admitted. */
  private boolean run(StepBuilder step) {
    SequenceList running = step.running();
    boolean isUndisturbed = true;
    joinsDecodes = true;
    int next = 0;
    while (step.tokenBudget() > 0) {
      next = step.scheduleDecodes(next, maxNumTokensPerRow);
      if (next == running.size()) {
        break;
      }
      SequenceView sequence = running.get(next++);
      int numTokens = sequence.status() == SequenceStatus.RUNNING
          ? step.numGrantableTokens(sequence, maxNumTokensPerRow) : 0;
      if (numTokens == 0) {
        continue; // It lost its blocks in this step, or has nothing to do.
      }
      boolean wasPrefill = sequence.isPrefill();
      Grant grant = step.schedule(sequence, numTokens);
      while (grant == Grant.NO_BLOCKS) {
        isUndisturbed = false;
        SequenceView victim = selectVictim(running);
        if (!step.preempt(victim) || victim == sequence) {
          return false;
        }
        grant = step.schedule(sequence, numTokens);
      }
      joinsDecodes &= !(wasPrefill && grant.isGranted());
    }
    return isUndisturbed;
  }

  /** The requesting sequence runs, so there is one. */
  private SequenceView selectVictim(SequenceList running) {
    int last = running.size() - 1;
    while (running.get(last).status() != SequenceStatus.RUNNING) {
      last--;
    }
    SequenceView victim = running.get(last);
    for (int i = last - 1; usesPriorities && i >= 0; i--) {
      SequenceView candidate = running.get(i);
      if (candidate.status() == SequenceStatus.RUNNING && urgency(candidate, victim) >= 0) {
        victim = candidate;
      }
    }
    return victim;
  }

  // ---- waiting sequences

  private void admit(StepBuilder step) {
    SequenceList waiting = step.waiting();
    boolean goesOn = true;
    for (int i = 0; goesOn && i < waiting.size() && step.tokenBudget() > 0
        && step.numFreeSlots() > 0; i++) {
      SequenceView sequence = waiting.get(i);
      if (sequence.numUnreadTokens() > 0 || !step.hasAdapterRoom(sequence)) {
        step.skip(sequence);
      } else {
        goesOn = admit(step, sequence);
      }
    }
  }

  /** False when nobody else may be admitted in this step. */
  private boolean admit(StepBuilder step, SequenceView sequence) {
    int start = step.startPosition(sequence);
    int numLeft = sequence.numTokens() - start;
    int room = step.tokenBudget();
    int numPlaceholders =
        joinsDecodes && numLeft == 1 ? step.limits().maxNumDraftTokens() : 0;
    boolean isPadded = numPlaceholders > 0;
    if (isPadded && (1 + numPlaceholders > room
        || start + 1 + numPlaceholders > step.limits().maxModelLen())) {
      return false;
    }
    if (1 + numPlaceholders > maxNumTokensPerRow) {
      numPlaceholders = 0; // Where the original attaches more drafts than the row has tokens.
    }
    if (!chunksPrompts && Math.min(numLeft, maxNumTokensPerRow) > room) {
      return false;
    }
    int numTokens = step.numGrantableTokens(sequence, maxNumTokensPerRow);
    if (numTokens == 0 || !hasBlocks(step, sequence, start + numTokens + numPlaceholders)) {
      return false;
    }
    Grant grant = step.schedule(sequence, numTokens, numPlaceholders);
    if (grant == Grant.BLOCKED || grant == Grant.NO_SHAPE) {
      step.skip(sequence);
      return true;
    }
    return grant.isGranted();
  }

  /** The gates: blocks for all known tokens, and those of the row, with some to spare. */
  private boolean hasBlocks(StepFacts step, SequenceView sequence, int end) {
    SchedulerLimits limits = step.limits();
    int numFree = step.numFreeBlocks() - (step.numRunning() > 0 ? numSpareBlocks(step) : 0);
    int numAll = Math.min(sequence.numTokens(), limits.maxModelLen());
    return (!reservesFullPrompt || step.numBlocksNeeded(sequence, numAll) <= numFree)
        && step.numBlocksNeeded(sequence, step.numPositions(end)) <= numFree;
  }

  /** The original counts the null block in. */
  private int numSpareBlocks(StepFacts step) {
    return (int) (watermark * (step.numTotalBlocks() + 1));
  }

  /** Preempted sequences go ahead of all that have not been passed over, the last one first. */
  private static final class FrontOfTheQueue implements WaitingOrder {
    @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
      return entering.numPreemptions() > 0 && !waiting.isSkipped();
    }

    @Override public boolean isByEntry() {
      return true;
    }
  }

  /** Collects the settings; each is named as in vLLM in its comment. */
  public static final class Builder {
    private boolean usesPriorities;
    private int maxNumTokensPerRow = NOT_CAPPED;
    private boolean chunksPrompts = true;
    private boolean reservesFullPrompt = true;
    private double watermark;

    private Builder() {}

    /**
     * Serves by priority, then time of arrival, then request id ({@code policy="priority"}).
     */
    public Builder usePriorities() {
      usesPriorities = true;
      return this;
    }

    /**
     * Most tokens of one row, decodes with drafts included ({@code long_prefill_token_threshold}).
     *
     * @param value 1 or more, or 0 for no bound, the default
     */
    public Builder maxNumTokensPerRow(int value) {
      if (value < 0) {
        throw new IllegalArgumentException(
            "maxNumTokensPerRow is " + value + ", must be 0 or more");
      }
      maxNumTokensPerRow = value == 0 ? NOT_CAPPED : value;
      return this;
    }

    /** Admits a prompt whole or not at all ({@code enable_chunked_prefill=False}). */
    public Builder withoutChunks() {
      chunksPrompts = false;
      return this;
    }

    /**
     * Admits when there are blocks for the first chunk, whatever the rest of the prompt needs
     * ({@code scheduler_reserve_full_isl=False}).
     */
    public Builder withoutFullPromptGate() {
      reservesFullPrompt = false;
      return this;
    }

    /**
     * Share of all blocks that stay free when a sequence joins others ({@code watermark}).
     *
     * @param value 0, the default, to 1
     */
    public Builder watermark(double value) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("watermark is " + value + ", must be 0 to 1");
      }
      watermark = value;
      return this;
    }

    public VllmPolicy build() {
      return new VllmPolicy(this);
    }
  }
}
