package dev.weft.benchmarks.gpu;

import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;

/**
 * When the tokens of a batch came, by the clock of the engine, and how long the device worked on
 * them, by its own. Decoding is timed from the moment when the last request of the batch had its
 * first token: from then on nothing but decodes runs.
 */
final class TokenTimes implements SchedulerListener {
  private long firstId;
  private long startNanos;
  private long[] firstTokenNanos = {};
  private int numFirstTokens;
  private int numTokens;
  private int numTokensBeforeDecode;
  private long lastFirstTokenNanos;
  private long lastTokenNanos;
  private int numDecodeSteps;
  private long decodeDeviceNanos;

  /**
   * Begins a batch.
   *
   * @param firstId    of its requests, which count up from there
   * @param startNanos when they were submitted
   */
  void begin(long firstId, int numRequests, long startNanos) {
    this.firstId = firstId;
    this.startNanos = startNanos;
    firstTokenNanos = new long[numRequests];
    numFirstTokens = 0;
    numTokens = 0;
    numTokensBeforeDecode = 0;
    numDecodeSteps = 0;
    decodeDeviceNanos = 0;
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    numTokens++;
    lastTokenNanos = nowNanos;
    if (outputIndex == 0) {
      firstTokenNanos[(int) (requestId - firstId)] = nowNanos;
      numFirstTokens++;
      lastFirstTokenNanos = nowNanos;
    }
    if (nowNanos == lastFirstTokenNanos) {
      numTokensBeforeDecode = numTokens; // Tokens of one step come at one time.
    }
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    onStep(result.deviceNanos(), nowNanos);
  }

  /** A step whose tokens were told took the device so long. */
  void onStep(long deviceNanos, long nowNanos) {
    if (nowNanos == lastFirstTokenNanos) { // also when the engine took several results at once
      numDecodeSteps = 0;
      decodeDeviceNanos = 0;
    } else if (nowNanos == lastTokenNanos) { // A step behind the last token delivers nothing.
      numDecodeSteps++;
      decodeDeviceNanos += deviceNanos;
    }
  }

  /** What became of the batch. */
  GpuSample sample(String model, int round) {
    if (numFirstTokens != firstTokenNanos.length) {
      throw new IllegalStateException(
          numFirstTokens + " of " + firstTokenNanos.length + " requests had a token");
    }
    long[] sorted = firstTokenNanos.clone();
    Arrays.sort(sorted);
    long median = sorted[(sorted.length - 1) / 2];
    return new GpuSample(model, sorted.length, round, numTokens,
        (lastTokenNanos - startNanos) * 1e-9, (median - startNanos) * 1e-9,
        numTokens - numTokensBeforeDecode, (lastTokenNanos - lastFirstTokenNanos) * 1e-9,
        numDecodeSteps, decodeDeviceNanos * 1e-9);
  }
}
