package dev.weft.benchmarks;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Continuous batching as one writes it first in Java: an object for each request and block, boxed
 * ids, {@link ArrayList}, {@link ArrayDeque} and {@link HashMap}, no step in flight while the next
 * is planned, and no check of what it is given. It is there to be compared with. Every operation is
 * of the right order, and it follows the rules of vLLM V1: first come, first served; running
 * requests before waiting ones; the newest loses its blocks; nobody is admitted in a step that
 * preempted, nor whose tokens do not all find blocks.
 */
final class NaiveScheduler {
  private final MeasuredLimits limits;
  private final NaivePool pool;
  private final Map<Long, NaiveRequest> requests = new HashMap<>();
  private final Deque<NaiveRequest> waiting = new ArrayDeque<>();
  private final List<NaiveRequest> running = new ArrayList<>();
  private List<Long> finished = new ArrayList<>();
  private int numPreemptions;

  NaiveScheduler(MeasuredLimits limits) {
    this.limits = limits;
    pool = new NaivePool(limits.numBlocks(), limits.cachesPrefixes());
  }

  void add(NaiveRequest request) {
    requests.put(request.id, request);
    waiting.add(request);
  }

  NaiveStep plan() {
    NaiveStep step =
        new NaiveStep(new LinkedHashMap<>(), new HashMap<>(), new ArrayList<>(), finished);
    finished = new ArrayList<>();
    int budget = planRunning(step);
    if (step.preempted().isEmpty()) {
      admit(step, budget);
    }
    return step;
  }

  private int planRunning(NaiveStep step) {
    int budget = MeasuredLimits.MAX_BATCHED_TOKENS;
    for (int i = 0; i < running.size() && budget > 0; i++) {
      NaiveRequest request = running.get(i);
      int numTokens = Math.min(request.tokens.size() - request.numComputed, budget);
      int end = request.numComputed + numTokens;
      while (!pool.fits(request, List.of(), end)) {
        NaiveRequest victim = running.remove(running.size() - 1);
        preempt(victim, step);
        if (victim == request) {
          return budget;
        }
      }
      schedule(request, List.of(), numTokens, step);
      budget -= numTokens;
    }
    return budget;
  }

  private void preempt(NaiveRequest victim, NaiveStep step) {
    pool.giveBack(victim);
    victim.numComputed = 0;
    waiting.addFirst(victim);
    step.preempted().add(victim.id);
    numPreemptions++;
  }

  private void admit(NaiveStep step, int budgetLeft) {
    int budget = budgetLeft;
    while (budget > 0 && !waiting.isEmpty() && running.size() < limits.maxNumSeqs()) {
      NaiveRequest request = waiting.getFirst();
      List<NaiveBlock> hit = pool.match(request);
      if (!pool.fits(request, hit, request.tokens.size())) {
        return;
      }
      waiting.removeFirst();
      running.add(request);
      request.numComputed = hit.size() * MeasuredLimits.BLOCK_SIZE;
      int numTokens = Math.min(request.tokens.size() - request.numComputed, budget);
      schedule(request, hit, numTokens, step);
      budget -= numTokens;
    }
  }

  private void schedule(
      NaiveRequest request, List<NaiveBlock> hit, int numTokens, NaiveStep step) {
    request.numComputed += numTokens;
    List<Integer> newBlockIds = pool.take(request, hit, request.numComputed);
    if (!newBlockIds.isEmpty()) {
      step.newBlockIds().put(request.id, newBlockIds);
    }
    step.numTokens().put(request.id, numTokens);
  }

  /** Whether the step reaches the last token of the request, so that it must be sampled. */
  boolean isSampled(long id) {
    NaiveRequest request = request(id);
    return request.numComputed == request.tokens.size();
  }

  /**
   * Applies the tokens that a step sampled.
   *
   * @return the same tokens, for whoever asked for them
   */
  List<Output> update(NaiveStep step, Map<Long, Integer> sampled) {
    List<Output> outputs = new ArrayList<>();
    Set<NaiveRequest> ended = new HashSet<>();
    for (Long id : step.numTokens().keySet()) {
      Integer token = sampled.get(id);
      if (token == null) {
        continue;
      }
      NaiveRequest request = request(id);
      request.append(token);
      outputs.add(new Output(id, token));
      if (request.tokens.size() == request.maxNumTokens) {
        ended.add(request);
      }
    }
    if (!ended.isEmpty()) {
      running.removeAll(ended);
      ended.forEach(this::end);
    }
    return outputs;
  }

  private void end(NaiveRequest request) {
    pool.giveBack(request);
    requests.remove(request.id);
    finished.add(request.id);
  }

  private NaiveRequest request(long id) {
    NaiveRequest request = requests.get(id);
    if (request == null) {
      throw new IllegalStateException("request " + id + " is not live");
    }
    return request;
  }

  boolean isIdle() {
    return requests.isEmpty();
  }

  int numWaiting() {
    return waiting.size();
  }

  int numPreemptions() {
    return numPreemptions;
  }

  NaivePool pool() {
    return pool;
  }

  /** A token that was sampled for a request. */
  record Output(long id, int token) {}
}
