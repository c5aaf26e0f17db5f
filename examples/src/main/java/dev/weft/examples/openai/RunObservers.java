package dev.weft.examples.openai;

import dev.weft.engine.WeftEngineBuilder;
import dev.weft.engine.timeline.Timeline;
import dev.weft.micrometer.VllmNaming;
import dev.weft.micrometer.WeftMetrics;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What watches a run: metrics for Prometheus, and a timeline where one is wanted. */
final class RunObservers {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final WeftMetrics metrics;
  private final @Nullable Path file;
  private final Timeline timeline;

  /**
   * Registers the metrics.
   *
   * @param file for the timeline; null for none
   */
  RunObservers(
      String modelName, ExecutorSpec spec, SchedulerLimits limits, @Nullable Path file) {
    this.file = file;
    timeline = Timeline.builder().title("OpenAiServer, model " + modelName).limits(limits).build();
    metrics = WeftMetrics.builder(spec).modelName(modelName).build();
    VllmNaming.install(registry);
    metrics.bindTo(registry);
  }

  /** Lets them hear what the engine does. */
  WeftEngineBuilder addTo(WeftEngineBuilder engine) {
    engine.listener(metrics);
    return file == null ? engine : engine.listener(timeline);
  }

  /** The metrics as Prometheus reads them. Any thread, and the scheduler waits for nobody. */
  String scrape() {
    return registry.scrape();
  }

  /** Writes the timeline where one is wanted, and says so. */
  void writeTimeline(PrintStream out) {
    if (file == null) {
      return;
    }
    try {
      timeline.writeHtml(file);
      out.println("the timeline is in " + file);
    } catch (IOException e) {
      out.println("the timeline could not be written: " + e);
    }
  }
}
