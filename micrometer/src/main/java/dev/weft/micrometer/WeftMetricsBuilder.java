package dev.weft.micrometer;

import dev.weft.schedulerapi.ExecutorSpec;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** Collects the labels of {@link WeftMetrics}; everything has a default. */
public final class WeftMetricsBuilder {
  final ExecutorSpec spec;
  String modelName = "unknown";
  String engine = "0";
  String providerName = "weft";
  String operationName = "text_completion";
  Set<Naming> namings = EnumSet.allOf(Naming.class);

  WeftMetricsBuilder(ExecutorSpec spec) {
    this.spec = Objects.requireNonNull(spec, "spec");
  }

  /** Labels {@code model_name} and {@code gen_ai.request.model}; default {@code unknown}. */
  public WeftMetricsBuilder modelName(String value) {
    modelName = Objects.requireNonNull(value, "modelName");
    return this;
  }

  /** Label {@code engine}, of which a registry can hold each once; default {@code 0}. */
  public WeftMetricsBuilder engine(String value) {
    engine = Objects.requireNonNull(value, "engine");
    return this;
  }

  /** Label {@code gen_ai.provider.name}; default {@code weft}. */
  public WeftMetricsBuilder providerName(String value) {
    providerName = Objects.requireNonNull(value, "providerName");
    return this;
  }

  /**
   * Label {@code gen_ai.operation.name}, {@code chat} for example, which a scheduler cannot know;
   * default {@code text_completion}.
   */
  public WeftMetricsBuilder operationName(String value) {
    operationName = Objects.requireNonNull(value, "operationName");
    return this;
  }

  /** Names beside {@code weft.scheduler.*}, which are always there; default: all. */
  public WeftMetricsBuilder namings(Naming... values) {
    Set<Naming> chosen = EnumSet.noneOf(Naming.class);
    chosen.addAll(Set.of(values));
    namings = chosen;
    return this;
  }

  /** Metrics that listen to nothing and are in no registry yet. */
  public WeftMetrics build() {
    return new WeftMetrics(this);
  }
}
