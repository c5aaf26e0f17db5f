package dev.weft.schedulerapi;

/**
 * The fixed capacities of a scheduler, which no policy can break. Arrays are sized by them once.
 *
 * @param maxNumWaiting       sequences that may wait; a request takes one place for each of its
 *                            samples
 * @param maxNumSeqs          sequences that may hold KV blocks at once
 * @param maxNumBatchedTokens token slots of the executor's input in one step
 * @param maxModelLen         prompt plus generated tokens of one sequence
 * @param vocabularySize      token ids of requests are 0 to this, exclusive; an executor may have
 *                            more
 * @param maxInFlight         steps that may be submitted and not yet applied
 * @param maxNumAdapters      different adapters among the rows of one step; 0 = not limited
 * @param numExtraRowTokens   input slots that a row costs beside its tokens
 * @param numLookaheadTokens  positions behind the last token of a row that the executor may write
 * @param maxNumDraftTokens   draft tokens of one row
 * @param maxNumEmptySteps    steps without a row, with work and nothing in flight, after which the
 *                            oldest sequence is ended with {@link FinishReason#NO_PROGRESS}
 */
public record SchedulerLimits(
    int maxNumWaiting,
    int maxNumSeqs,
    int maxNumBatchedTokens,
    int maxModelLen,
    int vocabularySize,
    int maxInFlight,
    int maxNumAdapters,
    int numExtraRowTokens,
    int numLookaheadTokens,
    int maxNumDraftTokens,
    int maxNumEmptySteps) {
  private static final int MAX_NUM_HANDLES = 1 << 24;

  /** Checks every range. */
  public SchedulerLimits {
    Check.inRange("maxNumWaiting", maxNumWaiting, 1, MAX_NUM_HANDLES);
    Check.inRange("maxNumSeqs", maxNumSeqs, 1, 1 << 16);
    Check.inRange("maxNumBatchedTokens", maxNumBatchedTokens, 1, 1 << 24);
    Check.inRange("maxModelLen", maxModelLen, 2, 1 << 24);
    Check.inRange("vocabularySize", vocabularySize, 2, 1 << 24);
    Check.inRange("maxInFlight", maxInFlight, 1, 16);
    Check.inRange("maxNumAdapters", maxNumAdapters, 0, 1 << 16);
    Check.inRange("numExtraRowTokens", numExtraRowTokens, 0, maxNumBatchedTokens - 1);
    Check.inRange("numLookaheadTokens", numLookaheadTokens, 0, maxModelLen);
    Check.inRange("maxNumDraftTokens", maxNumDraftTokens, 0, 1 << 10);
    Check.inRange("maxNumEmptySteps", maxNumEmptySteps, 1, Integer.MAX_VALUE);
  }

  /** Limits of 256 running and 4,096 waiting sequences, 2,048 tokens a step; set what differs. */
  public static Builder builder() {
    return new Builder();
  }

  /** Sequences that may live at once: the bound of {@link SequenceView#handle}. */
  public int maxNumHandles() {
    return maxNumWaiting + maxNumSeqs;
  }

  /** Collects limits. */
  public static final class Builder {
    private int maxNumWaiting = 4096;
    private int maxNumSeqs = 256;
    private int maxNumBatchedTokens = 2048;
    private int maxModelLen = 4096;
    private int vocabularySize = 1 << 24;
    private int maxInFlight = 1;
    private int maxNumAdapters;
    private int numExtraRowTokens;
    private int numLookaheadTokens;
    private int maxNumDraftTokens;
    private int maxNumEmptySteps = 1000;

    private Builder() {}

    public Builder maxNumWaiting(int value) {
      maxNumWaiting = value;
      return this;
    }

    public Builder maxNumSeqs(int value) {
      maxNumSeqs = value;
      return this;
    }

    public Builder maxNumBatchedTokens(int value) {
      maxNumBatchedTokens = value;
      return this;
    }

    public Builder maxModelLen(int value) {
      maxModelLen = value;
      return this;
    }

    public Builder vocabularySize(int value) {
      vocabularySize = value;
      return this;
    }

    public Builder maxInFlight(int value) {
      maxInFlight = value;
      return this;
    }

    public Builder maxNumAdapters(int value) {
      maxNumAdapters = value;
      return this;
    }

    public Builder numExtraRowTokens(int value) {
      numExtraRowTokens = value;
      return this;
    }

    public Builder numLookaheadTokens(int value) {
      numLookaheadTokens = value;
      return this;
    }

    public Builder maxNumDraftTokens(int value) {
      maxNumDraftTokens = value;
      return this;
    }

    public Builder maxNumEmptySteps(int value) {
      maxNumEmptySteps = value;
      return this;
    }

    /** @throws IllegalArgumentException naming the first limit out of range */
    public SchedulerLimits build() {
      return new SchedulerLimits(maxNumWaiting, maxNumSeqs, maxNumBatchedTokens, maxModelLen,
          vocabularySize, maxInFlight, maxNumAdapters, numExtraRowTokens, numLookaheadTokens,
          maxNumDraftTokens, maxNumEmptySteps);
    }
  }
}
