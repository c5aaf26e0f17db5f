package dev.weft.simulator;

import dev.weft.schedulerapi.PauseMode;
import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioConfig;
import dev.weft.testkit.conformance.Speculation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The rules of vLLM V1's scheduler written down directly, with two queues, two budgets, a list of
 * free blocks and a map of prefixes: slow and plain, to compare with. It takes back the cache
 * entries of a withdrawn row, attaches no placeholders that a row has no room for, and stops at the
 * model's length whatever minimum is asked.
 */
final class NaiveVllm {
  private final Scenario scenario;
  private final ScenarioConfig config;
  private final Speculation speculation;
  final NaivePool pool;
  final List<NaiveSequence> running = new ArrayList<>();
  final List<NaiveSequence> waiting = new ArrayList<>();
  final List<NaiveSequence> skipped = new ArrayList<>();
  /** All that have not ended. */
  final List<NaiveSequence> live = new ArrayList<>();
  List<NaiveSequence> rows = new ArrayList<>();
  /** Since the step began. */
  List<NaiveSequence> preempted = new ArrayList<>();
  List<NaiveSequence> released = new ArrayList<>();
  List<NaiveSequence> admitted = new ArrayList<>();
  PauseMode pause = PauseMode.NONE;
  private int budget;
  private int input;

  NaiveVllm(Scenario scenario) {
    this.scenario = scenario;
    config = scenario.config();
    speculation = config.speculation();
    pool = new NaivePool(config.numBlocks());
  }

  // ---- the queues

  void add(NaiveSequence sequence) {
    live.add(sequence);
    waiting.add(sequence);
    sort(waiting);
  }

  private void sort(List<NaiveSequence> queue) {
    if (config.usesPriorities()) {
      queue.sort(Comparator.<NaiveSequence>comparingInt(s -> s.request.priority())
          .thenComparingLong(s -> s.request.arrivalRank())
          .thenComparing(NaiveSequence::id));
    }
  }

  void end(NaiveSequence sequence, String finish) {
    sequence.finish = finish;
    giveBack(sequence);
    live.remove(sequence);
    running.remove(sequence);
    waiting.remove(sequence);
    skipped.remove(sequence);
    released.add(sequence);
  }

  boolean reset(boolean preemptRunning) {
    while (preemptRunning && !running.isEmpty()) {
      preempt(running.get(running.size() - 1));
    }
    return pool.clear();
  }

  private void giveBack(NaiveSequence sequence) {
    pool.giveBack(sequence.blocks);
    sequence.blocks.clear();
    sequence.numEntered = 0;
  }

  private void preempt(NaiveSequence sequence) {
    if (rows.remove(sequence)) {
      budget += sequence.n;
      input += sequence.n + speculation.numExtraRowTokens();
      int numComputed = sequence.computed / config.blockSize();
      while (sequence.numEntered > Math.max(sequence.numEnteredBefore, numComputed)) {
        pool.forget(sequence.blocks.get(--sequence.numEntered));
      }
    }
    giveBack(sequence);
    sequence.n = 0;
    sequence.computed = 0;
    sequence.numDrafts = 0;
    sequence.wasPreempted = true;
    running.remove(sequence);
    waiting.add(0, sequence);
    sort(waiting);
    preempted.add(sequence);
  }

  // ---- blocks

  private int ceil(int tokens) {
    return (tokens + config.blockSize() - 1) / config.blockSize();
  }

  private int numBlocksFor(int end) {
    return ceil(Math.min(end + speculation.numLookaheadTokens(), config.maxModelLen()));
  }

  private void take(NaiveSequence sequence, int numWanted) {
    while (sequence.blocks.size() < numWanted) {
      sequence.blocks.add(pool.take());
    }
  }

