package dev.weft.simulator;

import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioEvent;
import dev.weft.testkit.conformance.ScenarioRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Runs a scenario on {@link NaiveVllm} in the loop of the schema, and writes the same record. */
final class NaiveRun {
  private final Scenario scenario;
  private final NaiveVllm vllm;
  private final Map<String, NaiveSequence> arrived = new LinkedHashMap<>();
  private int numPreemptions;

  NaiveRun(Scenario scenario) {
    this.scenario = scenario;
    vllm = new NaiveVllm(scenario);
  }

  Map<String, Object> run() {
    int last = scenario.requests().stream()
        .mapToInt(r -> Math.max(r.arrivalStep(), r.abortStep())).max().orElse(-1);
    for (ScenarioEvent event : scenario.events()) {
      last = Math.max(last, event.step());
    }
    List<Object> steps = new ArrayList<>();
    String end = "max_steps";
    int numIdle = 0;
    while (steps.size() < scenario.maxNumSteps() && end.equals("max_steps")) {
      int step = steps.size();
      if (step > last && vllm.live.isEmpty() && vllm.released.isEmpty()) {
        end = "drained";
      } else {
        Map<String, Object> record = step(step);
        steps.add(record);
        boolean isIdle = vllm.rows.isEmpty() && !record.containsKey("preempted")
            && !record.containsKey("released");
        numIdle = step >= last && isIdle ? numIdle + 1 : 0;
        end = numIdle == 3 ? "stalled" : end;
      }
    }
    Map<String, Object> golden = new LinkedHashMap<>();
    golden.put("steps", steps);
    golden.put("final", summary(steps.size(), end));
    return golden;
  }

