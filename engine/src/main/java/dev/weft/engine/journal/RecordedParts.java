package dev.weft.engine.journal;

import dev.weft.batching.VllmPolicy;
import dev.weft.engine.EngineProfile;
import dev.weft.pagedkv.PagedKvCacheBuilder;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SchedulingPolicy;
import java.util.Optional;

/** Policy and cache as an engine makes them when it is told of no others. */
final class RecordedParts {
  private RecordedParts() {}

  static SchedulingPolicy policy(JournalSetup setup) {
    return profile(setup).policy();
  }

  /** The policy of the profile, if the recorded one was of the same class. */
  static Optional<SchedulingPolicy> usualPolicy(JournalSetup setup) {
    SchedulingPolicy usual = policy(setup);
    boolean isUsual =
        setup.label(JournalSetup.POLICY, "").equals(usual.getClass().getName());
    return isUsual ? Optional.of(usual) : Optional.empty();
  }

  static KvCache kvCache(JournalSetup setup) {
    PagedKvCacheBuilder cache =
        profile(setup).kvCache(setup.limits(), setup.spec()).hashSeed(setup.seed());
    return Boolean.parseBoolean(setup.label(JournalSetup.CACHES_PREFIXES, "true"))
        ? cache.build() : cache.withoutPrefixes().build();
  }

  private static EngineProfile profile(JournalSetup setup) {
    String name = setup.label(JournalSetup.PROFILE, "");
    EngineProfile vllm = EngineProfile.vllm(VllmPolicy.builder().build());
    return name.equals(vllm.name()) ? vllm : EngineProfile.standard();
  }
}
