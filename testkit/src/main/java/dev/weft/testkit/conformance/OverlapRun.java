package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.BooksChecker;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.HashModelExecutor;
import dev.weft.testkit.PlanChecker;
import dev.weft.testkit.SoloRun;
import dev.weft.testkit.TokenOracle;
import java.util.HashMap;
import java.util.Map;

/**
 * Serves the workload of a scenario (its requests, arrivals, aborts, events and limits) with {@link
 * HashModelExecutor}, which reads everything through block tables, and with several steps in
 * flight. Each request must say what it says alone, each token once; plans and books are checked at
 * every step. A stop falls on the output token that the scenario calls the end, unless the text has
 * it earlier. Whoever has not ended when the scenario is over, because it never fits, is aborted.
 */
public final class OverlapRun {
  /** Plans without a row, with nothing in flight, after which nobody will run any more. */
  private static final int MAX_NUM_IDLE_STEPS = 20;

  private final Scenario scenario;
  private final int maxInFlight;
  private final ScenarioDriver driver;
  private final HashModelExecutor executor;
  private final PlanChecker planChecker;
  private final TokenOracle oracle;
  private final BooksChecker books;
  private final StepResult result;
  private final FakeModel script;
  private final Map<Long, ScenarioRequest> byRank = new HashMap<>();
  private final Map<Long, Request> requests = new HashMap<>();
  /** By rank: all that it says alone. */
  private final Map<Long, int[]> outputs = new HashMap<>();
  private int numIdleSteps;
  private int maxNumSeenInFlight;

  /** @param maxInFlight steps that may be submitted before the first one completes */
  public OverlapRun(Scenario scenario, ScenarioDriver.Factory factory, int maxInFlight) {
    this.scenario = scenario;
    this.maxInFlight = maxInFlight;
    ScenarioSetup setup = new ScenarioSetup(scenario, maxInFlight);
    HashModel model = new HashModel(setup.limits.vocabularySize());
    for (ScenarioRequest request : scenario.requests()) {
      Request alone = withEnd(setup.request(request), request, model);
      byRank.put(request.idRank(), request);
      requests.put(request.idRank(), alone);
      outputs.put(request.idRank(), alone(alone, model));
    }
    oracle = new TokenOracle(setup.limits.vocabularySize(), setup.limits.maxModelLen());
    planChecker = new PlanChecker(setup.limits, setup.spec);
    executor = HashModelExecutor.completingOnDemand(setup.spec);
    driver = factory.create(scenario, setup.limits, setup.spec, oracle);
    books = new BooksChecker(driver.kvCache());
    result = StepResult.of(setup.limits);
    script = new FakeModel(scenario);
  }

  private Request withEnd(Request request, ScenarioRequest recorded, HashModel model) {
    int[] output = alone(request, model);
    int eosAt = recorded.eosAt();
    SamplingParameters sampling = request.sampling();
    int stop = eosAt > 0 && eosAt <= output.length
        ? output[eosAt - 1] : scenario.vocabularySize();
    int[] prompt = new int[request.numPromptTokens()];
    request.copyPromptTokens(0, prompt, 0, prompt.length);
    Request.Builder builder = Request.builder(request.id(), prompt)
        .sampling(SamplingParameters.builder().maxNewTokens(sampling.maxNewTokens())
            .minNewTokens(sampling.minNewTokens()).stopTokenIds(stop).seed(recorded.seed())
            .build())
        .priority(request.priority()).arrivalNanos(request.arrivalNanos())
        .cacheSalt(request.cacheSalt()).adapterId(request.adapterId());
    return request.skipsCacheRead() ? builder.skipCacheRead().build() : builder.build();
  }

  private int[] alone(Request request, HashModel model) {
    return new SoloRun(model, request, 0, 0, scenario.config().maxModelLen()).complete();
  }