  private Map<String, Object> step(int step) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("step", (long) step);
    vllm.preempted = new ArrayList<>();
    put(record, "events", events(step));
    put(record, "aborted", abort(step, false));
    put(record, "added", add(step));
    vllm.schedule();
    numPreemptions += vllm.preempted.size();
    record.put("scheduled", vllm.rows.stream().map(s -> (Object) s.row()).toList());
    record.put("total", vllm.rows.stream().mapToLong(s -> s.n).sum());
    put(record, "preempted", names(vllm.preempted));
    put(record, "released", vllm.released.stream().map(s -> (Object) s.id()).sorted().toList());
    vllm.released = new ArrayList<>();
    record.put("common_prefix_blocks", vllm.numCommonPrefixBlocks());
    record.put("free_after_schedule", (long) vllm.pool.free.size());
    putLookup(record);
    put(record, "aborted_during", abort(step, true));
    process(record);
    record.put("running", names(vllm.running));
    record.put("waiting", names(vllm.waiting));
    put(record, "skipped", names(vllm.skipped));
    record.put("free", (long) vllm.pool.free.size());
    record.put("cached_keys", (long) vllm.pool.cache.size());
    return record;
  }

  private static void put(Map<String, Object> record, String name, List<Object> list) {
    if (!list.isEmpty()) {
      record.put(name, list);
    }
  }

  private static List<Object> names(List<NaiveSequence> sequences) {
    return sequences.stream().map(sequence -> (Object) sequence.id()).toList();
  }

  private List<Object> events(int step) {
    List<Object> done = new ArrayList<>();
    for (ScenarioEvent event : scenario.events()) {
      if (event.step() == step && event.pauseMode() != null) {
        vllm.pause = event.pauseMode();
        done.add(Map.of("type", "pause",
            "mode", event.pauseMode().name().toLowerCase(Locale.ROOT)));
      } else if (event.step() == step) {
        done.add(Map.of("type", "reset_prefix_cache", "ok", vllm.reset(event.preemptRunning())));
      }
    }
    return done;
  }

  private List<Object> abort(int step, boolean during) {
    List<Object> aborted = new ArrayList<>();
    for (ScenarioRequest request : scenario.requests()) {
      NaiveSequence sequence = arrived.get(request.id());
      if (request.abortStep() == step && request.abortsDuring() == during && sequence != null
          && vllm.live.contains(sequence)) {
        vllm.end(sequence, "abort");
        aborted.add(request.id());
      }
    }
    return aborted;
  }

  private List<Object> add(int step) {
    List<Object> added = new ArrayList<>();
    for (ScenarioRequest request : scenario.requests()) {
      if (request.arrivalStep() == step) {
        NaiveSequence sequence = new NaiveSequence(request);
        arrived.put(request.id(), sequence);
        vllm.add(sequence);
        added.add(request.id());
      }
    }
    return added;
  }

  private void putLookup(Map<String, Object> record) {
    List<NaiveSequence> readers = vllm.admitted.stream().filter(sequence ->
        scenario.config().cachesPrefixes() && !sequence.request.skipsCacheRead()).toList();
    if (!readers.isEmpty()) {
      Map<String, Object> lookup = new LinkedHashMap<>();
      putLookup(lookup, "", readers.stream().filter(s -> !s.wasPreempted).toList());
      putLookup(lookup, "resumed_", readers.stream().filter(s -> s.wasPreempted).toList());
      record.put("lookup", lookup);
    }
  }

  private static void putLookup(
      Map<String, Object> lookup, String prefix, List<NaiveSequence> sequences) {
    lookup.put(prefix + "requests", (long) sequences.size());
    lookup.put(prefix + "queries",
        sequences.stream().mapToLong(NaiveSequence::numTokens).sum());
    lookup.put(prefix + "hits", sequences.stream().mapToLong(s -> s.start).sum());
  }

  // ---- outputs

  private void process(Map<String, Object> record) {
    List<Object> outputs = new ArrayList<>();
    List<NaiveSequence> emitters = new ArrayList<>();
    for (NaiveSequence sequence : vllm.rows) {
      if (vllm.live.contains(sequence)
          && (sequence.rowDrafts > 0 || sequence.computed >= sequence.numTokens())) {
        outputs.add(output(sequence));
        emitters.add(sequence);
      }
    }
    record.put("outputs", outputs);
    int most = scenario.config().speculation().numDraftTokens();
    for (NaiveSequence sequence : emitters) {
      if (most > 0 && vllm.live.contains(sequence)) {
        sequence.numDrafts = sequence.propose(most);
      }
    }
    Map<String, Object> pending = new LinkedHashMap<>();
    for (NaiveSequence sequence : vllm.live) {
      if (!vllm.rows.isEmpty() && sequence.numDrafts > 0) {
        pending.put(sequence.id(), (long) sequence.numDrafts);
      }
    }
    if (!pending.isEmpty()) {
      record.put("drafts_pending", pending);
    }
    vllm.rows.forEach(sequence -> sequence.n = 0);
  }

  private Map<String, Object> output(NaiveSequence sequence) {
    ScenarioRequest request = sequence.request;
    Map<String, Object> output = new LinkedHashMap<>();
    List<Object> kept = new ArrayList<>();
    output.put("id", sequence.id());
    output.put("tokens", kept);
    int accepted = 0;
    if (sequence.rowDrafts > 0) {
      accepted = sequence.accept();
      output.put("accepted", (long) accepted);
      sequence.computed -= sequence.rowDrafts - accepted;
    }
    String finish = "";
    for (int i = 0; i <= accepted && finish.isEmpty(); i++) {
      int token = vllm.output(sequence);
      sequence.tokens.add(token);
      kept.add((long) token);
      boolean mayStop = sequence.numOutputs() >= request.minTokens();
      if (mayStop && token == scenario.vocabularySize()) {
        finish = "stop";
      } else if (sequence.numTokens() >= scenario.config().maxModelLen()
          || (mayStop && sequence.numOutputs() >= request.maxTokens())) {
        finish = "length";
      }
    }
    if (!finish.isEmpty()) {
      output.put("finish", finish);
      vllm.end(sequence, finish);
    }
    return output;
  }

  private Map<String, Object> summary(int numSteps, String end) {
    Map<String, Object> finish = new LinkedHashMap<>();
    Map<String, Object> lengths = new LinkedHashMap<>();
    for (ScenarioRequest request : scenario.requests()) {
      NaiveSequence sequence = arrived.get(request.id());
      finish.put(request.id(), sequence == null ? "unfinished" : sequence.finish);
      lengths.put(request.id(), sequence == null ? 0L : (long) sequence.numOutputs());
    }
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("steps", (long) numSteps);
    summary.put("end", end);
    summary.put("finish", finish);
    summary.put("output_len", lengths);
    summary.put("free", (long) vllm.pool.free.size());
    summary.put("cached_keys", (long) vllm.pool.cache.size());
    summary.put("preemptions", (long) numPreemptions);
    summary.put("evictions", vllm.pool.numEvictions);
    if (scenario.config().numBlocks() <= 80) {
      putBlocks(summary);
    }
    return summary;
  }

  private void putBlocks(Map<String, Object> summary) {
    summary.put("free_order", vllm.pool.free.stream().map(block -> (Object) (long) block).toList());
    summary.put("hashed_blocks", IntStream.rangeClosed(1, vllm.pool.numUsable())
        .filter(vllm.pool::hasKey).mapToObj(block -> (Object) (long) block).toList());
  }
}
