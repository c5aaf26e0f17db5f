package dev.weft.micrometer;

import static dev.weft.schedulerapi.FinishReason.ABORT;
import static dev.weft.schedulerapi.FinishReason.DEADLINE;
import static dev.weft.schedulerapi.FinishReason.ERROR;
import static dev.weft.schedulerapi.FinishReason.LENGTH;
import static dev.weft.schedulerapi.FinishReason.NO_PROGRESS;
import static dev.weft.schedulerapi.FinishReason.REFUSED;
import static dev.weft.schedulerapi.FinishReason.SHUTDOWN;
import static dev.weft.schedulerapi.FinishReason.STOP;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.weft.micrometer.LiveRequest.Sample;
import dev.weft.micrometer.Published.Value;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;

/**
 * The metrics that vLLM has and a scheduler can fill. Every sample of a request counts as a request
 * of its own, as it does there, except in {@code request_params_n} and {@code
 * request_max_num_generation_tokens}. An interval that did not happen, such as the decode of a
 * request that never ran, is not recorded.
 */
final class VllmMeters implements Recorder {
  private final MeterSet meters;
  private final Tags tags;
  private final Timer firstToken;
  private final Timer interToken;
  private final Timer timePerToken;
  private final Timer endToEnd;
  private final Timer queue;
  private final Timer inference;
  private final Timer prefill;
  private final Timer decode;
  private final DistributionSummary stepTokens;
  private final DistributionSummary promptTokens;
  private final DistributionSummary outputTokens;
  private final DistributionSummary longestOutput;
  private final DistributionSummary maxTokens;
  private final DistributionSummary computedTokens;
  private final DistributionSummary samples;

  VllmMeters(MeterSet meters, String modelName, String engine, ExecutorSpec spec) {
    this.meters = meters;
    tags = Tags.of("model_name", modelName, "engine", engine);
    registerGauges(spec, engine);
    registerCounters();
    registerDraftCounters(spec.maxNumDraftTokens());
    firstToken = timer("time_to_first_token_seconds",
        "Arrival to first token.", Buckets.VLLM_FIRST_TOKEN);
    interToken = timer("inter_token_latency_seconds",
        "Time between results that bring tokens of a sample.", Buckets.VLLM_PER_TOKEN);
    timePerToken = timer("request_time_per_output_token_seconds",
        "Decode time divided by the tokens after the first; 0 for a single token.",
        Buckets.VLLM_PER_TOKEN);
    endToEnd = timer("e2e_request_latency_seconds", "Arrival to end.", Buckets.VLLM_REQUEST);
    queue = timer("request_queue_time_seconds",
        "Acceptance to first admission.", Buckets.VLLM_REQUEST);
    inference = timer("request_inference_time_seconds",
        "First admission to last token.", Buckets.VLLM_REQUEST);
    prefill = timer("request_prefill_time_seconds",
        "First admission to first token.", Buckets.VLLM_REQUEST);
    decode = timer("request_decode_time_seconds",
        "First token to last token.", Buckets.VLLM_REQUEST);
    double[] lengths = Buckets.upTo(spec.maxModelLen());
    stepTokens = summary("iteration_tokens_total",
        "Prompt tokens computed plus tokens sampled in a step.", Buckets.VLLM_STEP_TOKENS);
    promptTokens = summary("request_prompt_tokens", "Length of the prompt.", lengths);
    outputTokens = summary("request_generation_tokens", "Length of the output.", lengths);
    longestOutput = summary("request_max_num_generation_tokens",
        "Longest output among the samples; once for a request.", lengths);
    maxTokens = summary("request_params_max_tokens", "Most output tokens asked for.", lengths);
    computedTokens = summary("request_prefill_kv_computed_tokens",
        "Prompt tokens less those from the cache.", lengths);
    samples = summary("request_params_n",
        "Samples asked for; once for a request.", Buckets.VLLM_SAMPLES);
  }

  private void registerGauges(ExecutorSpec spec, String engine) {
    gauge("num_requests_running", "Sequences that run.", tags, Value.RUNNING);
    meters.gauge("vllm:num_requests_waiting", "Sequences that wait, for whatever.", tags,
        p -> p.count(Value.WAITING) + p.count(Value.BLOCKED));
    String byReason =
        "Sequences that wait for their turn, and those that wait for something outside.";
    gauge("num_requests_waiting_by_reason", byReason, tags.and("reason", "capacity"),
        Value.WAITING);
    gauge("num_requests_waiting_by_reason", byReason, tags.and("reason", "deferred"),
        Value.BLOCKED);
    meters.gauge("vllm:kv_cache_usage_perc", "Share of KV blocks that sequences hold, 0 to 1.",
        tags, p -> p.share(Value.KV_USAGE));
    Tags config = Tags.of("engine", engine, "block_size", String.valueOf(spec.blockSize()),
        "num_gpu_blocks", String.valueOf(spec.numBlocks()));
    meters.gauge("vllm:cache_config_info", "Always 1; the labels say it.", config, p -> 1);
  }

