package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a scrape says after {@link HandRun}: names, types, labels and values. */
final class PrometheusTest {
  private static final String[] M = {"engine=e", "model_name=m"};
  private final Exposition text = scrape();

  private static Exposition scrape() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    VllmNaming.install(registry);
    WeftMetrics metrics = WeftMetrics.builder(HandRun.SPEC).modelName("m").engine("e").build();
    metrics.bindTo(registry);
    new HandRun(metrics).all();
    return new Exposition(registry.scrape());
  }

  @ParameterizedTest
  @CsvSource({
      "vllm:num_requests_running,gauge,engine model_name",
      "vllm:num_requests_waiting,gauge,engine model_name",
      "vllm:kv_cache_usage_perc,gauge,engine model_name",
      "vllm:cache_config_info,gauge,block_size engine num_gpu_blocks",
      "vllm:prefix_cache_queries_total,counter,engine model_name",
      "vllm:prefix_cache_hits_total,counter,engine model_name",
      "vllm:num_preemptions_total,counter,engine model_name",
      "vllm:prompt_tokens_total,counter,engine model_name",
      "vllm:prompt_tokens_cached_total,counter,engine model_name",
      "vllm:generation_tokens_total,counter,engine model_name",
      "vllm:spec_decode_num_drafts_total,counter,engine model_name",
      "vllm:spec_decode_num_draft_tokens_total,counter,engine model_name",
      "vllm:spec_decode_num_accepted_tokens_total,counter,engine model_name"})
  void oneSeriesOfOneValue(String name, String type, String labelKeys) {
    assertThat(text.types).containsEntry(name, type);
    assertThat(text.labelKeys).containsEntry(name, labelKeys);
    assertThat(text.numSeries(name)).isOne();
  }

  @ParameterizedTest
  @CsvSource({
      "vllm:num_requests_waiting_by_reason,gauge,reason,capacity deferred",
      "vllm:prompt_tokens_by_source_total,counter,source,local_cache_hit local_compute",
      "vllm:request_success_total,counter,finished_reason,abort error length stop",
      "vllm:spec_decode_num_accepted_tokens_per_pos_total,counter,position,0 1"})
  void oneSeriesForEachValueOfALabel(String name, String type, String key, String values) {
    assertThat(text.types).containsEntry(name, type);
    String[] expected = Stream.of(values.split(" "))
        .map(value -> name + labels("engine=\"e\"", "model_name=\"m\"", key + "=\"" + value + "\""))
        .toArray(String[]::new);
    assertThat(text.values.keySet().stream().filter(series -> series.startsWith(name + "{")))
        .containsExactlyInAnyOrder(expected);
  }

  private static String labels(String... labels) {
    return Stream.of(labels).sorted().toList().toString()
        .replace("[", "{").replace("]", "}").replace(", ", ",");
  }

  @ParameterizedTest
  @CsvSource({
      // 22, 19, 21 bounds and the one without end
      "vllm:time_to_first_token_seconds,23,4,0.705",
      "vllm:inter_token_latency_seconds,20,2,0.2",
      "vllm:request_time_per_output_token_seconds,20,4,0.145",
      "vllm:e2e_request_latency_seconds,22,5,1.235",
      "vllm:request_queue_time_seconds,22,4,0.28",
      "vllm:request_inference_time_seconds,22,4,0.62",
      "vllm:request_prefill_time_seconds,22,4,0.42",
      "vllm:request_decode_time_seconds,22,4,0.2",
      "vllm:iteration_tokens_total,14,3,62",
      // 1 2 5 10 20 50 100 200 500 1000
      "vllm:request_prompt_tokens,11,5,98",
      "vllm:request_generation_tokens,11,5,7",
      "vllm:request_max_num_generation_tokens,11,4,6",
      "vllm:request_params_max_tokens,11,5,21",
      "vllm:request_prefill_kv_computed_tokens,11,4,55",
      "vllm:request_params_n,6,4,5"})
  void oneHistogram(String name, int numBuckets, double count, double sum) {
    assertThat(text.types).containsEntry(name, "histogram");
    assertThat(text.labelKeys).containsEntry(name + "_bucket", "engine le model_name");
    assertThat(text.numSeries(name + "_bucket")).isEqualTo(numBuckets);
    assertThat(text.value(name + "_count", M)).isEqualTo(count);
    assertThat(text.value(name + "_sum", M)).isCloseTo(sum, within(1e-9));
    assertThat(text.value(name + "_bucket", M[0], "le=+Inf", M[1])).isEqualTo(count);
  }

  @ParameterizedTest
  @CsvSource({
      "vllm:time_to_first_token_seconds,0.08,1", // 80, 145, 240, 240 ms
      "vllm:time_to_first_token_seconds,0.1,1",
      "vllm:time_to_first_token_seconds,0.25,4",
      "vllm:time_to_first_token_seconds,2560.0,4",
      "vllm:inter_token_latency_seconds,0.1,1",  // 90, 110 ms
      "vllm:inter_token_latency_seconds,0.15,2",
      "vllm:e2e_request_latency_seconds,0.3,3",  // 100, 150, 255, 330, 400 ms
      "vllm:e2e_request_latency_seconds,7680.0,5",
      "vllm:iteration_tokens_total,8.0,0",       // 12, 13, 37
      "vllm:iteration_tokens_total,16.0,2",
      "vllm:request_prompt_tokens,10.0,2",       // 8, 10, 20, 20, 40
      "vllm:request_prompt_tokens,1000.0,5",
      "vllm:request_params_n,1.0,3",             // 1, 1, 1, 2
      "vllm:request_params_n,20.0,4"})
  void bucketsHoldWhatIsNotLarger(String name, String bound, double count) {
    assertThat(text.value(name + "_bucket", M[0], "le=" + bound, M[1])).isEqualTo(count);
  }

  @Test
  void theGatewayFindsBlockSizeAndBlocks() {
    assertThat(text.value("vllm:cache_config_info", "block_size=16", "engine=e",
        "num_gpu_blocks=101")).isOne();
    assertThat(text.value("weft_scheduler_block_size", M)).isEqualTo(16);
    assertThat(text.value("weft_scheduler_blocks", M)).isEqualTo(101);
  }

  @ParameterizedTest
  @CsvSource({
      "gen_ai_server_request_duration_seconds,error_type,15,6",
      "gen_ai_server_time_per_output_token_seconds,'',14,1",
      "gen_ai_server_time_to_first_token_seconds,'',17,1",
      "gen_ai_client_token_usage,gen_ai_token_type,15,2"})
  void openTelemetryHistograms(String name, String label, int numBuckets, int numSeries) {
    assertThat(text.types).containsEntry(name, "histogram");
    String keys = "gen_ai_operation_name gen_ai_provider_name gen_ai_request_model";
    String expected = label.compareTo("f") < 0 ? label + " " + keys : keys + " " + label;
    assertThat(text.labelKeys.get(name + "_count")).isEqualTo(expected.strip());
    assertThat(text.numSeries(name + "_count")).isGreaterThanOrEqualTo(numSeries);
    assertThat(text.numSeries(name + "_bucket"))
        .isEqualTo(numBuckets * text.numSeries(name + "_count"));
  }

  @Test
  void openTelemetryValues() {
    String[] request = {"gen_ai_operation_name=text_completion", "gen_ai_provider_name=weft",
        "gen_ai_request_model=m"};
    assertThat(text.value("gen_ai_server_time_to_first_token_seconds_sum", request))
        .isEqualTo(0.145);
    assertThat(text.value("gen_ai_server_time_per_output_token_seconds_sum", request))
        .isEqualTo(0.055);
    assertThat(text.value("gen_ai_server_request_duration_seconds_count", "error_type=error",
        request[0], request[1], request[2])).isEqualTo(2);
    assertThat(text.value("gen_ai_server_request_duration_seconds_sum", "error_type=",
        request[0], request[1], request[2])).isEqualTo(0.255);
    assertThat(text.value("gen_ai_client_token_usage_sum", request[0], request[1], request[2],
        "gen_ai_token_type=input")).isEqualTo(78);
  }

  @Test
  void nothingElseIsNamedLikeVllmOrOpenTelemetry() {
    assertThat(text.types.keySet().stream()
        .filter(name -> name.startsWith("vllm:")).filter(name -> !name.endsWith("_max")))
        .hasSize(13 + 4 + 15);
    assertThat(text.types.keySet().stream()
        .filter(name -> name.startsWith("gen_ai_")).filter(name -> !name.endsWith("_max")))
        .hasSize(4);
  }
}