  private void enter(NaiveSequence sequence, int end) {
    sequence.numEnteredBefore = sequence.numEntered;
    int known = Math.min(end, sequence.numTokens());
    while (config.cachesPrefixes() && (sequence.numEntered + 1) * config.blockSize() <= known) {
      int index = sequence.numEntered++;
      pool.enter(sequence.blocks.get(index), sequence.key(index + 1, config.blockSize()));
    }
  }

  private List<Integer> lookUp(NaiveSequence sequence) {
    List<Integer> hit = new ArrayList<>();
    boolean reads = config.cachesPrefixes() && !sequence.request.skipsCacheRead();
    int most = (sequence.numTokens() - 1) / config.blockSize();
    while (reads && hit.size() < most
        && pool.cache.containsKey(sequence.key(hit.size() + 1, config.blockSize()))) {
      hit.add(pool.cache.get(sequence.key(hit.size() + 1, config.blockSize())).get(0));
    }
    if (!hit.isEmpty() && speculation.dropsLastHitBlock()) {
      hit.remove(hit.size() - 1);
    }
    return hit;
  }

  // ---- schedule

  void schedule() {
    rows = new ArrayList<>();
    admitted = new ArrayList<>();
    input = config.maxNumBatchedTokens();
    budget = pause == PauseMode.ALL ? 0 : input;
    int numPreempted = preempted.size();
    runAll();
    if (preempted.size() == numPreempted && pause == PauseMode.NONE) {
      boolean isDecoding = !rows.isEmpty() && rows.stream().noneMatch(s -> s.endedShort);
      admitAll(isDecoding);
    }
    for (NaiveSequence sequence : rows) {
      sequence.computed += sequence.n;
      sequence.endedShort = sequence.computed < sequence.numTokens();
    }
  }

  private int capped(int n) {
    return config.maxNumTokensPerRow() > 0 ? Math.min(n, config.maxNumTokensPerRow()) : n;
  }

  private void runAll() {
    int extra = speculation.numExtraRowTokens();
    for (int i = 0; i < running.size() && budget > 0 && input > extra; i++) {
      NaiveSequence sequence = running.get(i);
      int n = capped(sequence.numTokens() + sequence.numDrafts - sequence.computed);
      n = Math.min(Math.min(n, budget), input - extra);
      n = Math.min(n, config.maxModelLen() - sequence.computed - 1);
      if (n == 0) {
        continue;
      }
      int numWanted = numBlocksFor(sequence.computed + n);
      while (numWanted - sequence.blocks.size() > pool.free.size()) {
        NaiveSequence victim = victim();
        i -= running.indexOf(victim) < i ? 1 : 0;
        preempt(victim);
        if (victim == sequence) {
          return;
        }
      }
      int numOld = sequence.blocks.size();
      take(sequence, numWanted);
      int numDrafts = sequence.numDrafts > 0
          ? Math.max(0, sequence.computed + n - sequence.numTokens()) : 0;
      sequence.numDrafts = 0;
      makeRow(sequence, "running", n, numOld, numDrafts);
    }
  }

  private NaiveSequence victim() {
    NaiveSequence victim = running.get(running.size() - 1);
    if (config.usesPriorities()) {
      Comparator<NaiveSequence> worse =
          Comparator.<NaiveSequence>comparingInt(s -> s.request.priority())
              .thenComparingLong(s -> s.request.arrivalRank());
      victim = running.get(0);
      for (NaiveSequence other : running) {
        victim = worse.compare(other, victim) > 0 ? other : victim;
      }
    }
    return victim;
  }

  private void makeRow(NaiveSequence sequence, String kind, int n, int numOld, int numDrafts) {
    enter(sequence, sequence.computed + n);
    sequence.kind = kind;
    sequence.start = sequence.computed;
    sequence.n = n;
    sequence.rowDrafts = numDrafts;
    sequence.isPadded = false;
    List<Object> blocks = new ArrayList<>();
    sequence.blocks.subList(numOld, sequence.blocks.size()).forEach(b -> blocks.add((long) b));
    sequence.rowBlocks = blocks;
    budget -= n;
    input -= n + speculation.numExtraRowTokens();
    rows.add(sequence);
  }

