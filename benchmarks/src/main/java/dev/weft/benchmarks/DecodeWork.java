package dev.weft.benchmarks;

import org.openjdk.jmh.results.AggregationPolicy;

/** What the timed steps of a {@link DecodeWorkload} did, and what they have to have done. */
final class DecodeWork {
  private static final int BLOCK_SIZE = 16;

  private final int numRequests;
  private final int numSteps;
  private long numRows;
  private long numBlocksTaken;
  private long numBlocksKeyed;
  private long numTokensAppended;
  private long allocatedBytes;

  DecodeWork(int numRequests, int numSteps) {
    this.numRequests = numRequests;
    this.numSteps = numSteps;
  }

  /** Remembers the counters at the start. */
  void begin(int numFreeBlocks, int numCachedBlocks, long numTokensDelivered) {
    numBlocksTaken = numFreeBlocks;
    numBlocksKeyed = -numCachedBlocks;
    numTokensAppended = -numTokensDelivered;
  }

  /**
   * Counts the rows of a step.
   *
   * @throws IllegalStateException when it is not one token for each request
   */
  void addRows(int rows, int tokens) {
    if (rows != numRequests || tokens != numRequests) {
      throw new IllegalStateException(
          "a step has " + rows + " rows and " + tokens + " tokens, must be " + numRequests);
    }
    numRows += rows;
  }

  /** Takes the counters at the end. */
  void end(int numFreeBlocks, int numCachedBlocks, long numTokensDelivered) {
    numBlocksTaken -= numFreeBlocks;
    numBlocksKeyed += numCachedBlocks;
    numTokensAppended += numTokensDelivered;
  }

  void setAllocatedBytes(long bytes) {
    allocatedBytes = bytes;
  }

  /** Hands the means per step to JMH. */
  void report() {
    reportPerStep("rowsPerStep", numRows, "#");
    reportPerStep("blocksTakenPerStep", numBlocksTaken, "#");
    reportPerStep("blocksKeyedPerStep", numBlocksKeyed, "#");
    reportPerStep("tokensAppendedPerStep", numTokensAppended, "#");
    reportPerStep("allocatedBytesPerStep", allocatedBytes, "B");
  }

  private void reportPerStep(String name, long sum, String unit) {
    SecondaryResults.add(name, (double) sum / numSteps, unit, AggregationPolicy.AVG);
  }

  /** @throws IllegalStateException when the means are not N, N/16, N/16 and N */
  void check() {
    long numTokens = (long) numRequests * numSteps;
    require("rows", numRows, numTokens);
    require("blocks taken", numBlocksTaken, numTokens / BLOCK_SIZE);
    require("blocks keyed", numBlocksKeyed, numTokens / BLOCK_SIZE);
    require("tokens appended", numTokensAppended, numTokens);
  }

  private void require(String what, long count, long expected) {
    if (count != expected) {
      throw new IllegalStateException(numRequests + " requests, " + numSteps + " steps: " + count
          + " " + what + ", must be " + expected);
    }
  }
}
