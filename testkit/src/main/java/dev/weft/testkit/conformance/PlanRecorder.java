package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes what a step did into its record, field by field as the schema names them. */
final class PlanRecorder {
  /** Pools up to this are recorded block by block. */
  private static final int MAX_NUM_LISTED_BLOCKS = 80;

  private final Scenario scenario;
  private final ScenarioDriver driver;
  private final StepListener listener;
  private final Map<Long, ScenarioRequest> byRank;

  PlanRecorder(Scenario scenario, ScenarioDriver driver, StepListener listener,
      Map<Long, ScenarioRequest> byRank) {
    this.scenario = scenario;
    this.driver = driver;
    this.listener = listener;
    this.byRank = byRank;
  }

  /** Writes a list unless it is empty. */
  static void put(Map<String, Object> record, String name, List<Object> list) {
    if (!list.isEmpty()) {
      record.put(name, list);
    }
  }

  /** After schedule: rows, totals, who lost blocks, who is gone. */
  void plan(StepPlan plan, Map<String, Object> record) {
    List<Object> preempted = new ArrayList<>();
    listener.takePreempted().forEach(id -> preempted.add(name(id)));
    record.put("scheduled", rows(plan, record));
    record.put("total", (long) plan.numTokens());
    put(record, "preempted", preempted);
    List<String> released = new ArrayList<>();
    listener.takeReleased().forEach(id -> released.add(name(id)));
    released.sort(PromptReader::compareCodePoints);
    put(record, "released", new ArrayList<>(released));
    record.put("common_prefix_blocks", numCommonPrefixBlocks());
    record.put("free_after_schedule", (long) driver.kvCache().numFreeBlocks());
  }

  private List<Object> rows(StepPlan plan, Map<String, Object> record) {
    Set<Integer> attached = new HashSet<>();
    for (int i = 0; i < plan.numAttached(); i++) {
      attached.add(plan.attachedSlot(i));
    }
    Map<Integer, List<Object>> written = new HashMap<>();
    for (int i = 0; i < plan.numTableWrites(); i++) {
      written.computeIfAbsent(plan.tableWriteSlot(i), slot -> new ArrayList<>())
          .add((long) plan.tableWriteBlock(i));
    }
    Lookups first = new Lookups();
    Lookups resumed = new Lookups();
    List<Object> rows = new ArrayList<>();
    for (int row = 0; row < plan.numRows(); row++) {
      boolean isAdmission = attached.contains(plan.slot(row));
      boolean isResumed = isAdmission && listener.everPreempted.contains(plan.requestId(row));
      String kind = isResumed ? "resumed" : isAdmission ? "new" : "running";
      rows.add(row(plan, row, kind, written.getOrDefault(plan.slot(row), List.of())));
      if (isAdmission) {
        (isResumed ? resumed : first).count(request(plan.requestId(row)), plan.startPosition(row));
      }
    }
    if (first.numRequests + resumed.numRequests > 0) {
      Map<String, Object> lookup = new LinkedHashMap<>();
      first.write("", lookup);
      resumed.write("resumed_", lookup);
      record.put("lookup", lookup);
    }
    return rows;
  }

