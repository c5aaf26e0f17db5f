package dev.weft.engine;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The statistics of the scheduler as of the last round, for any thread. Each number by itself is
 * right; two of them may be of different rounds.
 */
final class PublishedStats implements SchedulerStats {
  private static final Grant[] GRANTS = Grant.values();
  private static final FinishReason[] REASONS = FinishReason.values();
  private static final int NUM_NUMBERS = 24;
  private final AtomicLongArray numbers = new AtomicLongArray(NUM_NUMBERS);
  private final AtomicLongArray grants = new AtomicLongArray(GRANTS.length);
  private final AtomicLongArray reasons = new AtomicLongArray(REASONS.length);

  /** Copies; for the loop alone. */
  void publish(SchedulerStats stats) {
    int i = 0;
    numbers.setOpaque(i++, stats.numSteps());
    numbers.setOpaque(i++, stats.numEmptySteps());
    numbers.setOpaque(i++, stats.numScheduledTokens());
    numbers.setOpaque(i++, stats.numRecomputedTokens());
    numbers.setOpaque(i++, stats.numOutputTokens());
    numbers.setOpaque(i++, stats.numChunkedRows());
    numbers.setOpaque(i++, stats.numPreemptions());
    numbers.setOpaque(i++, stats.numWithdrawnRows());
    numbers.setOpaque(i++, stats.numForks());
    numbers.setOpaque(i++, stats.numBlockCopies());
    numbers.setOpaque(i++, stats.numPrefixQueryTokens());
    numbers.setOpaque(i++, stats.numPrefixHitTokens());
    numbers.setOpaque(i++, stats.numDiscardedRows());
    numbers.setOpaque(i++, stats.numPolicyFailures());
    numbers.setOpaque(i++, stats.numListenerFailures());
    numbers.setOpaque(i++, stats.numTokenPageGrowths());
    numbers.setOpaque(i++, stats.numWaiting());
    numbers.setOpaque(i++, (long) stats.numBlocked() << 32 | stats.numRunning());
    numbers.setOpaque(i++, stats.numInFlight());
    numbers.setOpaque(i++, stats.numDraftTokens());
    numbers.setOpaque(i++, stats.numAcceptedDraftTokens());
    numbers.setOpaque(i++, stats.numDraftRefusals());
    numbers.setOpaque(i++, stats.numDraftingFailures());
    numbers.setOpaque(i, Double.doubleToRawLongBits(stats.kvUsage()));
    for (Grant grant : GRANTS) {
      grants.setOpaque(grant.ordinal(), stats.numGrants(grant));
    }
    for (FinishReason reason : REASONS) {
      reasons.setOpaque(reason.ordinal(), stats.numFinished(reason));
    }
  }

  @Override public long numSteps() {
    return numbers.getOpaque(0);
  }

  @Override public long numEmptySteps() {
    return numbers.getOpaque(1);
  }

  @Override public long numScheduledTokens() {
    return numbers.getOpaque(2);
  }

  @Override public long numRecomputedTokens() {
    return numbers.getOpaque(3);
  }

  @Override public long numOutputTokens() {
    return numbers.getOpaque(4);
  }

  @Override public long numChunkedRows() {
    return numbers.getOpaque(5);
  }

  @Override public long numPreemptions() {
    return numbers.getOpaque(6);
  }

  @Override public long numWithdrawnRows() {
    return numbers.getOpaque(7);
  }

  @Override public long numForks() {
    return numbers.getOpaque(8);
  }

  @Override public long numBlockCopies() {
    return numbers.getOpaque(9);
  }

  @Override public long numPrefixQueryTokens() {
    return numbers.getOpaque(10);
  }

  @Override public long numPrefixHitTokens() {
    return numbers.getOpaque(11);
  }

  @Override public long numDiscardedRows() {
    return numbers.getOpaque(12);
  }

  @Override public long numPolicyFailures() {
    return numbers.getOpaque(13);
  }

  @Override public long numListenerFailures() {
    return numbers.getOpaque(14);
  }

  @Override public long numTokenPageGrowths() {
    return numbers.getOpaque(15);
  }

  @Override public int numWaiting() {
    return (int) numbers.getOpaque(16);
  }

  @Override public int numRunning() {
    return (int) numbers.getOpaque(17);
  }

  @Override public int numBlocked() {
    return (int) (numbers.getOpaque(17) >>> 32);
  }

  @Override public int numInFlight() {
    return (int) numbers.getOpaque(18);
  }

  @Override public long numDraftTokens() {
    return numbers.getOpaque(19);
  }

  @Override public long numAcceptedDraftTokens() {
    return numbers.getOpaque(20);
  }

  @Override public long numDraftRefusals() {
    return numbers.getOpaque(21);
  }

  @Override public long numDraftingFailures() {
    return numbers.getOpaque(22);
  }

  @Override public double kvUsage() {
    return Double.longBitsToDouble(numbers.getOpaque(23));
  }

  @Override public long numGrants(Grant grant) {
    return grants.getOpaque(grant.ordinal());
  }

  @Override public long numFinished(FinishReason reason) {
    return reasons.getOpaque(reason.ordinal());
  }
}
