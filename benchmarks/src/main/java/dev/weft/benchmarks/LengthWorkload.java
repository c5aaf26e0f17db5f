package dev.weft.benchmarks;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.speculative.AdaptiveDraftLength;
import dev.weft.speculative.DraftCost;
import dev.weft.speculative.FixedDraftLength;
import dev.weft.speculative.GoodputDraftLength;
import dev.weft.speculative.MeasuredStepTime;
import dev.weft.speculative.SloDraftLength;

/**
 * Decoding sequences about whose draft lengths a policy decides in every step; of sequence i and
 * step s up to (i + 3s) mod 5 drafts are accepted, and a token takes 10 µs. There is no scheduler:
 * what remains is the policy, and the loop that appends what was accepted.
 */
public final class LengthWorkload implements DraftLengths, StepFeedback {
  private static final int MAX_LENGTH = 8;
  private static final int PERIOD = 5;
  private static final long NANOS_PER_TOKEN = 10_000;
  private static final long NANOS_PER_STEP = 7_000_000;

  private final SchedulerLimits limits;
  private final DraftLengthPolicy policy;
  private final LengthView[] sequences;
  private long stepId;
  private long nowNanos;
  private long deviceNanos;

  LengthWorkload(Kind kind, int numSequences) {
    policy = kind.policy();
    limits = SchedulerLimits.builder().maxNumSeqs(numSequences).maxNumBatchedTokens(16_384)
        .maxNumDraftTokens(MAX_LENGTH).build();
    sequences = new LengthView[numSequences];
    for (int i = 0; i < numSequences; i++) {
      sequences[i] = new LengthView(i);
    }
  }

  /** A decision, a step and what the policy learns of it; answers the tokens gained. */
  int step() {
    policy.choose(this);
    stepId++;
    int numTokens = 0;
    int numGained = 0;
    for (LengthView sequence : sequences) {
      sequence.numAccepted =
          Math.min(sequence.length, (int) ((sequence.handle() + 3 * stepId) % PERIOD));
      numTokens += 1 + sequence.length;
      numGained += 1 + sequence.numAccepted;
      sequence.numTokens += 1 + sequence.numAccepted;
    }
    deviceNanos = NANOS_PER_STEP + NANOS_PER_TOKEN * numTokens;
    nowNanos += deviceNanos;
    policy.onStep(this);
    return numGained;
  }

  @Override public int numSequences() {
    return sequences.length;
  }

  @Override public SequenceView sequence(int index) {
    return sequences[index];
  }

  @Override public int maxNumDraftTokens(int index) {
    return MAX_LENGTH;
  }

  @Override public int draftLength(int index) {
    return sequences[index].length;
  }

  @Override public void set(int index, int numDraftTokens) {
    if (numDraftTokens < 0 || numDraftTokens > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "length is " + numDraftTokens + ", must be 0 to " + MAX_LENGTH);
    }
    sequences[index].length = numDraftTokens;
  }

  @Override public int numRunning() {
    return sequences.length;
  }

  @Override public int numWaiting() {
    return 0;
  }

  @Override public int maxNumBatchedTokens() {
    return limits.maxNumBatchedTokens();
  }

  @Override public SchedulerLimits limits() {
    return limits;
  }

  @Override public long nowNanos() {
    return nowNanos;
  }

  @Override public long stepId() {
    return stepId;
  }

  @Override public long deviceNanos() {
    return deviceNanos;
  }

  @Override public int numRows() {
    return sequences.length;
  }

  @Override public boolean isLive(int row) {
    return true;
  }

  @Override public int numComputedTokens(int row) {
    return 1 + sequences[row].length;
  }

  @Override public int numSampledTokens(int row) {
    return 1 + sequences[row].numAccepted;
  }

  @Override public int numDraftTokens(int row) {
    return sequences[row].length;
  }

  @Override public int numAcceptedTokens(int row) {
    return sequences[row].numAccepted;
  }

  /** Policies. */
  public enum Kind {
    /** The baseline: the loop, and a policy that learns nothing. */
    FIXED {
      @Override DraftLengthPolicy policy() {
        return new FixedDraftLength(2);
      }
    },
    /** Smoothed accepted drafts of each sequence. */
    EMA {
      @Override DraftLengthPolicy policy() {
        return new AdaptiveDraftLength();
      }
    },
    /** Tokens a second, with a measured step time. */
    GOODPUT {
      @Override DraftLengthPolicy policy() {
        return new GoodputDraftLength(
            new MeasuredStepTime(), new DraftCost(0, 250), MAX_LENGTH);
      }
    },
    /** Wanted times between tokens, of which nobody has one. */
    SLO {
      @Override DraftLengthPolicy policy() {
        return new SloDraftLength();
      }
    };

    abstract DraftLengthPolicy policy();
  }
}
