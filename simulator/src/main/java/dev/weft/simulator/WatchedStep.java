package dev.weft.simulator;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;

/** Passes everything on to a step, and shows the grants to a {@link DraftWatch}. */
record WatchedStep(StepBuilder step, DraftWatch watch) implements StepBuilder {
  @Override public Grant schedule(SequenceView sequence, int numTokens, int numPlaceholders) {
    Grant[] grant = new Grant[1];
    watch.grant(step, new One(sequence), numPlaceholders > 0 ? 1 : 0, numTokens, () -> {
      grant[0] = step.schedule(sequence, numTokens, numPlaceholders);
      return 0;
    });
    return grant[0];
  }

  @Override public int scheduleDecodes(int from, int maxNumTokens) {
    boolean isInRange = from >= 0 && from <= step.running().size();
    return isInRange ? watch.grant(step, step.running(), from, Integer.MAX_VALUE,
        () -> step.scheduleDecodes(from, maxNumTokens)) : step.scheduleDecodes(from, maxNumTokens);
  }

  @Override public boolean preempt(SequenceView sequence) {
    return step.preempt(sequence);
  }

  @Override public void skip(SequenceView sequence) {
    step.skip(sequence);
  }

  // ---- facts

  @Override public SequenceList running() {
    return step.running();
  }

  @Override public SequenceList waiting() {
    return step.waiting();
  }

  @Override public int numRunning() {
    return step.numRunning();
  }

  @Override public int maxNumRunning() {
    return step.maxNumRunning();
  }

  @Override public int numFreeSlots() {
    return step.numFreeSlots();
  }

  @Override public int numRows() {
    return step.numRows();
  }

  @Override public int tokenBudget() {
    return step.tokenBudget();
  }

  @Override public int numScheduledTokens(SequenceView sequence) {
    return step.numScheduledTokens(sequence);
  }

  @Override public boolean hasAdapterRoom(SequenceView sequence) {
    return step.hasAdapterRoom(sequence);
  }

  @Override public int startPosition(SequenceView sequence) {
    return step.startPosition(sequence);
  }

  @Override public int numPendingTokens(SequenceView sequence) {
    return step.numPendingTokens(sequence);
  }

  @Override public int numGrantableTokens(SequenceView sequence, int numWished) {
    return step.numGrantableTokens(sequence, numWished);
  }

  @Override public int numPositions(int numComputedTokens) {
    return step.numPositions(numComputedTokens);
  }

  @Override public int numFreeBlocks() {
    return step.numFreeBlocks();
  }

  @Override public int numTotalBlocks() {
    return step.numTotalBlocks();
  }

  @Override public int numBlocks(SequenceView sequence) {
    return step.numBlocks(sequence);
  }

  @Override public int numBlocksFreedBy(SequenceView sequence) {
    return step.numBlocksFreedBy(sequence);
  }

  @Override public int numBlocksNeeded(SequenceView sequence, int numTokens) {
    return step.numBlocksNeeded(sequence, numTokens);
  }

  @Override public SchedulerLimits limits() {
    return step.limits();
  }

  @Override public int blockSize() {
    return step.blockSize();
  }

  @Override public int chunkUnit() {
    return step.chunkUnit();
  }

  @Override public long nowNanos() {
    return step.nowNanos();
  }

  /** A list of one. */
  private record One(SequenceView sequence) implements SequenceList {
    @Override public int size() {
      return 1;
    }

    @Override public SequenceView get(int index) {
      return sequence;
    }
  }
}
