package dev.weft.benchmarks;

/**
 * Serves requests to their end: W6, W6h and W7. Every step is timed, from the first to the empty
 * one that reports who ended last. A timed step is {@code plan} and {@code update}; requests that
 * come while others run are constructed and added between steps, timed apart.
 *
 * <p>All of it is done once before and then forgotten, so that a step is one of a scheduler that
 * has run for a while and has grown what it needs.
 */
final class ServingWorkload {
  private final ServingKind kind;
  private final ServingKind.Counts counts;
  private final MeasuredEngine engine;
  private final int[][] prompts;
  private final StepTimes times;
  private final StepTimes feedTimes;
  private int numAdded;

  /** Makes the prompts, serves them once, and adds the requests that are there at first. */
  ServingWorkload(EngineKind engineKind, ServingKind kind) {
    this.kind = kind;
    counts = kind.counts();
    engine = engineKind.start(kind.limits());
    times = StepTimes.inMicros("step", 1, counts.numSteps() + 1);
    feedTimes = StepTimes.inMicros("feed", 1, counts.numSteps() + 1);
    prompts = new int[kind.numRequests()][];
    for (int i = 0; i < prompts.length; i++) {
      prompts[i] = kind.prompt(i);
    }
    rehearse();
    if (isFedAtOnce()) {
      feed();
    }
  }

  private void rehearse() {
    do {
      feed();
      engine.step();
    } while (!engine.isIdle());
    engine.step();
    engine.clearPrefixes();
    numAdded = 0;
  }

  private boolean isFedAtOnce() {
    return kind.numRequestsPerStep() == prompts.length;
  }

  /**
   * Runs all steps and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    Work work = new Work(kind.name(), counts.numSteps());
    long numPreemptionsBefore = engine.numPreemptions();
    long numDeliveredBefore = engine.numTokensDelivered();
    long numScheduledTokens = 0;
    int numSteps = 0;
    boolean isLast = false;
    // One step more than there should be has a place, so that the count tells.
    while (!isLast && numSteps <= counts.numSteps()) {
      if (numAdded < prompts.length) {
        feedTimes.start();
        feed();
        feedTimes.stop();
      }
      isLast = engine.isIdle();
      work.begin();
      numScheduledTokens += step();
      work.end();
      numSteps++;
    }
    times.report();
    if (!isFedAtOnce()) {
      feedTimes.report();
    }
    work.reportAllocation();
    work.count("steps", numSteps, counts.numSteps());
    work.count("preemptions", engine.numPreemptions() - numPreemptionsBefore,
        counts.numPreemptions());
    work.count("scheduledTokens", numScheduledTokens, counts.numScheduledTokens());
    work.count("outputTokens", engine.numTokensDelivered() - numDeliveredBefore,
        counts.numOutputTokens());
    work.require("blocksNotReturned",
        kind.limits().numBlocks() - 1 - engine.numFreeBlocks(), 0);
  }

  private void feed() {
    int end = Math.min(prompts.length, numAdded + kind.numRequestsPerStep());
    for (; numAdded < end; numAdded++) {
      engine.add(numAdded, prompts[numAdded], kind.maxNewTokens());
    }
  }

  /** Returns the tokens that were scheduled. */
  private int step() {
    times.start();
    engine.plan();
    times.pause();
    int numTokens = engine.numTokens();
    engine.complete();
    times.resume();
    engine.update();
    times.stop();
    return numTokens;
  }
}
