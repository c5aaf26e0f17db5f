package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which meters are in which registry, and until when. */
final class BindingTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private static WeftMetrics metrics(Naming... namings) {
    return WeftMetrics.builder(HandRun.SPEC).namings(namings).build();
  }

  private static Set<String> prefixes(MeterRegistry registry) {
    return registry.getMeters().stream()
        .map(meter -> meter.getId().getName().replaceFirst("[.:].*", ""))
        .collect(Collectors.toSet());
  }

  @Test
  void onlyChosenNamesAreRegistered() {
    metrics(Naming.OTEL).bindTo(registry);
    assertThat(prefixes(registry)).containsExactlyInAnyOrder("weft", "gen_ai");

    SimpleMeterRegistry other = new SimpleMeterRegistry();
    metrics(Naming.VLLM).bindTo(other);
    assertThat(prefixes(other)).containsExactlyInAnyOrder("weft", "vllm");

    SimpleMeterRegistry third = new SimpleMeterRegistry();
    metrics().bindTo(third);
    assertThat(prefixes(third)).containsExactly("weft");
  }

  @Test
  void anExecutorWithoutDraftsHasNoMetersOfThem() {
    WeftMetrics.builder(ExecutorSpec.builder().build()).build()
        .bindTo(registry);

    assertThat(registry.getMeters()).noneMatch(meter ->
        meter.getId().getName().startsWith("vllm:spec_decode"));
  }

  @Test
  void twoRegistriesGetTheSame() {
    WeftMetrics metrics = metrics(Naming.values());
    SimpleMeterRegistry second = new SimpleMeterRegistry();
    metrics.bindTo(registry);
    metrics.bindTo(second);
    new HandRun(metrics).all();

    for (SimpleMeterRegistry each : Set.of(registry, second)) {
      assertThat(each.get("vllm:generation_tokens").functionCounter().count()).isEqualTo(7);
      assertThat(each.get("vllm:time_to_first_token_seconds").timer().count()).isEqualTo(4);
    }
  }

  @Test
  void whoeverIsBoundLateMissesNoCount() {
    WeftMetrics metrics = metrics(Naming.values());
    new HandRun(metrics).all();
    metrics.bindTo(registry);

    assertThat(registry.get("vllm:generation_tokens").functionCounter().count()).isEqualTo(7);
    assertThat(registry.get("vllm:time_to_first_token_seconds").timer().count()).isZero();
  }

  @Test
  void aSecondEngineOfTheSameLabelIsRefusedAndChangesNothing() {
    metrics(Naming.OTEL).bindTo(registry);
    int numMeters = registry.getMeters().size();

    assertThatThrownBy(() -> metrics(Naming.VLLM).bindTo(registry))
        .isInstanceOf(IllegalStateException.class).hasMessageContaining("engine \"0\"");
    assertThat(registry.getMeters()).hasSize(numMeters);

    WeftMetrics.builder(HandRun.SPEC).engine("1").build().bindTo(registry);
    assertThat(registry.getMeters().size()).isGreaterThan(numMeters);
  }

  @Test
  void closingMakesRoomForTheNextEngine() {
    WeftMetrics first = metrics(Naming.values());
    first.bindTo(registry);
    new HandRun(first).all();
    first.close();
    first.close();
    assertThat(registry.getMeters()).isEmpty();

    WeftMetrics second = metrics(Naming.values());
    second.bindTo(registry);
    new HandRun(second).addThree();
    new HandRun(first).all();
    assertThat(registry.get("vllm:num_requests_waiting").gauge().value()).isEqualTo(3);
    assertThat(registry.get("vllm:e2e_request_latency_seconds").timer().count()).isZero();
  }

  @Test
  void whatIsDeniedIsNotRecordedAndHurtsNobody() {
    registry.config().meterFilter(MeterFilter.denyNameStartsWith("vllm:inter_token_latency"));
    WeftMetrics metrics = metrics(Naming.values());
    metrics.bindTo(registry);
    new HandRun(metrics).all();

    assertThat(registry.find("vllm:inter_token_latency_seconds").meter()).isNull();
    assertThat(registry.get("vllm:time_to_first_token_seconds").timer().count()).isEqualTo(4);
    metrics.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void withoutTheNamingPrometheusLosesSuffixes() {
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    metrics(Naming.VLLM).bindTo(prometheus);
    assertThat(prometheus.scrape()).doesNotContain("vllm:cache_config_info");

    PrometheusMeterRegistry named = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    VllmNaming.install(named);
    metrics(Naming.VLLM).bindTo(named);
    assertThat(named.scrape()).contains("vllm:cache_config_info{", "weft_scheduler_steps_total{");
  }
}
