package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.StepResult;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers of {@link HandRun}, worked out by hand. */
final class HandRunTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final WeftMetrics metrics = bound();
  private final HandRun run = new HandRun(metrics);

  private WeftMetrics bound() {
    WeftMetrics made = WeftMetrics.builder(HandRun.SPEC).modelName("m").engine("e").build();
    made.bindTo(registry);
    return made;
  }

  /** The one meter with this name, and this label ({@code key=value}) unless it is empty. */
  private Meter meter(String name, String label) {
    String[] parts = label.split("=", -1);
    List<Meter> found = registry.find(name).meters().stream()
        .filter(meter -> label.isEmpty() || parts[1].equals(meter.getId().getTag(parts[0])))
        .toList();
    assertThat(found).as(name + " " + label).hasSize(1);
    return found.get(0);
  }

  private double gauge(String name) {
    return gauge(name, "");
  }

  private double gauge(String name, String label) {
    return ((Gauge) meter(name, label)).value();
  }

  @ParameterizedTest
  @CsvSource({
      "vllm:prefix_cache_queries,'',60",
      "vllm:prefix_cache_hits,'',16",
      "weft.scheduler.policy.failures,'',3",
      "weft.scheduler.drafts.refused,'',4",
      "weft.scheduler.drafting.failures,'',6",
      "weft.scheduler.listener.failures,'',7",
      "vllm:num_preemptions,'',1",
      "vllm:prompt_tokens,'',90",          // 40 + 20 + 20 + 10
      "vllm:prompt_tokens_cached,'',35",   // 16 + 0 + 19 + 0
      "vllm:prompt_tokens_by_source,source=local_compute,55",
      "vllm:prompt_tokens_by_source,source=local_cache_hit,35",
      "vllm:generation_tokens,'',7",       // 3 + 2 + 1 + 1
      "vllm:request_success,finished_reason=stop,0",
      "vllm:request_success,finished_reason=length,2",
      "vllm:request_success,finished_reason=abort,1",
      "vllm:request_success,finished_reason=error,2",
      "vllm:spec_decode_num_drafts,'',1",
      "vllm:spec_decode_num_draft_tokens,'',2",
      "vllm:spec_decode_num_accepted_tokens,'',1",
      "vllm:spec_decode_num_accepted_tokens_per_pos,position=0,1",
      "vllm:spec_decode_num_accepted_tokens_per_pos,position=1,0",
      "weft.scheduler.steps,'',4",
      "weft.scheduler.steps.empty,'',0",
      "weft.scheduler.steps.failed,'',1",
      "weft.scheduler.tokens.scheduled,'',65",
      "weft.scheduler.tokens.recomputed,'',5",
      "weft.scheduler.grants,answer=granted,9",
      "weft.scheduler.grants,answer=no_blocks,1",
      "weft.scheduler.grants,answer=no_slots,0",
      "weft.scheduler.finished,reason=error,2",
      "weft.scheduler.finished,reason=deadline,0"})
  void counters(String name, String label, double expected) {
    run.all();

    assertThat(((FunctionCounter) meter(name, label)).count()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
      // A, B, its fork, D
      "vllm:time_to_first_token_seconds,'',4,705",           // 145 + 240 + 240 + 80
      "vllm:inter_token_latency_seconds,'',2,200",           // 110 for two tokens, 90
      "vllm:request_time_per_output_token_seconds,'',4,145", // 110 / 2, 90, 0, 0
      "vllm:request_queue_time_seconds,'',4,280",            // 90 + 80 + 80 + 30
      "vllm:request_prefill_time_seconds,'',4,420",          // 50 + 160 + 160 + 50
      "vllm:request_decode_time_seconds,'',4,200",           // 110 + 90 + 0 + 0
      "vllm:request_inference_time_seconds,'',4,620",        // 160 + 250 + 160 + 50
      // A, B, its fork, C, D
      "vllm:e2e_request_latency_seconds,'',5,1235",          // 255 + 330 + 400 + 100 + 150
      // A, B with its fork, C, D
      "gen_ai.server.request.duration,error.type=,1,255",
      "gen_ai.server.request.duration,error.type=error,2,550", // 400 + 150
      "gen_ai.server.request.duration,error.type=abort,1,100",
      "gen_ai.server.request.duration,error.type=shutdown,0,0",
      "gen_ai.server.time_to_first_token,'',1,145",
      "gen_ai.server.time_per_output_token,'',1,55",
      "weft.scheduler.step.time,'',3,200",                   // 50 + 100 + 50
      "weft.scheduler.step.device.time,'',3,130"})           // 30 + 80 + 20
  void times(String name, String label, long count, double totalMillis) {
    run.all();

    Timer timer = (Timer) meter(name, label);
    assertThat(timer.count()).isEqualTo(count);
    assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isCloseTo(totalMillis, within(1e-6));
  }

  @ParameterizedTest
  @CsvSource({
      "vllm:iteration_tokens_total,'',3,62",               // 36 + 1, 9 + 4, 10 + 2
      "vllm:request_prompt_tokens,'',5,98",                // 40 + 20 + 20 + 8 + 10
      "vllm:request_generation_tokens,'',5,7",
      "vllm:request_max_num_generation_tokens,'',4,6",     // 3 + 2 + 0 + 1
      "vllm:request_params_max_tokens,'',5,21",            // 3 + 2 + 2 + 5 + 9
      "vllm:request_prefill_kv_computed_tokens,'',4,55",   // 24 + 20 + 1 + 10
      "vllm:request_params_n,'',4,5",                      // 1 + 2 + 1 + 1
      "gen_ai.client.token.usage,gen_ai.token.type=input,4,78", // 40 + 20 + 8 + 10
      "gen_ai.client.token.usage,gen_ai.token.type=output,4,7"})
  void sizes(String name, String label, long count, double total) {
    run.all();

    DistributionSummary summary = (DistributionSummary) meter(name, label);
    assertThat(summary.count()).isEqualTo(count);
    assertThat(summary.totalAmount()).isEqualTo(total);
  }

  @Test
  void theLoadIsThatOfTheLastStepCorrectedByWhatEndedSince() {
    assertLoad(0, 0, 0, 0);
    run.addThree();
    assertLoad(0, 3, 0, 0);
    run.planFirst();
    assertLoad(2, 1, 0, 0.25);
    assertThat(gauge("weft.scheduler.token.budget.usage")).isEqualTo(0.36);
    run.abortWaiting();
    assertLoad(2, 0, 0, 0.25);
    run.finishFirst();
    run.second();
    assertLoad(2, 0, 0, 0.125);
    run.third();
    assertLoad(1, 1, 0, 0.25);
    run.fourth();
    assertLoad(0, 0, 0, 0);
  }

  @Test
  void whatWaitsForSomethingOutsideIsDeferred() {
    run.addThree();
    run.planFirst();
    StepResult result = new StepResult(8, 2, 0);
    result.reset(1, 2);
    metrics.onResult(result, run.stats.load(1, 2, 3, 0.5), HandRun.at(150));

    assertLoad(1, 2, 3, 0.5);
    assertThat(gauge("vllm:num_requests_waiting_by_reason", "reason=capacity")).isEqualTo(2);
    assertThat(gauge("vllm:num_requests_waiting_by_reason", "reason=deferred")).isEqualTo(3);
  }

  private void assertLoad(int running, int waiting, int blocked, double usage) {
    assertThat(gauge("vllm:num_requests_running")).as("running").isEqualTo(running);
    assertThat(gauge("vllm:num_requests_waiting")).as("waiting").isEqualTo(waiting + blocked);
    assertThat(gauge("vllm:kv_cache_usage_perc")).as("usage").isEqualTo(usage);
    assertThat(gauge("weft.scheduler.requests.running")).isEqualTo(running);
    assertThat(gauge("weft.scheduler.requests.waiting")).isEqualTo(waiting);
    assertThat(gauge("weft.scheduler.requests.blocked")).isEqualTo(blocked);
    assertThat(gauge("weft.scheduler.kv.usage")).isEqualTo(usage);
  }

  @Test
  void afterTheLastEndNothingIsRemembered() {
    run.all();

    assertThat(metrics.numLiveRequests()).isZero();
  }
}
