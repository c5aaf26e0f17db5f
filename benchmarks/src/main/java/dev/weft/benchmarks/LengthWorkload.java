package dev.weft.benchmarks;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.speculative.AdaptiveDraftLength;
import dev.weft.speculative.DraftCost;
import dev.weft.speculative.FixedDraftLength;
import dev.weft.speculative.GoodputDraftLength;
import dev.weft.speculative.MeasuredStepTime;
import dev.weft.speculative.SloDraftLength;
import dev.weft.testkit.DraftLengthRun;

/**
 * Decoding sequences about whose draft lengths a policy decides in every step; of sequence i and
 * step s up to (i + 3s) mod 5 drafts are accepted, and a token takes 10 µs. There is no scheduler:
 * what remains is the policy, and the loop that appends what was accepted.
 */
public final class LengthWorkload {
  private static final int MAX_LENGTH = 8;
  private static final int NUM_PROMPT_TOKENS = 1024;
  private static final int PERIOD = 5;
  private static final long NANOS_PER_TOKEN = 10_000;
  private static final long NANOS_PER_STEP = 7_000_000;

  private final DraftLengthRun run;
  private long stepId;

  LengthWorkload(Kind kind, int numSequences) {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(numSequences)
        .maxNumBatchedTokens(16_384).maxNumDraftTokens(MAX_LENGTH).build();
    run = new DraftLengthRun(limits, kind.policy(), new PeriodicDevice());
    for (int i = 0; i < numSequences; i++) {
      run.begin(i, i, NUM_PROMPT_TOKENS, MAX_LENGTH, RequestHints.NONE);
    }
  }

  /** A decision, a step and what the policy learns of it; answers the tokens gained. */
  long step() {
    long numTokensBefore = run.numOutputTokens();
    stepId++;
    run.step();
    return run.numOutputTokens() - numTokensBefore;
  }

  /** Accepts drafts in turns. */
  private final class PeriodicDevice implements DraftLengthRun.Device {
    private long numDraftTokensBefore;

    @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
      return Math.min(numDrafts, (int) ((requestId + 3 * stepId) % PERIOD));
    }

    @Override public long nanos(DraftLengthRun step) {
      long numDrafts = step.numDraftTokens() - numDraftTokensBefore;
      numDraftTokensBefore = step.numDraftTokens();
      return NANOS_PER_STEP + NANOS_PER_TOKEN * (step.numSequences() + numDrafts);
    }
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
