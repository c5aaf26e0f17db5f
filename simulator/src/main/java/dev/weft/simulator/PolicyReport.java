package dev.weft.simulator;

import dev.weft.schedulerapi.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What {@link PolicyCheck} found out about a policy.
 *
 * @param numRuns           simulated runs
 * @param numSteps          steps planned in them, empty ones included
 * @param violations        runs in which an invariant did not hold; the policy is not to blame, or
 *                          it threw an error that is none of its own
 * @param stalls            runs that did not end, or in which sequences ended with NO_PROGRESS
 * @param numIdleSteps      steps without a row although the device was idle and a sequence fitted
 * @param numPolicyFailures exceptions that the policy threw
 * @param firstFailure      the first of them; empty when there was none
 * @param numPreemptions    how often a sequence lost its KV blocks
 * @param numOutputTokens   tokens of the runs of a server under an ordinary load
 * @param numServingSteps   steps with a row of these runs
 * @param servingNanos      length of these runs in virtual time
 * @param firstToken        nanoseconds to the first token (TTFT) in these runs
 * @param interToken        nanoseconds between tokens of a sequence (ITL) in these runs
 */
public record PolicyReport(
    long numRuns,
    long numSteps,
    List<Finding> violations,
    List<Finding> stalls,
    long numIdleSteps,
    long numPolicyFailures,
    String firstFailure,
    long numPreemptions,
    long numOutputTokens,
    long numServingSteps,
    long servingNanos,
    Histogram firstToken,
    Histogram interToken) {
  private static final int NUM_FINDINGS_SHOWN = 3;

  /** Something found in the run of a seed. */
  public record Finding(long seed, String message) {}

  /** True when no invariant was broken. */
  public boolean isSafe() {
    return violations.isEmpty();
  }

  /** True when every run ended by itself and no sequence had to be ended for want of progress. */
  public boolean isLive() {
    return stalls.isEmpty();
  }

  /**
   * This report, when the policy is safe, live and threw nothing.
   *
   * @throws AssertionError with the whole report otherwise
   */
  public PolicyReport orThrow() {
    if (!isSafe() || !isLive() || numPolicyFailures > 0) {
      throw new AssertionError(toString());
    }
    return this;
  }

  @Override public String toString() {
    StringBuilder text = new StringBuilder(String.format(Locale.ROOT,
        "%d runs, %d steps, %d preemptions%n", numRuns, numSteps, numPreemptions));
    append(text, "safe", violations);
    append(text, "live", stalls);
    text.append(numIdleSteps).append(" idle steps although a sequence fitted\n");
    if (numPolicyFailures > 0) {
      text.append(numPolicyFailures).append(" exceptions of the policy, the first: ")
          .append(firstFailure).append('\n');
    }
    return text.append(String.format(Locale.ROOT,
        "serving: %d tokens in %d steps, %.0f tokens/s%nTTFT  %s%nITL   %s%n", numOutputTokens,
        numServingSteps, RunReport.share(1_000_000_000L * numOutputTokens, servingNanos),
        RunReport.quantiles(firstToken), RunReport.quantiles(interToken))).toString();
  }

  private static void append(StringBuilder text, String virtue, List<Finding> findings) {
    text.append(findings.isEmpty() ? virtue : "NOT " + virtue + " in " + findings.size() + " runs")
        .append('\n');
    for (Finding finding : findings.subList(0, Math.min(NUM_FINDINGS_SHOWN, findings.size()))) {
      text.append("  seed ").append(finding.seed).append(": ").append(finding.message).append('\n');
    }
  }

  /** Adds up runs. */
  static final class Collector {
    private final Coverage total = new Coverage();
    private final List<Finding> violations = new ArrayList<>();
    private final List<Finding> stalls = new ArrayList<>();
    private final Histogram firstToken = new Histogram(Meter.NUM_DIGITS);
    private final Histogram interToken = new Histogram(Meter.NUM_DIGITS);
    private long numOutputTokens;
    private long numServingSteps;
    private long servingNanos;

    void addViolation(long seed, String message) {
      violations.add(new Finding(seed, message));
    }

    void addUnending(long seed, String message) {
      stalls.add(new Finding(seed, message));
    }

    int numFindings() {
      return violations.size() + stalls.size();
    }

    void addRun(long seed, Coverage coverage) {
      total.add(coverage);
      long numStalled = coverage.numFinished(FinishReason.NO_PROGRESS);
      if (numStalled > 0) {
        stalls.add(new Finding(seed, "L10: " + numStalled + " sequences ended with NO_PROGRESS"));
      }
    }

    void addServing(RunReport run) {
      numOutputTokens += run.numOutputTokens();
      numServingSteps += run.numSteps();
      servingNanos += run.virtualNanos();
      firstToken.add(run.firstToken());
      interToken.add(run.interToken());
    }

    PolicyReport report() {
      return new PolicyReport(total.numRuns, total.numSteps, List.copyOf(violations),
          List.copyOf(stalls), total.numIdleSteps, total.numPolicyFailures,
          total.firstPolicyFailure, total.numPreemptions, numOutputTokens, numServingSteps,
          servingNanos, firstToken, interToken);
    }
  }
}
