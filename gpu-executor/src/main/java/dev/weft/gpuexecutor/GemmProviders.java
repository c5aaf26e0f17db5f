package dev.weft.gpuexecutor;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** Finds a {@link GemmProvider}: those that an application brings first, then the built-in one. */
final class GemmProviders {
  private GemmProviders() {}

  /**
   * The first that works here; the caller closes it.
   *
   * @param loader sees the providers that the application brings; null for the system's loader
   * @throws UnsupportedOperationException when none works; its message says why, for each
   */
  static GemmProvider find(@Nullable ClassLoader loader) {
    List<String> reasons = new ArrayList<>();
    for (GemmProvider provider : all(loader, reasons)) {
      Optional<String> reason = provider.unavailableReason();
      if (reason.isEmpty()) {
        return provider;
      }
      reasons.add(provider.name() + ": " + reason.get());
    }
    throw new UnsupportedOperationException(
        "no library for matrix products; " + String.join("; ", reasons));
  }

  /** One that cannot be made is no reason to do without the others. */
  private static List<GemmProvider> all(@Nullable ClassLoader loader, List<String> reasons) {
    List<GemmProvider> found = new ArrayList<>();
    Iterator<GemmProvider> providers = ServiceLoader.load(GemmProvider.class, loader).iterator();
    boolean mayHaveMore = true;
    while (mayHaveMore) {
      try {
        mayHaveMore = providers.hasNext();
        if (mayHaveMore) {
          found.add(providers.next());
        }
      } catch (ServiceConfigurationError e) {
        reasons.add(String.valueOf(e.getMessage())); // The iterator goes on behind it.
      }
    }
    found.add(new ForeignCublas());
    return found;
  }
}
