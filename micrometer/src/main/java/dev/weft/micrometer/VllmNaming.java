package dev.weft.micrometer;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.NamingConvention;
import org.jspecify.annotations.Nullable;

/**
 * Leaves names that begin with {@code vllm:} as they are. Without it a Prometheus registry takes
 * the suffixes {@code _info} and {@code _total} away, and gateways that look for {@code
 * vllm:cache_config_info} find nothing.
 *
 * @param others names everything else: the convention that the registry came with
 */
public record VllmNaming(NamingConvention others) implements NamingConvention {
  private static final String PREFIX = "vllm:";

  /**
   * Puts it over the convention of a registry. To be called before any meter is registered there;
   * of a composite registry, for the one in it that Prometheus reads.
   */
  public static void install(MeterRegistry registry) {
    registry.config().namingConvention(new VllmNaming(registry.config().namingConvention()));
  }

  @Override public String name(String name, Meter.Type type, @Nullable String baseUnit) {
    return name.startsWith(PREFIX) ? name : others.name(name, type, baseUnit);
  }

  @Override public String tagKey(String key) {
    return others.tagKey(key);
  }

  @Override public String tagValue(String value) {
    return others.tagValue(value);
  }
}
