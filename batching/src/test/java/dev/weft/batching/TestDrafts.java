package dev.weft.batching;

import dev.weft.schedulerapi.Request;

/** What tests of drafts begin with, and the drafts that turn out right or wrong. */
final class TestDrafts {
  static final int MAX_NUM_DRAFTS = 3;

  private TestDrafts() {}

  /** Room for drafts, blocks for all, and no prefix is ever found. */
  static SchedulerHarness harness(int maxInFlight) {
    return SchedulerHarness.builder().plainBlocks(64).limits(
        limits -> limits.maxNumDraftTokens(MAX_NUM_DRAFTS).maxInFlight(maxInFlight)).build();
  }

  /** The first token is there, the next draft is output number 1. */
  static SchedulerHarness begun(Request request) {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    return harness;
  }

  /** Output tokens of the request run alone, from an index on. */
  static int[] right(SchedulerHarness harness, Request request, int firstIndex, int numTokens) {
    return harness.alone(request, 0).subList(firstIndex, firstIndex + numTokens).stream()
        .mapToInt(token -> token).toArray();
  }

  static int other(int token) {
    return (token + 1) % SchedulerHarness.VOCABULARY_SIZE;
  }
}
