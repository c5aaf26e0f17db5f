package dev.weft.simulator;

import static java.util.Objects.requireNonNull;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import java.util.HashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Measures what callers feel, in virtual time: the time to the first token (TTFT), from the arrival
 * of the request, and the times between further tokens of a sequence (ITL); tokens of one step are
 * 0 apart.
 */
final class Meter implements SchedulerListener {
  static final int NUM_DIGITS = 3;
  private static final int MAX_NUM_SAMPLES = 128;
  private final Map<Long, Long> arrivalNanos = new HashMap<>();
  private final Map<Long, Long> lastTokenNanos = new HashMap<>();
  final Histogram firstToken = new Histogram(NUM_DIGITS);
  final Histogram interToken = new Histogram(NUM_DIGITS);
  long numSteps;
  long numRows;
  long numFinished;

  @Override public void onAdd(Request request, long seed, long addedNanos) {
    arrivalNanos.put(request.id(), addedNanos);
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long plannedNanos) {
    numSteps += plan.numRows() > 0 ? 1 : 0;
    numRows += plan.numRows();
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    Long last = lastTokenNanos.put(key(requestId, sampleIndex), nowNanos);
    if (last == null) {
      firstToken.recordValue(nowNanos - requireNonNull(arrivalNanos.get(requestId)));
    } else {
      interToken.recordValue(nowNanos - last);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long endNanos) {
    lastTokenNanos.remove(key(requestId, sampleIndex));
    numFinished++;
  }

  private static long key(long requestId, int sampleIndex) {
    return requestId * MAX_NUM_SAMPLES + sampleIndex;
  }
}
