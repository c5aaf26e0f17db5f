package dev.weft.engine.journal;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;

/** Puts what a scheduler decides on a tape. */
final class DecisionRecorder implements SchedulerListener {
  private final Tape tape;

  DecisionRecorder(Tape tape) {
    this.tape = tape;
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    synchronized (tape) {
      tape.accept(request, nowNanos);
    }
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    synchronized (tape) {
      int place = tape.places.find(requestId, sampleIndex);
      tape.decision(RecordKind.ADMITTED, place, nowNanos).number(numCachedTokens);
      tape.introductions.admit(place, nowNanos);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    synchronized (tape) {
      int place = tape.places.find(requestId, sampleIndex);
      RecordWriter out = tape.decision(RecordKind.PREEMPTED, place, nowNanos);
      out.signed(forRequestId);
      out.number(reason.ordinal());
      out.number(numTokensToRecompute);
      out.number(numBlocksReleased);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    synchronized (tape) {
      int place = tape.places.find(requestId, sampleIndex);
      RecordWriter out = tape.decision(RecordKind.FINISHED, place, nowNanos);
      out.number(reason.ordinal());
      out.number(numOutputTokens);
      tape.finish(place);
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    synchronized (tape) {
      tape.planned(plan, stats, nowNanos);
    }
  }
}
