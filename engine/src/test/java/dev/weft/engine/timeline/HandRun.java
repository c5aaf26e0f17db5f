package dev.weft.engine.timeline;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;

/**
 * Tells a listener of a run that a test makes up, call by call, as a scheduler would. The slot of a
 * request is its id, and one more for each sample.
 */
final class HandRun {
  final HandStats stats = new HandStats();
  private final SchedulerListener listener;
  private final PlanWriter plan = new PlanWriter();
  private final StepResult result = new StepResult(64, 4, 0);
  long nowNanos = 1_000;

  HandRun(SchedulerListener listener) {
    this.listener = listener;
  }

  static Request.Builder request(long id, int numPrompt, int maxNew) {
    return Request.builder(id, new int[numPrompt]).sampling(SamplingParameters.greedy(maxNew));
  }

  static Request samples(long id, int numPrompt, int maxNew, int numSamples) {
    return request(id, numPrompt, maxNew).sampling(SamplingParameters.builder()
        .maxNewTokens(maxNew).numSamples(numSamples).build()).build();
  }

  HandRun at(long nanos) {
    nowNanos = nanos;
    return this;
  }

  HandRun add(Request request) {
    for (int sample = 0; sample < request.sampling().numSamples(); sample++) {
      plan.attach((int) request.id() + sample, request, sample, 0);
    }
    listener.onAdd(request, 0, nowNanos);
    return this;
  }

  HandRun admit(long id, int numCached) {
    listener.onAdmit(id, 0, numCached, nowNanos);
    return this;
  }

  /** A row of the plan being written, of slot {@code id}. */
  HandRun row(long slot, int start, int numTokens) {
    plan.row((int) slot, start, new int[numTokens]);
    return this;
  }

  HandRun decode(long slot, int start) {
    plan.sampledRow((int) slot, start, 0);
    return this;
  }

  HandRun drafts(int... drafts) {
    plan.drafts(drafts);
    return this;
  }

  HandRun plan() {
    listener.onPlan(plan.write(), stats, nowNanos);
    return this;
  }

  HandRun emptyPlan() {
    listener.onPlan(new PlanWriter().write(), stats, nowNanos);
    return this;
  }

  HandRun token(long id, int sampleIndex, int outputIndex) {
    listener.onToken(id, sampleIndex, outputIndex, 5, nowNanos);
    return this;
  }

  HandRun result(long stepId, long deviceNanos) {
    result.reset(stepId, 0);
    result.setDeviceNanos(deviceNanos);
    listener.onResult(result, stats, nowNanos);
    return this;
  }

  HandRun failedResult(long stepId, String message) {
    result.reset(stepId, 0);
    result.failStep(message);
    listener.onResult(result, stats, nowNanos);
    return this;
  }

  HandRun preempt(long id, long forId, int numTokens, int numBlocks) {
    listener.onPreempt(id, 0, forId, PreemptReason.POLICY, numTokens, numBlocks, nowNanos);
    return this;
  }

  HandRun preempt(long id, PreemptReason reason) {
    listener.onPreempt(id, 0, -1, reason, 1, 1, nowNanos);
    return this;
  }

  HandRun finish(long id, int sampleIndex, FinishReason reason, int numTokens) {
    listener.onFinish(id, sampleIndex, reason, numTokens, nowNanos);
    return this;
  }

  /** One request of one prompt token and one output token, in a step of its own of 100 ns. */
  HandRun shortRequest(long id, long stepId) {
    add(request(id, 1, 1).build()).admit(id, 0).decode(id, 0).plan();
    return at(nowNanos + 100).token(id, 0, 0).finish(id, 0, FinishReason.LENGTH, 1)
        .result(stepId, 50);
  }
}
