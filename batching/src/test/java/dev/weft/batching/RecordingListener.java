package dev.weft.batching;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes down what a scheduler says, each event as one line that names the sample as
 * {@code request/sample}; plans are kept as {@link PlanText}. Tokens and ends are kept by sample;
 * out of order or after the end they are an error at once.
 */
class RecordingListener implements SchedulerListener {
  /** All events but tokens and plans, in order. */
  final List<String> events = new ArrayList<>();
  final List<String> plans = new ArrayList<>();
  final List<RuntimeException> policyFailures = new ArrayList<>();
  private final Map<String, List<Integer>> tokens = new HashMap<>();
  private final Map<String, FinishReason> reasons = new HashMap<>();
  private final Map<Long, Long> seeds = new HashMap<>();

  /** Tokens that were delivered to a sample, also after its end. */
  List<Integer> tokens(long requestId, int sampleIndex) {
    return tokens.getOrDefault(requestId + "/" + sampleIndex, List.of());
  }

  /** Why a sample ended; null while it lives. */
  FinishReason reason(long requestId, int sampleIndex) {
    return reasons.get(requestId + "/" + sampleIndex);
  }

  /** The seed with which a request was added. */
  long seed(long requestId) {
    return seeds.get(requestId);
  }

  /** Events whose line begins like this. */
  List<String> events(String begin) {
    return events.stream().filter(event -> event.startsWith(begin)).toList();
  }

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    long requestId = request.id();
    int numSamples = request.sampling().numSamples();
    events.add("add " + requestId + " x" + numSamples + " at " + nowNanos);
    seeds.put(requestId, seed);
    for (int sample = 0; sample < numSamples; sample++) {
      reasons.remove(requestId + "/" + sample);
      tokens.put(requestId + "/" + sample, new ArrayList<>());
    }
  }

  @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
      long nowNanos) {
    events.add("admit " + requestId + "/" + sampleIndex + " cached " + numCachedTokens + " at "
        + nowNanos);
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    String name = requestId + "/" + sampleIndex;
    List<Integer> heard = tokens.get(name);
    if (heard == null || reasons.containsKey(name) || heard.size() != outputIndex) {
      throw new AssertionError("token " + outputIndex + " of " + name + " after " + heard + " "
          + reasons.get(name));
    }
    heard.add(token);
  }

  @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
      StepResult result, int row, int tokenIndex) {
    events.add("logprob " + requestId + "/" + sampleIndex + " #" + outputIndex + " token "
        + result.token(row, tokenIndex) + " " + result.logprob(row, tokenIndex));
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    events.add("preempt " + requestId + "/" + sampleIndex + " for " + forRequestId + " " + reason
        + " tokens " + numTokensToRecompute + " blocks " + numBlocksReleased);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    String name = requestId + "/" + sampleIndex;
    events.add("finish " + name + " " + reason + " tokens " + numOutputTokens + " at " + nowNanos);
    if (reasons.put(name, reason) != null) {
      throw new AssertionError(name + " ended twice");
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    plans.add(PlanText.of(plan));
  }

  @Override public void onTransferFinished(int transferId, long nowNanos) {
    events.add("transfer " + transferId + " at " + nowNanos);
  }

  @Override public void onPolicyFailure(long stepId, RuntimeException failure) {
    events.add("policy failure in step " + stepId + ": " + failure.getMessage());
    policyFailures.add(failure);
  }
}
