package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Turns that {@link HandRun} does not take. */
final class WeftMetricsTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final WeftMetrics metrics = bound();
  private final HandRun run = new HandRun(metrics);

  private WeftMetrics bound() {
    WeftMetrics made = WeftMetrics.builder(HandRun.SPEC).build();
    made.bindTo(registry);
    return made;
  }

  private double gauge(String name) {
    return registry.get(name).gauge().value();
  }

  private double seconds(String name) {
    Timer timer = registry.get(name).timer();
    return timer.totalTime(TimeUnit.MILLISECONDS) / 1000;
  }

  @Test
  void whenTheLastEndsBetweenStepsNothingIsLeft() {
    run.addThree();
    run.planFirst();
    metrics.onFinish(1, 0, FinishReason.ABORT, 0, HandRun.at(110));
    metrics.onFinish(2, 0, FinishReason.ABORT, 0, HandRun.at(110));
    metrics.onFinish(2, 1, FinishReason.ABORT, 0, HandRun.at(110));
    assertThat(gauge("vllm:num_requests_running")).isZero();
    assertThat(gauge("vllm:num_requests_waiting")).isOne();
    assertThat(gauge("vllm:kv_cache_usage_perc")).isEqualTo(0.25);

    metrics.onFinish(3, 0, FinishReason.SHUTDOWN, 0, HandRun.at(110));
    assertThat(gauge("vllm:num_requests_waiting")).isZero();
    assertThat(gauge("vllm:kv_cache_usage_perc")).isZero();
    assertThat(gauge("weft.scheduler.token.budget.usage")).isZero();
  }

  @Test
  void whatIsBlockedFromTheStartIsDeferred() {
    metrics.onAdd(Request.builder(1, 1, 2).blockedBy(BlockReason.HOST).build(), 0, HandRun.at(0));
    assertThat(gauge("weft.scheduler.requests.blocked")).isOne();
    assertThat(gauge("weft.scheduler.requests.waiting")).isZero();
    assertThat(gauge("vllm:num_requests_waiting")).isOne();
  }

  @Test
  void aForkPreemptedBeforeItsFirstTokenBeganWithTheFirstSample() {
    metrics.onAdd(HandRun.request(2, 20, 2, 4, Request.ARRIVES_WHEN_ADDED), 0, HandRun.at(0));
    metrics.onAdmit(2, 0, 0, HandRun.at(1_000));
    metrics.onPreempt(2, 1, -1, PreemptReason.POLICY, 19, 2, HandRun.at(2_000));
    metrics.onAdmit(2, 1, 16, HandRun.at(5_000));
    metrics.onToken(2, 1, 0, 7, HandRun.at(6_000));
    metrics.onFinish(2, 1, FinishReason.STOP, 1, HandRun.at(6_000));

    assertThat(seconds("vllm:request_queue_time_seconds")).isEqualTo(1);
    assertThat(seconds("vllm:request_prefill_time_seconds")).isEqualTo(5);
    assertThat(registry.get("vllm:prompt_tokens_cached").functionCounter().count()).isEqualTo(19);
  }

  @Test
  void aSampleThatWaitedForItsTurnBeganWhenItWasAdmitted() {
    metrics.onAdd(HandRun.request(2, 20, 2, 4, Request.ARRIVES_WHEN_ADDED), 0, HandRun.at(0));
    metrics.onAdmit(2, 0, 0, HandRun.at(1_000));
    metrics.onAdmit(2, 1, 16, HandRun.at(5_000));
    metrics.onToken(2, 1, 0, 7, HandRun.at(6_000));
    metrics.onFinish(2, 1, FinishReason.STOP, 1, HandRun.at(6_000));

    assertThat(seconds("vllm:request_queue_time_seconds")).isEqualTo(5);
    assertThat(seconds("vllm:request_prefill_time_seconds")).isEqualTo(1);
    assertThat(registry.get("vllm:prompt_tokens_cached").functionCounter().count()).isEqualTo(16);
  }

  @Test
  void aReadmissionChangesNeitherBeginningNorCachedTokens() {
    metrics.onAdd(HandRun.request(2, 20, 1, 4, Request.ARRIVES_WHEN_ADDED), 0, HandRun.at(0));
    metrics.onAdmit(2, 0, 0, HandRun.at(1_000));
    metrics.onPreempt(2, 0, -1, PreemptReason.POLICY, 19, 2, HandRun.at(2_000));
    metrics.onAdmit(2, 0, 16, HandRun.at(5_000));
    metrics.onToken(2, 0, 0, 7, HandRun.at(6_000));
    metrics.onFinish(2, 0, FinishReason.STOP, 1, HandRun.at(6_000));

    assertThat(seconds("vllm:request_queue_time_seconds")).isEqualTo(1);
    assertThat(registry.get("vllm:prompt_tokens_cached").functionCounter().count()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"STOP,stop,''", "LENGTH,length,''", "ABORT,abort,abort", "DEADLINE,abort,deadline",
      "SHUTDOWN,abort,shutdown", "ERROR,error,error", "NO_PROGRESS,error,no_progress",
      "REFUSED,error,refused"})
  void everyEndHasItsLabels(FinishReason reason, String finishedReason, String errorType) {
    metrics.onAdd(HandRun.request(1, 2, 1, 4, Request.ARRIVES_WHEN_ADDED), 0, HandRun.at(0));
    metrics.onFinish(1, 0, reason, 0, HandRun.at(1_000));

    assertThat(registry.get("vllm:request_success").tag("finished_reason", finishedReason)
        .functionCounter().count()).isOne();
    assertThat(registry.get("gen_ai.server.request.duration").tag("error.type", errorType)
        .timer().count()).isOne();
    assertThat(registry.find("gen_ai.server.request.duration").timers().stream()
        .mapToLong(Timer::count).sum()).isOne();
  }

  @Test
  void whoComesInTheMiddleOfARunIsNotConfused() {
    metrics.onAdmit(9, 0, 0, HandRun.at(0));
    metrics.onToken(9, 0, 5, 7, HandRun.at(1));
    metrics.onPreempt(9, 0, -1, PreemptReason.POLICY, 19, 2, HandRun.at(2));
    metrics.onFinish(9, 0, FinishReason.STOP, 6, HandRun.at(3));

    assertThat(metrics.numLiveRequests()).isZero();
    assertThat(registry.get("vllm:generation_tokens").functionCounter().count()).isOne();
    assertThat(registry.get("vllm:e2e_request_latency_seconds").timer().count()).isZero();
  }
}
