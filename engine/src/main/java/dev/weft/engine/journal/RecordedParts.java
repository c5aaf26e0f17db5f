package dev.weft.engine.journal;

import dev.weft.batching.VllmPolicy;
import dev.weft.engine.EngineProfile;
import dev.weft.pagedkv.PagedKvCacheBuilder;
import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.SchedulingPolicy;

/** Policy and cache as an engine makes them when it is told of no others. */
final class RecordedParts {
  private RecordedParts() {}

  static SchedulingPolicy policy(JournalSetup setup) {
    return profile(setup).policy();
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
