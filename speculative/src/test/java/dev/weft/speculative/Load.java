package dev.weft.speculative;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.testkit.DraftLengthRun;
import dev.weft.testkit.SplitMix;

/**
 * Sequences of which as many decode as a test says, on a device that computes 64 tokens in the time
 * of one and every further one in a 64th of that. Of a row of drafts so many are accepted as
 * {@link #numAccepted} says.
 */
final class Load implements DraftLengthRun.Device {
  static final int MAX_NUM_SEQUENCES = 128;
  static final int MAX_LENGTH = 8;
  private static final int NUM_FREE_TOKENS = 64;
  private static final long FREE_NANOS = 6_400_000;

  final DraftLengthRun run;
  /** Drafts accepted in each step, where there are as many. */
  int numAccepted = 3;
  /** One row in so many has drafts that are accepted, no other has. */
  int oneRowIn = 1;
  private long numRequests;

  Load(DraftLengthPolicy policy) {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(MAX_NUM_SEQUENCES)
        .maxNumWaiting(1000).maxNumDraftTokens(MAX_LENGTH).build();
    run = new DraftLengthRun(limits, policy, this);
  }

  /** Sequences begin, or those that began last end, until so many decode. */
  Load of(int numSequences) {
    while (run.numSequences() > numSequences) {
      run.end(run.numSequences() - 1);
    }
    while (run.numSequences() < numSequences) {
      run.begin(run.numSequences(), numRequests++, 100, MAX_LENGTH, RequestHints.NONE);
    }
    return this;
  }

  Load steps(int numSteps) {
    for (int i = 0; i < numSteps; i++) {
      run.step();
    }
    return this;
  }

  /** Tokens a second over so many steps. */
  double tokensPerSecond(int numSteps) {
    long tokens = run.numOutputTokens();
    long nanos = run.nowNanos();
    steps(numSteps);
    return (run.numOutputTokens() - tokens) * 1e9 / (run.nowNanos() - nanos);
  }

  /** True when most sequences want drafts. */
  boolean isDrafting() {
    int numDrafting = 0;
    for (int handle = 0; handle < run.numSequences(); handle++) {
      numDrafting += run.length(handle) > 0 ? 1 : 0;
    }
    return 2 * numDrafting > run.numSequences();
  }

  @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
    return new SplitMix((requestId << 32) + numOutputTokens).oneIn(oneRowIn)
        ? Math.min(numAccepted, numDrafts) : 0;
  }

  @Override public long nanos(DraftLengthRun step) {
    int numTokens = 0;
    for (int row = 0; row < step.numSequences(); row++) {
      numTokens += 1 + step.numDrafts(step.handle(row));
    }
    return nanos(numTokens);
  }

  static long nanos(double numTokens) {
    double computing = Math.pow(numTokens / NUM_FREE_TOKENS, 3);
    return Math.round(FREE_NANOS * Math.cbrt(1 + computing));
  }
}
