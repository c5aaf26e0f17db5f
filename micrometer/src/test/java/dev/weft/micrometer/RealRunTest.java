package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.SchedulerStats;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of runs of the real scheduler agrees with what it counts itself. */
final class RealRunTest {
  private static final String[] LABELS = {"engine=0", "model_name=unknown"};
  private final PrometheusMeterRegistry registry = registry();
  private final WeftMetrics metrics = WeftMetrics.builder(RealRun.SPEC).build();

  private static PrometheusMeterRegistry registry() {
    PrometheusMeterRegistry made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    VllmNaming.install(made);
    return made;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyCountIsThatOfTheScheduler(long seed) {
    metrics.bindTo(registry);
    RealRun run = new RealRun(metrics, seed);
    run.run(200);
    Exposition text = new Exposition(registry.scrape());
    SchedulerStats stats = run.scheduler.stats();

    assertThat(stats.numPreemptions()).as("a run worth looking at").isPositive();
    assertThat(stats.numForks()).isPositive();
    assertThat(stats.numPrefixHitTokens()).isPositive();
    assertThat(text.count("vllm:num_preemptions_total", LABELS)).isEqualTo(stats.numPreemptions());
    assertThat(text.count("vllm:generation_tokens_total", LABELS))
        .isEqualTo(stats.numOutputTokens());
    assertThat(text.count("vllm:prefix_cache_hits_total", LABELS))
        .isEqualTo(stats.numPrefixHitTokens());
    assertThat(text.count("weft_scheduler_steps_total", LABELS)).isEqualTo(stats.numSteps());
    assertThat(text.count("weft_scheduler_steps_failed_total", LABELS)).isPositive();
    assertThat(text.count("weft_scheduler_tokens_recomputed_total", LABELS))
        .isEqualTo(stats.numRecomputedTokens()).isPositive();
    assertThat(text.count("weft_scheduler_listener_failures_total", LABELS)).isZero();
    for (Grant grant : Grant.values()) {
      assertThat(text.count("weft_scheduler_grants_total",
          "answer=" + grant.name().toLowerCase(Locale.ROOT), LABELS[0], LABELS[1]))
          .isEqualTo(stats.numGrants(grant));
    }
    assertThatEndsAgree(text, stats);
    assertThat(metrics.numLiveRequests()).isZero();
  }

  private static void assertThatEndsAgree(Exposition text, SchedulerStats stats) {
    long numEnds = 0;
    for (FinishReason reason : FinishReason.values()) {
      numEnds += stats.numFinished(reason);
    }
    long numTokens = text.count("vllm:request_generation_tokens_sum", LABELS);
    assertThat(text.count("vllm:e2e_request_latency_seconds_count", LABELS)).isEqualTo(numEnds);
    assertThat(text.count("vllm:request_params_n_sum", LABELS)).isEqualTo(numEnds);
    assertThat(text.count("vllm:request_success_total", LABELS[0], "finished_reason=length",
        LABELS[1])).isEqualTo(stats.numFinished(FinishReason.LENGTH)).isPositive();
    assertThat(numTokens).isEqualTo(stats.numOutputTokens());
    // A token is a first one or a later one, and here each comes in a result of its own.
    assertThat(text.count("vllm:time_to_first_token_seconds_count", LABELS)
        + text.count("vllm:inter_token_latency_seconds_count", LABELS)).isEqualTo(numTokens);
    // Parts of the same time.
    assertThat(text.value("vllm:request_prefill_time_seconds_sum", LABELS)
        + text.value("vllm:request_decode_time_seconds_sum", LABELS))
        .isCloseTo(text.value("vllm:request_inference_time_seconds_sum", LABELS),
            within(1e-6));
    assertThat(text.value("vllm:inter_token_latency_seconds_sum", LABELS))
        .isCloseTo(text.value("vllm:request_decode_time_seconds_sum", LABELS),
            within(1e-6));
  }

  @Test
  void scrapesDuringARunSeeWholeTextsWhoseCountersNeverFall()
      throws InterruptedException, ExecutionException, TimeoutException {
    metrics.bindTo(registry);
    AtomicBoolean isOver = new AtomicBoolean();
    CountDownLatch scraped = new CountDownLatch(2);
    ExecutorService scrapers = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> one = scrapers.submit(() -> scrapeUntil(isOver, scraped));
      Future<Integer> two = scrapers.submit(() -> scrapeUntil(isOver, scraped));
      RealRun run = new RealRun(metrics, 4);
      for (int i = 1; i <= 20 || scraped.getCount() > 0; i++) {
        assertThat(i).as("scrapers that never come to read").isLessThan(2000);
        run.run(100 * i);
      }
      isOver.set(true);
      assertThat(one.get(60, TimeUnit.SECONDS) + two.get(60, TimeUnit.SECONDS)).isGreaterThan(3);
    } finally {
      isOver.set(true);
      scrapers.shutdownNow();
    }
    assertThat(metrics.numLiveRequests()).isZero();
  }

  /** Returns how often it scraped. */
  private int scrapeUntil(AtomicBoolean isOver, CountDownLatch scraped) {
    Exposition last = new Exposition(registry.scrape());
    int numScrapes = 1;
    while (!isOver.get()) {
      Exposition next = new Exposition(registry.scrape());
      numScrapes++;
      for (Map.Entry<String, Double> series : last.values.entrySet()) {
        Double value = next.values.get(series.getKey());
        assertThat(value).as(series.getKey()).isNotNull();
        if (isMonotone(series.getKey())) {
          assertThat(value).as(series.getKey()).isGreaterThanOrEqualTo(series.getValue());
        }
      }
      double usage = next.value("vllm:kv_cache_usage_perc", LABELS);
      assertThat(usage).isBetween(0.0, 1.0);
      if (next.value("vllm:generation_tokens_total", LABELS) > 0) {
        scraped.countDown();
      }
      last = next;
    }
    return numScrapes;
  }

  private static boolean isMonotone(String series) {
    return series.matches(".*(_total|_count|_sum|_bucket)\\{.*");
  }
}
