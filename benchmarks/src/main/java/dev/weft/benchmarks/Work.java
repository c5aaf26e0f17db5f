package dev.weft.benchmarks;

import org.openjdk.jmh.results.AggregationPolicy;

/** Counts what the timed steps of a workload did, and compares it with the definition. */
final class Work {
  private final String workload;
  private final int numSteps;
  private long allocatedBytes;

  /** For so many steps, or whatever the workload counts as one. */
  Work(String workload, int numSteps) {
    this.workload = workload;
    this.numSteps = numSteps;
  }

  /** Timed steps begin, or go on. */
  void begin() {
    allocatedBytes -= ThreadClock.allocatedBytes();
  }

  /** Timed steps end, or are interrupted. */
  void end() {
    allocatedBytes += ThreadClock.allocatedBytes();
  }

  /**
   * Reports a count as its mean per step.
   *
   * @throws IllegalStateException when it is not what the definition says
   */
  void count(String what, long count, long expected) {
    reportMean(what + "PerStep", count, "#");
    require(what, count, expected);
  }

  /**
   * Compares a count that is the same in every step.
   *
   * @throws IllegalStateException when it is not what the definition says
   */
  void require(String what, long count, long expected) {
    if (count != expected) {
      throw new IllegalStateException(workload + ", " + numSteps + " steps: " + what + " is "
          + count + ", must be " + expected);
    }
  }

  /** Reports the bytes that were allocated between begin and end, as the mean per step. */
  void reportAllocation() {
    reportMean("allocatedBytesPerStep", allocatedBytes, "B");
  }

  /** Reports a sum as its mean per step. */
  void reportMean(String name, long sum, String unit) {
    SecondaryResults.add(name, (double) sum / numSteps, unit, AggregationPolicy.AVG);
  }
}