  private void admitAll(boolean isDecoding) {
    Set<Integer> adapters = new HashSet<>();
    rows.forEach(sequence -> adapters.add(sequence.request.adapter()));
    adapters.remove(0);
    List<NaiveSequence> aside = new ArrayList<>();
    while (!(waiting.isEmpty() && skipped.isEmpty()) && budget > 0
        && input > speculation.numExtraRowTokens() && running.size() < config.maxNumSeqs()) {
      List<NaiveSequence> queue = queue();
      NaiveSequence sequence = queue.get(0);
      int adapter = sequence.request.adapter();
      if (config.maxNumAdapters() > 0 && adapter > 0 && !adapters.contains(adapter)
          && adapters.size() == config.maxNumAdapters()) {
        aside.add(queue.remove(0));
      } else if (admit(sequence, isDecoding)) {
        queue.remove(0);
        adapters.add(adapter);
        adapters.remove(0);
      } else {
        break;
      }
    }
    skipped.addAll(0, aside);
    sort(skipped);
  }

  private List<NaiveSequence> queue() {
    if (config.usesPriorities() && !skipped.isEmpty() && !waiting.isEmpty()) {
      List<NaiveSequence> heads = new ArrayList<>(List.of(skipped.get(0), waiting.get(0)));
      sort(heads);
      return heads.get(0) == skipped.get(0) ? skipped : waiting;
    }
    return skipped.isEmpty() ? waiting : skipped;
  }

  private boolean admit(NaiveSequence sequence, boolean isDecoding) {
    List<Integer> hit = lookUp(sequence);
    int start = hit.size() * config.blockSize();
    int n = sequence.numTokens() - start;
    int room = Math.min(budget, input - speculation.numExtraRowTokens());
    boolean isPadded = speculation.numDraftTokens() > 0 && n == 1 && isDecoding;
    if (isPadded) {
      n = 1 + speculation.numDraftTokens();
      if (n > room || start + n > config.maxModelLen()) {
        return false;
      }
      isPadded = capped(n) == n;
      n = isPadded ? n : 1;
    }
    n = capped(n);
    if (!config.chunksPrompts() && n > room) {
      return false;
    }
    n = Math.min(n, room);
    int spare = running.isEmpty() ? 0 : (int) (config.watermark() * config.numBlocks());
    int idle = (int) hit.stream().filter(block -> pool.numHolders(block) == 0).count();
    int known = Math.min(sequence.numTokens(), config.maxModelLen());
    int numLeft = pool.free.size() - idle - spare;
    if (config.reservesFullPrompt() && Math.max(0, ceil(known) - hit.size()) > numLeft) {
      return false;
    }
    int numWanted = numBlocksFor(start + n);
    if (Math.max(0, numWanted - hit.size()) > numLeft) {
      return false;
    }
    hit.forEach(pool::hold);
    sequence.blocks.addAll(hit);
    sequence.numEntered = hit.size();
    take(sequence, numWanted);
    running.add(sequence);
    admitted.add(sequence);
    sequence.computed = start;
    makeRow(sequence, sequence.wasPreempted ? "resumed" : "new", n, 0,
        isPadded ? speculation.numDraftTokens() : 0);
    sequence.isPadded = isPadded;
    return true;
  }

  /** Blocks at the front of the first running request that everybody holds. */
  long numCommonPrefixBlocks() {
    if (running.isEmpty() || !config.cachesPrefixes()) {
      return 0;
    }
    int common = 0;
    for (int block : running.get(0).blocks) {
      if (pool.numHolders(block) < running.size()) {
        break;
      }
      common++;
    }
    return common;
  }

  /** The next output token of the model. */
  int output(NaiveSequence sequence) {
    return sequence.request.output(sequence.numOutputs(), scenario.vocabularySize());
  }
}
