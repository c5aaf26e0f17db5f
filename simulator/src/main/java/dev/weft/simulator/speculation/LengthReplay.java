package dev.weft.simulator.speculation;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.testkit.DraftLengthRun;

/**
 * A batch that is always full: whenever a request has all its tokens, the next recorded one takes
 * its place, from the first again after the last. It ends when so many tokens were gained that
 * every request has been answered about as often.
 */
final class LengthReplay implements DraftLengthRun.Device {
  /** Positions in front of every prompt, so that contexts are of the length of the spot values. */
  static final int NUM_CONTEXT_TOKENS = 1024;
  private static final int MIN_NUM_ROUNDS = 2;

  private final RecordedAcceptance recorded;
  private final LatencyModel target;
  private final DrafterTime drafter;
  private final DraftLengthRun run;
  private final int batchSize;
  private final int[] requests;
  private int next;

  LengthReplay(RecordedAcceptance recorded, LatencyModel target, DrafterTime drafter,
      DraftLengthPolicy policy, int batchSize) {
    this.recorded = recorded;
    this.target = target;
    this.drafter = drafter;
    this.batchSize = batchSize;
    requests = new int[batchSize];
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(batchSize).maxNumWaiting(1)
        .maxNumBatchedTokens(1 << 16).maxNumDraftTokens(RecordedAcceptance.MAX_NUM_DRAFTS)
        .build();
    run = new DraftLengthRun(limits, policy, this);
    for (int handle = 0; handle < batchSize; handle++) {
      begin(handle);
    }
  }

  private void begin(int handle) {
    requests[handle] = next;
    next = (next + 1) % recorded.numRequests();
    run.begin(handle, requests[handle],
        NUM_CONTEXT_TOKENS + recorded.request(requests[handle]).numPromptTokens(),
        RecordedAcceptance.MAX_NUM_DRAFTS, RequestHints.NONE);
  }

  /** Replays; answers tokens a second. */
  double tokensPerSecond() {
    long enough = 0;
    for (int i = 0; i < recorded.numRequests(); i++) {
      enough += recorded.request(i).numOutputTokens();
    }
    double numRounds = Math.max(1, MIN_NUM_ROUNDS * (double) batchSize / recorded.numRequests());
    while (run.numOutputTokens() < enough * numRounds) {
      run.step();
      for (int handle = 0; handle < batchSize; handle++) {
        if (numOutputTokens(handle) >= recorded.request(requests[handle]).numOutputTokens()) {
          run.end(handle);
          begin(handle);
        }
      }
    }
    return run.numOutputTokens() * 1e9 / run.nowNanos();
  }

  /** Drafts verified for each token gained. */
  double draftsPerToken() {
    return (double) run.numDraftTokens() / run.numOutputTokens();
  }

  private int numOutputTokens(int handle) {
    return run.numTokens(handle) - NUM_CONTEXT_TOKENS
        - recorded.request(requests[handle]).numPromptTokens();
  }

  @Override public int numProposed(long requestId, int numOutputTokens, int numWanted) {
    return Math.min(numWanted, recorded.request((int) requestId).numProposed(numOutputTokens));
  }

  @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
    return Math.min(numDrafts, recorded.request((int) requestId).numAccepted(numOutputTokens));
  }

  @Override public long nanos(DraftLengthRun step) {
    double numTokens = 0;
    double numContextTokens = 0;
    for (int row = 0; row < step.numSequences(); row++) {
      int handle = step.handle(row);
      numTokens += 1 + step.numDrafts(handle);
      numContextTokens += step.numTokens(handle);
    }
    return Math.round(target.nanos(step.numSequences(), numTokens, numContextTokens));
  }

  @Override public long draftNanos(DraftLengthRun step) {
    return Math.round(drafter.nanos(step));
  }
}
