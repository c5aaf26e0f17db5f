package dev.weft.engine.jfr;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayDeque;
import jdk.jfr.EventType;
import org.jspecify.annotations.Nullable;

/**
 * Tells Java Flight Recorder what one scheduler does: events {@code dev.weft.Step}, {@code
 * dev.weft.Admit}, {@code dev.weft.Preempt} and {@code dev.weft.Finish}. They are recorded with the
 * time at which they were told, on the clock of the recorder.
 *
 * <p>An event that no recording asks for costs one read of a flag and allocates nothing. Needs the
 * module {@code jdk.jfr}. Used by the scheduler thread alone.
 */
public final class JfrEvents implements SchedulerListener {
  /** Steps that may be open: more than a scheduler has in flight, for the executor may die. */
  private static final int MAX_NUM_OPEN_STEPS = 32;

  private static final EventType STEP = EventType.getEventType(StepEvent.class);
  private static final EventType ADMIT = EventType.getEventType(AdmitEvent.class);
  private static final EventType PREEMPT = EventType.getEventType(PreemptEvent.class);
  private static final EventType FINISH = EventType.getEventType(FinishEvent.class);

  private final ArrayDeque<StepEvent> openSteps = new ArrayDeque<>(MAX_NUM_OPEN_STEPS);

  /** Events of one scheduler, which it is to be the listener of. */
  public JfrEvents() {}

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    if (ADMIT.isEnabled()) {
      AdmitEvent event = new AdmitEvent();
      event.requestId = requestId;
      event.sampleIndex = sampleIndex;
      event.numCachedTokens = numCachedTokens;
      event.commit();
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    if (PREEMPT.isEnabled()) {
      PreemptEvent event = new PreemptEvent();
      event.requestId = requestId;
      event.sampleIndex = sampleIndex;
      event.forRequestId = forRequestId;
      event.reason = reason.name();
      event.numTokensToRecompute = numTokensToRecompute;
      event.numBlocksReleased = numBlocksReleased;
      event.commit();
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    if (FINISH.isEnabled()) {
      FinishEvent event = new FinishEvent();
      event.requestId = requestId;
      event.sampleIndex = sampleIndex;
      event.reason = reason.name();
      event.numOutputTokens = numOutputTokens;
      event.commit();
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    if (!STEP.isEnabled() || plan.isEmpty()) {
      return;
    }
    if (openSteps.size() == MAX_NUM_OPEN_STEPS) {
      openSteps.removeFirst();
    }
    StepEvent event = new StepEvent();
    event.begin();
    event.stepId = plan.stepId();
    event.numRows = plan.numRows();
    event.numTokens = plan.numTokens();
    for (int row = 0; row < plan.numRows(); row++) {
      event.numSampledRows += plan.isSampled(row) ? 1 : 0;
      event.numDraftTokens += plan.numDraftTokens(row);
    }
    event.numRunning = stats.numRunning();
    event.numWaiting = stats.numWaiting();
    event.numInFlight = stats.numInFlight();
    event.kvUsage = stats.kvUsage();
    openSteps.addLast(event);
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    StepEvent event = take(result.stepId());
    if (event != null) {
      event.deviceNanos = result.deviceNanos();
      event.isCompleted = result.outcome() == StepResult.Outcome.COMPLETED;
      event.commit();
    }
  }

  /** The open event of a step; those of earlier steps, whose result was lost, are forgotten. */
  private @Nullable StepEvent take(long stepId) {
    while (!openSteps.isEmpty() && openSteps.getFirst().stepId <= stepId) {
      StepEvent event = openSteps.removeFirst();
      if (event.stepId == stepId) {
        return event;
      }
    }
    return null;
  }
}