  private void gauge(String name, String description, Tags labels, Value value) {
    meters.gauge("vllm:" + name, description, labels, p -> p.count(value));
  }

  private void registerCounters() {
    counter("prefix_cache_queries", "Tokens asked of the prefix cache.", Value.PREFIX_QUERIES);
    counter("prefix_cache_hits", "Tokens found in the prefix cache.", Value.PREFIX_HITS);
    counter("num_preemptions", "Sequences that lost their blocks.", Value.PREEMPTIONS);
    counter("prompt_tokens", "Prompt tokens of those that got a first token.",
        Value.PROMPT_TOKENS);
    counter("prompt_tokens_cached", "Prompt tokens that were not computed.", Value.CACHED_TOKENS);
    String bySource = "Prompt tokens by where they came from.";
    meters.counter("vllm:prompt_tokens_by_source", bySource, tags.and("source", "local_compute"),
        p -> p.count(Value.COMPUTED_TOKENS));
    meters.counter("vllm:prompt_tokens_by_source", bySource, tags.and("source", "local_cache_hit"),
        p -> p.count(Value.CACHED_TOKENS));
    counter("generation_tokens", "Output tokens.", Value.OUTPUT_TOKENS);
    registerFinished("stop", STOP);
    registerFinished("length", LENGTH);
    registerFinished("abort", ABORT, DEADLINE, SHUTDOWN);
    registerFinished("error", ERROR, NO_PROGRESS, REFUSED);
  }

  /** vLLM knows fewer ends: what was cut off from outside is an abort, what failed an error. */
  private void registerFinished(String label, FinishReason... reasons) {
    meters.counter("vllm:request_success", "Sequences that ended, for whatever reason.",
        tags.and("finished_reason", label), p -> {
          long sum = 0;
          for (FinishReason reason : reasons) {
            sum += p.finished(reason);
          }
          return sum;
        });
  }

  private void registerDraftCounters(int maxNumDraftTokens) {
    if (maxNumDraftTokens == 0) {
      return;
    }
    counter("spec_decode_num_drafts", "Rows with draft tokens.", Value.DRAFTS);
    counter("spec_decode_num_draft_tokens", "Draft tokens.", Value.DRAFT_TOKENS);
    counter("spec_decode_num_accepted_tokens", "Draft tokens that were accepted.",
        Value.ACCEPTED_TOKENS);
    for (int i = 0; i < maxNumDraftTokens; i++) {
      int position = i;
      meters.counter("vllm:spec_decode_num_accepted_tokens_per_pos",
          "Accepted draft tokens by position.", tags.and("position", String.valueOf(i)),
          p -> p.accepted(position));
    }
  }

  private void counter(String name, String description, Value value) {
    meters.counter("vllm:" + name, description, tags, p -> p.count(value));
  }

  private Timer timer(String name, String description, double... bounds) {
    return meters.timer("vllm:" + name, description, tags, bounds);
  }

  private DistributionSummary summary(String name, String description, double... bounds) {
    return meters.summary("vllm:" + name, description, tags, bounds);
  }

  @Override public void onFirstToken(LiveRequest request, long nowNanos) {
    firstToken.record(nowNanos - request.arrivalNanos, NANOSECONDS);
  }

  @Override public void onLaterToken(long intervalNanos) {
    interToken.record(intervalNanos, NANOSECONDS);
  }

  @Override public void onStep(int numTokens, long stepNanos, long deviceNanos) {
    stepTokens.record(numTokens);
  }

  @Override public void onSampleEnd(LiveRequest request, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    endToEnd.record(nowNanos - request.arrivalNanos, NANOSECONDS);
    promptTokens.record(request.numPromptTokens);
    outputTokens.record(numOutputTokens);
    maxTokens.record(request.maxNewTokens);
    Sample sample = request.sample(sampleIndex);
    long admitted = sample.admittedNanos;
    if (sample.wasAdmitted()) {
      queue.record(admitted - request.addedNanos, NANOSECONDS);
    }
    if (sample.numTokens > 0) {
      computedTokens.record(request.numPromptTokens - sample.numCachedTokens);
      long decodeNanos = sample.lastTokenNanos - sample.firstTokenNanos;
      prefill.record(sample.firstTokenNanos - admitted, NANOSECONDS);
      decode.record(decodeNanos, NANOSECONDS);
      inference.record(sample.lastTokenNanos - admitted, NANOSECONDS);
      timePerToken.record(decodeNanos / Math.max(1, sample.numTokens - 1), NANOSECONDS);
    }
  }

  @Override public void onRequestEnd(LiveRequest request, long nowNanos) {
    samples.record(request.numSamples());
    longestOutput.record(request.maxNumOutputTokens);
  }
}
