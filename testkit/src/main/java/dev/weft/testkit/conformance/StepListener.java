package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SchedulerListener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What the scheduler says by itself, kept until it is written into the record of a step. */
final class StepListener implements SchedulerListener {
  /** Preempted since the last {@link #takePreempted}, in that order. */
  private List<Long> preempted = new ArrayList<>();
  private List<Long> released = new ArrayList<>();
  private Map<Long, Output> outputs = new LinkedHashMap<>();
  final Set<Long> live = new HashSet<>();
  final Set<Long> everPreempted = new HashSet<>();
  final Map<Long, Integer> numOutputs = new HashMap<>();
  final Map<Long, String> finishes = new HashMap<>();
  int numPreemptions;

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    preempted.add(requestId);
    everPreempted.add(requestId);
    numPreemptions++;
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    outputs.computeIfAbsent(requestId, id -> new Output()).tokens.add((long) token);
    numOutputs.merge(requestId, 1, Integer::sum);
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    String name = reason.name().toLowerCase(Locale.ROOT);
    finishes.put(requestId, name);
    live.remove(requestId);
    released.add(requestId);
    Output output = outputs.get(requestId);
    if (output != null) {
      output.finish = name;
    }
  }

  List<Long> takePreempted() {
    List<Long> taken = preempted;
    preempted = new ArrayList<>();
    return taken;
  }

  /** Who ended since this was asked last. */
  List<Long> takeReleased() {
    List<Long> taken = released;
    released = new ArrayList<>();
    return taken;
  }

  boolean hasReleased() {
    return !released.isEmpty();
  }

  /** By request: what it said since this was asked last. */
  Map<Long, Output> takeOutputs() {
    Map<Long, Output> taken = outputs;
    outputs = new LinkedHashMap<>();
    return taken;
  }

  int numOutputs(long requestId) {
    return numOutputs.getOrDefault(requestId, 0);
  }

  /** What one row said. */
  static final class Output {
    final List<Object> tokens = new ArrayList<>();
    String finish = "";
  }
}
