package dev.weft.simulator;

import dev.weft.schedulerapi.SchedulerStats;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What one simulated run did, and what its callers felt.
 *
 * @param planHash          equal for equal runs: all decisions, folded
 * @param virtualNanos      length of the run in virtual time
 * @param numSteps          steps with a row
 * @param numEmptySteps     planned steps without one
 * @param meanBatch         rows of a step with a row
 * @param numOutputTokens   tokens delivered
 * @param numPreemptions    how often a sequence lost its KV blocks
 * @param recomputedShare   recomputed tokens as a share of all scheduled
 * @param hitRate           tokens found in the prefix cache as a share of those asked for
 * @param firstToken        nanoseconds from arrival to the first token (TTFT)
 * @param interToken        nanoseconds between tokens of a sequence (ITL)
 */
public record RunReport(
    long planHash,
    long virtualNanos,
    long numSteps,
    long numEmptySteps,
    double meanBatch,
    long numOutputTokens,
    long numPreemptions,
    double recomputedShare,
    double hitRate,
    Histogram firstToken,
    Histogram interToken) {
  private static final double NANOS_PER_MILLI = 1e6;

  static RunReport of(long planHash, long virtualNanos, SchedulerStats stats, Meter meter) {
    return new RunReport(planHash, virtualNanos, meter.numSteps, stats.numEmptySteps(),
        share(meter.numRows, meter.numSteps), stats.numOutputTokens(), stats.numPreemptions(),
        share(stats.numRecomputedTokens(), stats.numScheduledTokens()),
        share(stats.numPrefixHitTokens(), stats.numPrefixQueryTokens()), meter.firstToken,
        meter.interToken);
  }

  /** Output tokens for each second of virtual time. */
  public double tokensPerSecond() {
    return share(1_000_000_000L * numOutputTokens, virtualNanos);
  }

  static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  /** Half, 99 of 100, and the longest, in milliseconds. */
  static String quantiles(Histogram nanos) {
    return String.format(Locale.ROOT, "p50 %.1f ms, p99 %.1f ms, max %.1f ms",
        nanos.getValueAtPercentile(50) / NANOS_PER_MILLI,
        nanos.getValueAtPercentile(99) / NANOS_PER_MILLI, nanos.getMaxValue() / NANOS_PER_MILLI);
  }

  @Override public String toString() {
    return String.format(Locale.ROOT, "%d steps, mean batch %.1f, %d empty%n"
        + "%d output tokens in %.2f s, %.0f tokens/s%n"
        + "TTFT  %s%nITL   %s%n"
        + "%d preemptions, %.1f %% of the scheduled tokens recomputed, prefix hit rate %.1f %%%n",
        numSteps, meanBatch, numEmptySteps, numOutputTokens, virtualNanos / 1e9, tokensPerSecond(),
        quantiles(firstToken), quantiles(interToken), numPreemptions, 100 * recomputedShare,
        100 * hitRate);
  }
}