  private Map<String, Object> row(StepPlan plan, int row, String kind, List<Object> blocks) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("id", name(plan.requestId(row)));
    entry.put("kind", kind);
    entry.put("start", (long) plan.startPosition(row));
    entry.put("n", (long) plan.numTokens(row));
    entry.put("blocks", blocks);
    if (plan.numDraftTokens(row) > 0) {
      entry.put("drafts", (long) plan.numDraftTokens(row));
    }
    if (plan.hasPlaceholders(row)) {
      entry.put("padded", true);
    }
    return entry;
  }

  /** Blocks at the front of the first running request that everybody holds. */
  private long numCommonPrefixBlocks() {
    SequenceList running = driver.running();
    if (running.size() == 0 || !scenario.config().cachesPrefixes()) {
      return 0;
    }
    KvCache cache = driver.kvCache();
    int handle = running.get(0).handle();
    int common = 0;
    while (common < cache.numBlocks(handle)
        && cache.numHolders(cache.block(handle, common)) == running.size()) {
      common++;
    }
    return common;
  }

  /** After the update: what each row said, in row order. */
  void outputs(long[] requestIds, int[] numAccepted, Map<String, Object> record) {
    Map<Long, StepListener.Output> said = listener.takeOutputs();
    List<Object> outputs = new ArrayList<>();
    for (int row = 0; row < requestIds.length; row++) {
      StepListener.Output output = said.get(requestIds[row]);
      if (output != null) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", name(requestIds[row]));
        entry.put("tokens", output.tokens);
        if (numAccepted[row] >= 0) {
          entry.put("accepted", (long) numAccepted[row]);
        }
        if (!output.finish.isEmpty()) {
          entry.put("finish", output.finish);
        }
        outputs.add(entry);
      }
    }
    record.put("outputs", outputs);
  }

  void pendingDrafts(Map<String, Object> record) {
    Map<String, Object> pending = new LinkedHashMap<>();
    for (SequenceList list : List.of(driver.running(), driver.waiting())) {
      for (int i = 0; i < list.size(); i++) {
        if (list.get(i).numDraftTokens() > 0) {
          pending.put(name(list.get(i).requestId()), (long) list.get(i).numDraftTokens());
        }
      }
    }
    if (!pending.isEmpty()) {
      record.put("drafts_pending", pending);
    }
  }

  /** After the step: the lists and the cache. */
  void state(Map<String, Object> record) {
    List<Object> running = new ArrayList<>();
    List<Object> waiting = new ArrayList<>();
    List<Object> skipped = new ArrayList<>();
    for (int i = 0; i < driver.running().size(); i++) {
      running.add(name(driver.running().get(i).requestId()));
    }
    for (int i = 0; i < driver.waiting().size(); i++) {
      SequenceView sequence = driver.waiting().get(i);
      (sequence.isSkipped() ? skipped : waiting).add(name(sequence.requestId()));
    }
    record.put("running", running);
    record.put("waiting", waiting);
    put(record, "skipped", skipped);
    record.put("free", (long) driver.kvCache().numFreeBlocks());
    record.put("cached_keys", (long) driver.kvCache().numCachedBlocks());
  }

  /** The request of a running sequence. */
  long requestId(int handle) {
    SequenceList running = driver.running();
    for (int i = 0; i < running.size(); i++) {
      if (running.get(i).handle() == handle) {
        return running.get(i).requestId();
      }
    }
    throw new IllegalStateException("no running sequence has handle " + handle);
  }

  /** The record of the whole run. */
  Map<String, Object> summary(int numSteps, String end) {
    KvCache cache = driver.kvCache();
    Map<String, Object> finish = new LinkedHashMap<>();
    Map<String, Object> lengths = new LinkedHashMap<>();
    for (ScenarioRequest request : scenario.requests()) {
      finish.put(request.id(), listener.finishes.getOrDefault(request.idRank(), "unfinished"));
      lengths.put(request.id(), (long) listener.numOutputs(request.idRank()));
    }
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("steps", (long) numSteps);
    summary.put("end", end);
    summary.put("finish", finish);
    summary.put("output_len", lengths);
    summary.put("free", (long) cache.numFreeBlocks());
    summary.put("cached_keys", (long) cache.numCachedBlocks());
    summary.put("preemptions", (long) listener.numPreemptions);
    summary.put("evictions", cache.numEvictions());
    if (scenario.config().numBlocks() <= MAX_NUM_LISTED_BLOCKS) {
      summary.put("free_order", freeOrder());
      summary.put("hashed_blocks", hashedBlocks());
    }
    return summary;
  }

  private List<Object> freeOrder() {
    int[] order = new int[driver.kvCache().numFreeBlocks()];
    driver.copyFreeOrder(order);
    List<Object> list = new ArrayList<>();
    for (int block : order) {
      list.add((long) block);
    }
    return list;
  }

  private List<Object> hashedBlocks() {
    List<Object> hashed = new ArrayList<>();
    for (int block = 1; block <= driver.kvCache().numBlocks(); block++) {
      if (driver.isCached(block)) {
        hashed.add((long) block);
      }
    }
    return hashed;
  }

  private ScenarioRequest request(long rank) {
    ScenarioRequest request = byRank.get(rank);
    if (request == null) {
      throw new IllegalStateException("no request of the scenario has rank " + rank);
    }
    return request;
  }

  private String name(long rank) {
    return request(rank).id();
  }

  /** Prefix-cache statistics of admissions of one kind in one step. */
  private final class Lookups {
    private long numRequests;
    private long numQueries;
    private long numHits;

    private void count(ScenarioRequest request, int numHitTokens) {
      if (scenario.config().cachesPrefixes() && !request.skipsCacheRead()) {
        numRequests++;
        numQueries += request.prompt().length + listener.numOutputs(request.idRank());
        numHits += numHitTokens;
      }
    }

    private void write(String prefix, Map<String, Object> record) {
      record.put(prefix + "requests", numRequests);
      record.put(prefix + "queries", numQueries);
      record.put(prefix + "hits", numHits);
    }
  }
}
