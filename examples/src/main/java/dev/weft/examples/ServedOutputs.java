package dev.weft.examples;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import java.util.List;

/**
 * Keeps what the engine delivers: tokens and ends of every sample, latencies, and rows of steps.
 */
final class ServedOutputs implements SchedulerListener {
  private final List<TimedRequest> requests;
  private final SampleOutput[][] samples;
  private final LatencyRecorder firstTokens = new LatencyRecorder();
  private final LatencyRecorder tokenGaps = new LatencyRecorder();
  private final long startNanos;
  private int numFinishedRequests;
  private int numTokens;
  private long numSteps;
  private long numRows;
  private long lastFinishNanos;

  /** @param startNanos on the clock of the engine; arrivals count from here */
  ServedOutputs(List<TimedRequest> requests, long startNanos) {
    this.requests = requests;
    this.startNanos = startNanos;
    samples = new SampleOutput[requests.size()][];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = new SampleOutput[requests.get(i).numSamples()];
      for (int j = 0; j < samples[i].length; j++) {
        samples[i][j] = new SampleOutput();
      }
    }
  }

  // ---- what the engine tells

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    SampleOutput sample = sample((int) requestId, sampleIndex);
    if (sample.numTokens() > 0) {
      tokenGaps.add(nowNanos - sample.lastTokenNanos());
    } else if (sampleIndex == 0) {
      firstTokens.add(nowNanos - startNanos - requests.get((int) requestId).offsetNanos());
    }
    sample.addToken(token, nowNanos);
    numTokens++;
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    sample((int) requestId, sampleIndex).finish(reason);
    if (isFinished((int) requestId)) {
      numFinishedRequests++;
      lastFinishNanos = nowNanos;
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    if (plan.numRows() > 0) {
      numSteps++;
      numRows += plan.numRows();
    }
  }

  // ---- what became of it

  SampleOutput sample(int requestId, int sampleIndex) {
    return samples[requestId][sampleIndex];
  }

  boolean isFinished(int requestId) {
    for (SampleOutput sample : samples[requestId]) {
      if (!sample.isFinished()) {
        return false;
      }
    }
    return true;
  }

  int numFinishedRequests() {
    return numFinishedRequests;
  }

  /** Output tokens of all samples. */
  int numTokens() {
    return numTokens;
  }

  /** Sequences that a step computed, on average; empty steps do not count. */
  double meanBatch() {
    return numSteps == 0 ? 0 : (double) numRows / numSteps;
  }

  /** Steps with a row. */
  long numSteps() {
    return numSteps;
  }

  /** From the start to the end of the last request. */
  long servingNanos() {
    return lastFinishNanos - startNanos;
  }

  /** From the arrival of a request to the first token of its first sample. */
  LatencyRecorder firstTokens() {
    return firstTokens;
  }

  /** From one token of a sample to the next. */
  LatencyRecorder tokenGaps() {
    return tokenGaps;
  }
}
