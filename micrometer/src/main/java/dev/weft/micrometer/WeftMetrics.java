package dev.weft.micrometer;

import dev.weft.micrometer.LiveRequest.Sample;
import dev.weft.micrometer.Published.Value;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Listens to one scheduler and registers what it hears with Micrometer; the names are listed in
 * docs/metrics.md. All times are those that the listener is told.
 *
 * <pre>{@code
 * PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
 * VllmNaming.install(registry);
 * WeftMetrics metrics = WeftMetrics.builder(executor.spec()).modelName("austen").build();
 * metrics.bindTo(registry);
 * WeftEngine engine = WeftEngine.builder(executor).listener(metrics).build();
 * }</pre>
 *
 * <p>The methods of a listener belong to the scheduler thread. {@link #bindTo}, {@link #close} and
 * scrapes may come from any thread: the scheduler thread publishes every number in a word of its
 * own, and nobody waits for anybody. Numbers read together need not be of the same step.
 *
 * <p>Cost: being told a token is one look-up and, where the names of vLLM are registered, one
 * observation of its interval; a step is O(rows). Neither allocates. What is remembered is bounded
 * by the live requests. Whoever finds an observation for each token too dear denies it in the
 * registry: {@code MeterFilter.denyNameStartsWith("vllm:inter_token_latency")}.
 */
public final class WeftMetrics implements SchedulerListener, MeterBinder, AutoCloseable {
  private final String modelName;
  private final String engine;
  private final String providerName;
  private final String operationName;
  private final Set<Naming> namings;
  private final ExecutorSpec spec;
  private final Published published;
  private final LiveRequests live = new LiveRequests();
  private final StepsInFlight steps;
  private long numResults;
  private int numTokensOfResult;
  /** Replaced as a whole when bound or closed; never changed. */
  private volatile Binding[] bindings = {};
  private volatile Recorder[] recorders = {};

  WeftMetrics(WeftMetricsBuilder b) {
    modelName = b.modelName;
    engine = b.engine;
    providerName = b.providerName;
    operationName = b.operationName;
    namings = b.namings;
    spec = b.spec;
    published = new Published(spec.maxNumDraftTokens());
    steps = new StepsInFlight(spec);
  }

  /** Starts to make metrics of a scheduler over an executor of this spec. */
  public static WeftMetricsBuilder builder(ExecutorSpec spec) {
    return new WeftMetricsBuilder(spec);
  }

  // ---- registries

  /**
   * Registers all meters. Counters and gauges begin with what was heard so far, histograms are
   * empty. A Prometheus registry needs {@link VllmNaming} first.
   *
   * @throws IllegalStateException when the registry has meters of this engine label already: two
   *     schedulers would write into the same ones; nothing was registered
   */
  @Override public synchronized void bindTo(MeterRegistry registry) {
    if (registry.find(SchedulerMeters.STEPS).tag("engine", engine).meter() != null) {
      throw new IllegalStateException("the registry has meters of engine \"" + engine
          + "\" already: close those metrics or choose another label");
    }
    MeterSet meters = new MeterSet(registry, published);
    List<Recorder> added = new ArrayList<>();
    added.add(new SchedulerMeters(meters, modelName, engine, spec));
    for (Naming naming : namings) {
      added.add(switch (naming) {
        case OTEL -> new OtelMeters(meters, modelName, providerName, operationName);
        case VLLM -> new VllmMeters(meters, modelName, engine, spec);
      });
    }
    Binding[] more = Arrays.copyOf(bindings, bindings.length + 1);
    more[bindings.length] = new Binding(meters, added);
    set(more);
  }

  private void set(Binding[] value) {
    bindings = value;
    recorders = Arrays.stream(value).flatMap(binding -> binding.recorders.stream())
        .toArray(Recorder[]::new);
  }

  /**
   * Takes its meters out of every registry, so that the metrics of another scheduler can take their
   * place. It may still be a listener. Idempotent.
   */
  @Override public synchronized void close() {
    Binding[] gone = bindings;
    set(new Binding[0]);
    for (Binding binding : gone) {
      binding.meters.removeAll();
    }
  }

  // ---- life of a request

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    LiveRequest added = new LiveRequest(request, nowNanos);
    live.put(added);
    published.add(added.place(0), 1);
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    LiveRequest request = live.find(requestId);
    if (request != null) {
      request.sample(sampleIndex).admit(numCachedTokens, nowNanos);
    }
  }

  @Override public void onToken(
      long requestId, int sampleIndex, int outputIndex, int token, long nowNanos) {
    published.add(Value.OUTPUT_TOKENS, 1);
    numTokensOfResult++;
    LiveRequest request = live.find(requestId);
    if (request == null) {
      return;
    }
    Sample sample = request.sample(sampleIndex);
    if (sample.numTokens == 0) {
      takeFirstToken(request, sampleIndex, nowNanos);
    } else if (sample.lastResultIndex != numResults) {
      for (Recorder recorder : recorders) {
        recorder.onLaterToken(nowNanos - sample.lastTokenNanos);
      }
    }
    sample.numTokens++;
    sample.lastTokenNanos = nowNanos;
    sample.lastResultIndex = numResults;
  }

  private void takeFirstToken(LiveRequest request, int sampleIndex, long nowNanos) {
    Sample sample = request.sample(sampleIndex);
    request.noteFork(sample);
    sample.firstTokenNanos = nowNanos;
    if (request.firstTokenNanos == LiveRequest.NEVER) {
      request.firstTokenNanos = nowNanos;
    }
    published.add(Value.PROMPT_TOKENS, request.numPromptTokens);
    published.add(Value.CACHED_TOKENS, sample.numCachedTokens);
    published.add(Value.COMPUTED_TOKENS, request.numPromptTokens - sample.numCachedTokens);
    for (Recorder recorder : recorders) {
      recorder.onFirstToken(request, nowNanos);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    published.add(Value.PREEMPTIONS, 1);
    LiveRequest request = live.find(requestId);
    if (request != null) {
      request.noteFork(request.sample(sampleIndex));
      request.sample(sampleIndex).isRunning = false;
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    published.addFinished(reason);
    LiveRequest request = live.find(requestId);
    if (request == null) {
      return;
    }
    request.end(request.sample(sampleIndex), reason, numOutputTokens);
    boolean isLast = request.numLiveSamples == 0;
    if (isLast) {
      live.remove(requestId);
    }
    publishLoadWithout(request, sampleIndex);
    for (Recorder recorder : recorders) {
      recorder.onSampleEnd(request, sampleIndex, reason, numOutputTokens, nowNanos);
      if (isLast) {
        recorder.onRequestEnd(request, nowNanos);
      }
    }
  }

  /**
   * A request may end between steps, and after the last one no step may follow for long. So the
   * load is corrected at once; the next step says it exactly.
   */
  private void publishLoadWithout(LiveRequest request, int sampleIndex) {
    Value place = request.place(sampleIndex);
    if (live.size() == 0) {
      published.setIdle();
    } else if (request.isBorn(sampleIndex) && published.count(place) > 0) {
      published.add(place, -1);
    }
  }

  /** What is remembered at the moment. */
  int numLiveRequests() {
    return live.size();
  }

  // ---- steps

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    if (!plan.isEmpty()) {
      steps.begin(plan, nowNanos);
    }
    published.setShare(Value.BUDGET_USAGE, (double) plan.numTokens() / spec.maxNumBatchedTokens());
    published.set(stats);
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    int numTokens = numTokensOfResult;
    numTokensOfResult = 0;
    numResults++;
    published.set(stats);
    if (result.outcome() == StepResult.Outcome.FAILED) {
      published.add(Value.FAILED_STEPS, 1);
    } else if (result.numRows() > 0 && steps.knows(result.stepId())) {
      takeStep(result, numTokens, nowNanos);
    }
  }

  private void takeStep(StepResult result, int numTokens, long nowNanos) {
    long stepId = result.stepId();
    int numComputed = steps.numPromptTokens(stepId) + numTokens;
    long stepNanos = nowNanos - steps.plannedNanos(stepId);
    for (Recorder recorder : recorders) {
      recorder.onStep(numComputed, stepNanos, result.deviceNanos());
    }
    if (steps.numDrafts(stepId) > 0) {
      published.add(Value.DRAFTS, steps.numDrafts(stepId));
      published.add(Value.DRAFT_TOKENS, steps.numDraftTokens(stepId));
      for (int row = 0; row < result.numRows(); row++) {
        published.addAccepted(Math.max(0, result.numTokens(row) - 1));
      }
    }
  }

  /** What one registry got. */
  private record Binding(MeterSet meters, List<Recorder> recorders) {}
}
