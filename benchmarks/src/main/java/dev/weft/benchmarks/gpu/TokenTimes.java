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

  /** When the first step of decoding was done; 0 before. */
  private long steadyStartNanos;

  private int numSteadySteps;
  private long steadyDeviceNanos;

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
    forgetSteps();
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

  /**
   * A step whose tokens were told took the device so long. Counted are those of decoding behind the
   * first one: the host may hear late of the prefill before it, being busy with new requests.
   */
  void onStep(long deviceNanos, long nowNanos) {
    if (nowNanos == lastFirstTokenNanos) { // also when the engine took several results at once
      forgetSteps();
    } else if (nowNanos == lastTokenNanos) { // A step behind the last token delivers nothing.
      if (steadyStartNanos == 0 || nowNanos == steadyStartNanos) {
        steadyStartNanos = nowNanos;
      } else {
        numSteadySteps++;
        steadyDeviceNanos += deviceNanos;
      }
    }
  }

  private void forgetSteps() {
    steadyStartNanos = 0;
    numSteadySteps = 0;
    steadyDeviceNanos = 0;
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
        numSteadySteps, numSteadySteps == 0 ? 0 : (lastTokenNanos - steadyStartNanos) * 1e-9,
        steadyDeviceNanos * 1e-9);
  }
}
