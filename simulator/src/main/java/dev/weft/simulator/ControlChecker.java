package dev.weft.simulator;

import dev.weft.batching.Scheduler;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks that the scheduler does what its host asked for: pauses, caps, deadlines, and the order of
 * waiting (I41, I42, I77, L18).
 */
final class ControlChecker implements SchedulerListener {
  private final WaitingOrder order;
  private final Map<Long, Request> live = new HashMap<>();
  private final Map<Long, Integer> numLiveSamples = new HashMap<>();
  private LiveCaps caps;
  private PauseMode pause = PauseMode.NONE;
  private @Nullable Request announced;
  private int numRunningBefore;
  private int numWaitingBefore;
  private long numAdmissions;
  private long numAdmissionsBefore;

  /** A checker for a scheduler whose policy keeps such an order. */
  ControlChecker(LiveCaps caps, WaitingOrder order) {
    this.caps = caps;
    this.order = order;
  }

  void setCaps(LiveCaps value) {
    caps = value;
  }

  void setPause(PauseMode value) {
    pause = value;
  }

  // ---- requests

  /** Shows a request that is about to be added. */
  void beforeAdd(Scheduler scheduler, Request request) {
    announced = request;
    numWaitingBefore = scheduler.stats().numWaiting() + scheduler.stats().numBlocked();
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    long requestId = request.id();
    int numSamples = request.sampling().numSamples();
    if (request != announced) {
      throw new AssertionError("L1: request " + requestId + " was added, announced " + announced);
    }
    require(numWaitingBefore + numSamples <= caps.maxNumWaiting(), "I77", "request " + requestId
        + " with " + numSamples + " samples was added to " + numWaitingBefore + " waiting of "
        + caps.maxNumWaiting());
    require(request.deadlineNanos() > nowNanos, "L18", "request " + requestId + " was too late");
    live.put(requestId, request);
    numLiveSamples.put(requestId, numSamples);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    Request request = live.get(requestId);
    boolean isExpired = request != null && request.deadlineNanos() <= nowNanos;
    require(reason != FinishReason.DEADLINE || isExpired, "L18",
        "request " + requestId + " expired before its deadline");
    if (numLiveSamples.merge(requestId, -1, Integer::sum) == 0) {
      numLiveSamples.remove(requestId);
      live.remove(requestId);
    }
  }

  // ---- steps

  void beforePlan(Scheduler scheduler) {
    numRunningBefore = scheduler.running().size();
    numAdmissionsBefore = numAdmissions;
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
      long nowNanos) {
    numAdmissions++;
  }

  /** Looks at a scheduler that has just planned. */
  void afterPlan(Scheduler scheduler, StepPlan plan, long nowNanos) {
    require(pause != PauseMode.ALL || plan.numRows() == 0, "L19",
        plan.numRows() + " rows while all is paused");
    require(pause == PauseMode.NONE || numAdmissions == numAdmissionsBefore, "L19",
        "an admission while admissions are paused");
    int numRunning = scheduler.running().size();
    require(numRunning <= Math.max(caps.maxNumSeqs(), numRunningBefore), "I77", numRunning
        + " sequences run of " + caps.maxNumSeqs() + ", before the step " + numRunningBefore);
    for (Request request : live.values()) {
      require(request.deadlineNanos() > nowNanos, "L18",
          "request " + request.id() + " lives behind its deadline");
    }
    checkOrder(scheduler.waiting());
  }

  private void checkOrder(SequenceList waiting) {
    if (order.reevaluationNanos() != WaitingOrder.NEVER || order.isByEntry()) {
      return; // It may have changed since the list was put in order, or was never one of facts.
    }
    for (int i = 1; i < waiting.size(); i++) {
      SequenceView ahead = waiting.get(i - 1);
      SequenceView behind = waiting.get(i);
      require(!order.precedes(behind, ahead), "I41", "request " + behind.requestId() + " sample "
          + behind.sampleIndex() + " waits behind request " + ahead.requestId() + " sample "
          + ahead.sampleIndex());
    }
  }

  private static void require(boolean holds, String invariant, String message) {
    if (!holds) {
      throw new AssertionError(invariant + ": " + message);
    }
  }
}
