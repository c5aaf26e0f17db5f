package dev.weft.benchmarks;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;

/**
 * Constructs requests with long prompts and adds them to a scheduler.
 *
 * <p>This scheduler computes no keys when a request is added: a block is hashed when it is looked
 * up or entered, and a lookup ends at the first block that is not there. So there are two kinds.
 * {@link Kind#ADD} is what adding costs. {@link Kind#ADD_AND_MATCH} adds a prompt that is cached
 * and looks it up within {@code add}, because the policy asks where the sequence would start:
 * that hashes each of its blocks but the last one, and also finds it and compares its tokens.
 */
public final class AddWorkload {
  /** What is done with each request. */
  public enum Kind {
    ADD,
    ADD_AND_MATCH
  }

  private static final int NUM_BLOCKS = 8192;

  private final int promptLength;
  private final int numRequests;
  private final Kind kind;
  private final int[][] prompts;
  private final SamplingParameters sampling = SamplingParameters.greedy(1);
  private final MatchAtAdd policy = new MatchAtAdd();
  private final MeasuredScheduler measured;
  private final StepTimes times;

  /** Makes the prompts, and caches that of seed 1. */
  AddWorkload(int promptLength, int numRequests, Kind kind) {
    this.promptLength = promptLength;
    this.numRequests = numRequests;
    this.kind = kind;
    measured =
        new MeasuredScheduler(MeasuredLimits.of(1, NUM_BLOCKS).withWaiting(numRequests), policy);
    times = StepTimes.inMicros("request", 1, numRequests);
    prompts = new int[numRequests][];
    for (int i = 0; i < numRequests; i++) {
      prompts[i] = Prompts.ofSeed(kind == Kind.ADD ? i + 1 : 1, promptLength);
    }
    measured.add(0, Prompts.ofSeed(1, promptLength), 1);
    while (!measured.isIdle()) {
      measured.step();
    }
  }

  /**
   * Adds the requests and hands in what JMH is to report.
   *
   * @throws IllegalStateException when the work done is not that of the definition
   */
  void run() {
    policy.isMatching = kind == Kind.ADD_AND_MATCH;
    Work work = new Work("add of " + promptLength, numRequests);
    work.begin();
    for (int i = 0; i < numRequests; i++) {
      times.start();
      measured.add(Request.builder(i + 1, prompts[i]).sampling(sampling).build());
      times.stop();
    }
    work.end();
    times.report();
    work.reportAllocation();
    work.count("requestsAdded", measured.numWaiting(), numRequests);
    int numBlocksOfHit = promptLength / MeasuredLimits.BLOCK_SIZE - 1;
    work.count("blocksMatched", policy.numTokensMatched / MeasuredLimits.BLOCK_SIZE,
        kind == Kind.ADD ? 0 : (long) numRequests * numBlocksOfHit);
  }

  /** The default policy, which can also look a prompt up before it may wait. */
  private static final class MatchAtAdd implements SchedulingPolicy {
    private final SchedulingPolicy base = ContinuousBatchingPolicy.fcfs();
    private boolean isMatching;
    private long numTokensMatched;

    @Override public void plan(StepBuilder step) {
      base.plan(step);
    }

    @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
      if (isMatching) {
        numTokensMatched += facts.startPosition(sequence);
      }
      return true;
    }
  }
}
