package dev.weft.benchmarks;

/** The workloads that serve requests to their end, and what they must count to. */
public enum ServingKind {
  /** W6.preempt.cache: half the blocks that are needed. */
  PREEMPT_CACHE(256, 256, 256, true),
  /** W6.preempt.nocache. */
  PREEMPT_NOCACHE(256, 256, 256, false),
  /** W6h.preempt.cache: everybody is admitted at once, and a quarter of the blocks is there. */
  PREEMPT_HARD_CACHE(256, 32, 480, true),
  /** W6h.preempt.nocache. */
  PREEMPT_HARD_NOCACHE(256, 32, 480, false),
  /** W7.churn: four requests come before each step, in 16 groups that share half their prompt. */
  CHURN(4000, 512, 128, true);

  private static final int MAX_NUM_SEQS = 256;
  private static final int NUM_GROUPS = 16;
  private static final int FIRST_SEED_OF_GROUPS = 20_000;
  private static final int CHURN_PER_STEP = 4;

  private final int numRequests;
  private final int promptLength;
  private final int maxNewTokens;
  private final boolean cachesPrefixes;

  ServingKind(int numRequests, int promptLength, int maxNewTokens, boolean cachesPrefixes) {
    this.numRequests = numRequests;
    this.promptLength = promptLength;
    this.maxNewTokens = maxNewTokens;
    this.cachesPrefixes = cachesPrefixes;
  }

  /** What all steps of a run add up to; the empty step that reports the last end is one of them. */
  record Counts(int numSteps, int numPreemptions, int numScheduledTokens, int numOutputTokens) {}

  /**
   * What vLLM itself counts. Its policy here and the naive baseline must come to the same; the
   * default policy does so as well, since nothing in which it is different happens here.
   */
  Counts counts() {
    return switch (this) {
      case PREEMPT_CACHE -> new Counts(947, 143, 173_647, 65_536);
      case PREEMPT_NOCACHE -> new Counts(947, 143, 177_007, 65_536);
      case PREEMPT_HARD_CACHE -> new Counts(1208, 328, 198_863, 122_880);
      case PREEMPT_HARD_NOCACHE -> new Counts(1208, 328, 201_423, 122_880);
      case CHURN -> new Counts(2088, 0, 1_536_096, 512_000);
    };
  }

  int numRequests() {
    return numRequests;
  }

  int maxNewTokens() {
    return maxNewTokens;
  }

  /** Requests that are added before each step while any are left. */
  int numRequestsPerStep() {
    return this == CHURN ? CHURN_PER_STEP : numRequests;
  }

  MeasuredLimits limits() {
    int numUsableBlocks = this == CHURN ? 16_384 : 2048;
    MeasuredLimits limits =
        MeasuredLimits.of(MAX_NUM_SEQS, numUsableBlocks + 1).withModelLen(1024)
            .withWaiting(numRequests);
    return cachesPrefixes ? limits : limits.withoutPrefixes();
  }

  int[] prompt(int request) {
    int[] prompt = Prompts.ofSeed(request + 1, promptLength);
    if (this == CHURN) {
      int numShared = promptLength / 2;
      int[] shared = Prompts.ofSeed(FIRST_SEED_OF_GROUPS + request % NUM_GROUPS, numShared);
      System.arraycopy(prompt, 0, prompt, numShared, numShared);
      System.arraycopy(shared, 0, prompt, 0, numShared);
    }
    return prompt;
  }
}