  /**
   * Runs to the end.
   *
   * @throws AssertionError whose message begins with the invariant that does not hold
   */
  public void run() {
    int last = scenario.lastNamedStep();
    int step = 0;
    while (step <= last || !driver.isIdle()) {
      happen(step);
      while (driver.canPlan() && plan(step)) {
        // The device shall be as far behind as it may.
      }
      complete(step);
      if (step > last && (numIdleSteps > MAX_NUM_IDLE_STEPS || step > scenario.maxNumSteps())) {
        requests.keySet().forEach(id -> driver.abort(id, 0));
      }
      step++;
    }
    oracle.checkAllEnded();
    books.checkAllFree();
  }

  /** Output tokens, all compared. */
  public long numTokens() {
    return oracle.numTokens();
  }

  /** Most steps that were in flight at once. */
  public int maxNumSeenInFlight() {
    return maxNumSeenInFlight;
  }

  private void happen(int step) {
    for (ScenarioEvent event : scenario.events()) {
      if (event.step() == step && event.pauseMode() != null) {
        driver.pause(event.pauseMode());
      } else if (event.step() == step && event.preemptRunning()) {
        driver.resetPrefixCache();
      } else if (event.step() == step) {
        driver.resetPrefixCacheIfIdle();
      }
    }
    abort(step, false);
    for (ScenarioRequest request : scenario.requests()) {
      Request added = requests.get(request.idRank());
      if (request.arrivalStep() == step && added != null) {
        oracle.expect(added);
        driver.add(added, step);
      }
    }
  }

  private void abort(int step, boolean during) {
    for (ScenarioRequest request : scenario.requests()) {
      if (request.abortStep() == step && request.abortsDuring() == during) {
        driver.abort(request.idRank(), step);
      }
    }
  }

  /** False when another plan would be as empty. */
  private boolean plan(int step) {
    StepPlan plan = driver.plan(step);
    planChecker.check(plan);
    check();
    boolean isIdle = plan.numRows() == 0 && executor.numInFlight() == 0;
    numIdleSteps = isIdle ? numIdleSteps + 1 : 0;
    if (plan.isEmpty()) {
      return false;
    }
    executor.submit(plan);
    maxNumSeenInFlight = Math.max(maxNumSeenInFlight, executor.numInFlight());
    return true;
  }

  private void complete(int step) {
    abort(step, true);
    if (executor.completeNext()) {
      executor.poll(result);
      planChecker.checkResult(result);
      driver.update(result, step);
      check();
      driver.draft(this::propose, step);
    }
  }

  private void check() {
    driver.checkIntegrity();
    books.check(driver.stats());
  }

  /** As many drafts as the script says, as many of them right as it accepts. */
  private void propose(DraftBatch batch) {
    for (int i = 0; i < batch.numSequences(); i++) {
      ScenarioRequest request = running(batch.handle(i));
      int[] drafts = new int[script.propose(request)];
      int numRight = drafts.length == 0 ? 0 : script.accept(request, drafts.length);
      int[] output = outputs.getOrDefault(request.idRank(), new int[0]);
      int numSaid = batch.tokens(i).numTokens() - request.prompt().length;
      for (int j = 0; j < drafts.length; j++) {
        int right = numSaid + j < output.length ? output[numSaid + j] : 0;
        drafts[j] = j < numRight ? right : (right + 1) % scenario.vocabularySize();
      }
      batch.propose(i, new Drafts().setChain(drafts, drafts.length));
    }
  }

  private ScenarioRequest running(int handle) {
    SequenceList running = driver.running();
    for (int i = 0; i < running.size(); i++) {
      ScenarioRequest request = byRank.get(running.get(i).requestId());
      if (running.get(i).handle() == handle && request != null) {
        return request;
      }
    }
    throw new IllegalStateException("no running sequence has handle " + handle);
  }

  @Override public String toString() {
    return scenario.name() + " with " + maxInFlight + " steps in flight";
  }
}
