package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs one scenario on a scheduler, with the model and in the loop of the schema, and writes down
 * the same record as the goldens: maps of names to {@link Long}, {@link String}, {@link Boolean},
 * lists and maps. A request that the scheduler refuses stands in the field {@code refused} of its
 * step, which no golden has.
 */
public final class ScenarioRun {
  private static final int MAX_NUM_IDLE_STEPS = 3;
  /** Greater pools are recounted at the end alone, which takes as long as many steps. */
  private static final int MAX_NUM_RECOUNTED_BLOCKS = 4096;
  private static final String REFUSED = "refused";

  private final Scenario scenario;
  private final ScenarioSetup setup;
  private final StepListener listener = new StepListener();
  private final ScenarioDriver driver;
  private final FakeModel model;
  private final PlanRecorder recorder;
  private final StepResult result;
  private final Map<Long, ScenarioRequest> byRank = new HashMap<>();
  private int[] numAccepted = {};

  /** Makes the scheduler. */
  public ScenarioRun(Scenario scenario, ScenarioDriver.Factory factory) {
    this.scenario = scenario;
    setup = new ScenarioSetup(scenario, 1);
    driver = factory.create(scenario, setup.limits, setup.spec, listener);
    model = new FakeModel(scenario);
    scenario.requests().forEach(request -> byRank.put(request.idRank(), request));
    recorder = new PlanRecorder(scenario, driver, listener, byRank);
    result = StepResult.of(setup.limits);
  }

  /** Runs to the end and returns {@code steps} and {@code final}. */
  public Map<String, Object> run() {
    int last = scenario.lastNamedStep();
    List<Object> steps = new ArrayList<>();
    String end = "max_steps";
    int numIdleSteps = 0;
    for (int step = 0; step < scenario.maxNumSteps(); step++) {
      if (step > last && driver.isIdle() && !listener.hasReleased()) {
        end = "drained";
        break;
      }
      Map<String, Object> record = step(step);
      steps.add(record);
      numIdleSteps = step >= last && isIdle(record) ? numIdleSteps + 1 : 0;
      if (numIdleSteps == MAX_NUM_IDLE_STEPS) {
        end = "stalled";
        break;
      }
    }
    driver.checkIntegrity();
    Map<String, Object> golden = new LinkedHashMap<>();
    golden.put("steps", steps);
    golden.put("final", recorder.summary(steps.size(), end));
    return golden;
  }

  private static boolean isIdle(Map<String, Object> record) {
    return record.get("scheduled") instanceof List<?> rows && rows.isEmpty()
        && !record.containsKey("preempted") && !record.containsKey("released");
  }

  /** Runs the next step, which must have this number, and returns its record. */
  Map<String, Object> step(int step) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("step", (long) step);
    PlanRecorder.put(record, "events", events(step));
    PlanRecorder.put(record, "aborted", abort(step, false));
    add(step, record);
    StepPlan plan = driver.plan(step);
    recorder.plan(plan, record);
    PlanRecorder.put(record, "aborted_during", abort(step, true));
    update(plan, step, record);
    recorder.state(record);
    if (scenario.config().numBlocks() <= MAX_NUM_RECOUNTED_BLOCKS) {
      driver.checkIntegrity();
    }
    return record;
  }

  // ---- what the host does

  private List<Object> events(int step) {
    List<Object> done = new ArrayList<>();
    for (ScenarioEvent event : scenario.events()) {
      if (event.step() == step) {
        done.add(happen(event));
      }
    }
    return done;
  }

  private Map<String, Object> happen(ScenarioEvent event) {
    Map<String, Object> entry = new LinkedHashMap<>();
    if (event.pauseMode() != null) {
      driver.pause(event.pauseMode());
      entry.put("type", "pause");
      entry.put("mode", event.pauseMode().name().toLowerCase(Locale.ROOT));
    } else {
      entry.put("type", "reset_prefix_cache");
      entry.put("ok", event.preemptRunning()
          ? driver.resetPrefixCache() : driver.resetPrefixCacheIfIdle());
    }
    return entry;
  }

  private List<Object> abort(int step, boolean during) {
    List<Object> aborted = new ArrayList<>();
    for (ScenarioRequest request : scenario.requests()) {
      if (request.abortStep() == step && request.abortsDuring() == during
          && driver.abort(request.idRank(), step)) {
        aborted.add(request.id());
      }
    }
    return aborted;
  }

  private void add(int step, Map<String, Object> record) {
    List<Object> added = new ArrayList<>();
    List<Object> refused = new ArrayList<>();
    for (ScenarioRequest request : scenario.requests()) {
      if (request.arrivalStep() == step) {
        AddResult answer = driver.add(setup.request(request), step);
        if (answer.isAccepted()) {
          listener.live.add(request.idRank());
          added.add(request.id());
        } else {
          listener.finishes.put(request.idRank(), REFUSED);
          refused.add(request.id());
        }
      }
    }
    PlanRecorder.put(record, "added", added);
    PlanRecorder.put(record, REFUSED, refused);
  }

  // ---- model and drafter

  private void update(StepPlan plan, int step, Map<String, Object> record) {
    numAccepted = new int[plan.numRows()];
    long[] requestIds = new long[plan.numRows()];
    for (int row = 0; row < requestIds.length; row++) {
      requestIds[row] = plan.requestId(row); // The plan is not to be read any more afterwards.
    }
    if (!plan.isEmpty()) {
      runModel(plan);
      driver.update(result, step);
    }
    recorder.outputs(requestIds, numAccepted, record);
    driver.draft(this::propose, step);
    if (requestIds.length > 0) {
      recorder.pendingDrafts(record);
    }
  }

  private void runModel(StepPlan plan) {
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      ScenarioRequest request = byRank(plan.requestId(row));
      int numDrafts = plan.numDraftTokens(row);
      boolean isVerified = numDrafts > 0 && listener.live.contains(request.idRank());
      numAccepted[row] = numDrafts == 0 ? -1 : 0;
      if (isVerified && !plan.hasPlaceholders(row)) {
        numAccepted[row] = model.accept(request, numDrafts);
      }
      int numTokens = plan.isSampled(row) ? 1 + Math.max(0, numAccepted[row]) : 0;
      for (int i = 0; i < numTokens; i++) {
        result.addToken(row, model.output(request, listener.numOutputs(request.idRank()) + i));
      }
    }
  }

  /** Drafts are what the model will say, so that as many are right as it accepts. */
  private void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      ScenarioRequest request = byRank(recorder.requestId(batch.handle(i)));
      int numOutputs = listener.numOutputs(request.idRank());
      int[] drafts = new int[model.propose(request)];
      for (int j = 0; j < drafts.length; j++) {
        drafts[j] = model.output(request, numOutputs + j);
      }
      batch.propose(i, new Drafts().setChain(drafts, drafts.length));
    }
  }

  private ScenarioRequest byRank(long rank) {
    ScenarioRequest request = byRank.get(rank);
    if (request == null) {
      throw new IllegalStateException("no request of the scenario has rank " + rank);
    }
    return request;
  }
}
