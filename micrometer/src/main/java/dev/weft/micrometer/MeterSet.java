package dev.weft.micrometer;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Registers meters that read from one {@link Published} and takes them out again. */
final class MeterSet {
  private static final double NANOS_PER_SECOND = 1e9;
  private final MeterRegistry registry;
  private final Published published;
  private final List<Meter> meters = new ArrayList<>();

  MeterSet(MeterRegistry registry, Published published) {
    this.registry = registry;
    this.published = published;
  }

  MeterRegistry registry() {
    return registry;
  }

  /** The registry keeps what it reads from alive. */
  void gauge(String name, String description, Tags tags, ToDoubleFunction<Published> value) {
    meters.add(Gauge.builder(name, published, value).description(description).tags(tags)
        .strongReference(true).register(registry));
  }

  void counter(String name, String description, Tags tags, ToDoubleFunction<Published> value) {
    meters.add(FunctionCounter.builder(name, published, value).description(description).tags(tags)
        .register(registry));
  }

  /** @param bounds in seconds */
  Timer timer(String name, String description, Tags tags, double... bounds) {
    Duration[] durations = Arrays.stream(bounds)
        .mapToObj(seconds -> Duration.ofNanos(Math.round(seconds * NANOS_PER_SECOND)))
        .toArray(Duration[]::new);
    Timer timer = Timer.builder(name).description(description).tags(tags)
        .serviceLevelObjectives(durations).register(registry);
    meters.add(timer);
    return timer;
  }

  DistributionSummary summary(String name, String description, Tags tags, double... bounds) {
    DistributionSummary summary = DistributionSummary.builder(name).description(description)
        .tags(tags).serviceLevelObjectives(bounds).register(registry);
    meters.add(summary);
    return summary;
  }

  void removeAll() {
    meters.forEach(registry::remove);
  }
}
