package dev.weft.simulator;

import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.testkit.SplitMix;
import java.util.EnumSet;
import java.util.Set;

/**
 * The numbers of one simulated run, all drawn from its seed: limits, executor, cache, load, and
 * which features it has (swarm testing: Groce et al., Swarm Testing, ISSTA 2012; a run that lacks
 * some features reaches states that a run with all of them does not).
 */
final class Scenario {
  final long seed;
  /** False for a server under an ordinary load. */
  final boolean isSwarm;
  final SplitMix random;
  final Set<Feature> features = EnumSet.noneOf(Feature.class);
  final SchedulerLimits limits;
  final ExecutorSpec spec;
  final boolean cachesPrefixes;
  final boolean keepsCopies;
  final int numDroppedHitBlocks;
  final Arrivals.Kind arrivals;
  final double meanGapNanos;
  final int numRequests;
  final int maxNumPromptTokens;
  final int maxNumNewTokens;
  final int maxNumSamples;
  /** A step is planned before the oldest one in flight completes that often, of 4 times. */
  final int eagerness;

  private Scenario(long seed, boolean isSwarm) {
    this.seed = seed;
    this.isSwarm = isSwarm;
    random = new SplitMix(seed);
    if (isSwarm) {
      drawFeatures();
    }
    int maxModelLen = isSwarm ? random.oneOf(24, 48, 96, 160, 300) : 512;
    int blockSize = isSwarm ? random.oneOf(1, 3, 16) : 16;
    int maxNumSeqs = isSwarm ? random.oneOf(1, 2, 4, 8, 16) : 32;
    limits = isSwarm
        ? swarmLimits(maxModelLen, maxNumSeqs) : servingLimits(maxModelLen, maxNumSeqs);
    spec = isSwarm ? swarmSpec(blockSize) : servingSpec(blockSize);
    cachesPrefixes = !isSwarm || random.below(has(Feature.DRAFTS) ? 2 : 4) > 0;
    keepsCopies = isSwarm && random.oneIn(4);
    numDroppedHitBlocks = isSwarm && random.oneIn(6) ? 1 : 0;
    arrivals = isSwarm ? Arrivals.Kind.values()[random.below(3)] : Arrivals.Kind.POISSON;
    meanGapNanos = 1e6 * (isSwarm ? random.oneOf(2, 10, 50) : random.oneOf(15, 25, 40));
    numRequests = isSwarm ? random.between(1, 60) : 150;
    maxNumPromptTokens = isSwarm ? random.oneOf(4, maxModelLen / 2, maxModelLen) : 300;
    maxNumNewTokens = isSwarm ? random.oneOf(1, 12, 40) : 120;
    maxNumSamples = Math.min(maxNumSeqs, 4);
    eagerness = isSwarm ? random.between(1, 4) : 4;
  }

  /** A small run that may have everything at once. */
  static Scenario swarm(long seed) {
    return new Scenario(seed, true);
  }

  /** A server under an ordinary load, without faults: for times, not for corners. */
  static Scenario serving(long seed) {
    return new Scenario(seed, false);
  }

  boolean has(Feature feature) {
    return features.contains(feature);
  }

  /** An empty cache of this scenario. */
  PagedKvCache newKvCache() {
    return newKvCache(limits, spec, seed, cachesPrefixes, keepsCopies, numDroppedHitBlocks);
  }

  /** An empty cache with what scenarios differ in. */
  static PagedKvCache newKvCache(SchedulerLimits limits, ExecutorSpec spec, long seed,
      boolean cachesPrefixes, boolean keepsCopies, int numDroppedHitBlocks) {
    var builder = PagedKvCache.builder()
        .layout(KvLayout.fullAttention(spec.blockSize()))
        .numBlocks(spec.numBlocks())
        .maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(limits.maxNumSeqs())
        .maxNumBlocksPerSequence(numBlocksFor(limits.maxModelLen(), spec.blockSize()))
        .numDroppedHitBlocks(numDroppedHitBlocks)
        .hashSeed(seed);
    if (keepsCopies) {
      builder.keepingCopies();
    }
    return cachesPrefixes ? builder.build() : builder.withoutPrefixes().build();
  }

  private void drawFeatures() {
    for (Feature feature : Feature.values()) {
      boolean isRare = switch (feature) {
        case FAILED_STEPS, DEATHS, SHUTDOWN -> true;
        default -> false;
      };
      if (random.oneIn(isRare ? 6 : 2)) {
        features.add(feature);
      }
    }
  }

  private SchedulerLimits swarmLimits(int maxModelLen, int maxNumSeqs) {
    int numExtra = random.oneIn(3) ? random.between(1, 2) : 0;
    return SchedulerLimits.builder()
        .maxNumWaiting(random.between(maxNumSeqs, 64))
        .maxNumSeqs(maxNumSeqs)
        .maxNumBatchedTokens(numExtra + random.between(1, random.oneOf(4, 16, 64)))
        .maxModelLen(maxModelLen)
        .vocabularySize(random.oneOf(7, 64, 150))
        .maxInFlight(random.oneOf(1, 1, 2, 3, 4))
        .maxNumAdapters(random.below(3))
        .numExtraRowTokens(numExtra)
        .numLookaheadTokens(random.oneIn(3) ? random.between(1, 3) : 0)
        .maxNumDraftTokens(has(Feature.DRAFTS) ? random.oneOf(1, 2, 3, 4, 8) : 0)
        .maxNumEmptySteps(random.between(2, 20))
        .build();
  }

  private ExecutorSpec swarmSpec(int blockSize) {
    int numForLongest = numBlocksFor(limits.maxModelLen(), blockSize);
    int numBlocks = random.oneOf(numForLongest, numForLongest + random.below(8),
        2 * numForLongest, numForLongest * limits.maxNumSeqs());
    int budget = limits.maxNumBatchedTokens() - limits.numExtraRowTokens();
    return spec(blockSize, numBlocks)
        .numSlots(limits.maxNumSeqs() * random.between(1, 3))
        .mixesPrefillAndDecode(random.below(4) > 0)
        .supportsAdapters(!random.oneIn(8))
        .supportsBlockCopies(!random.oneIn(8))
        .verifiesTrees(has(Feature.DRAFTS) && has(Feature.DRAFT_TREES))
        .chunkUnit(random.oneIn(5) ? random.between(1, Math.min(4, budget)) : 1)
        .build();
  }

  private static SchedulerLimits servingLimits(int maxModelLen, int maxNumSeqs) {
    return SchedulerLimits.builder()
        .maxNumWaiting(1024)
        .maxNumSeqs(maxNumSeqs)
        .maxNumBatchedTokens(256)
        .maxModelLen(maxModelLen)
        .vocabularySize(1024)
        .maxNumEmptySteps(20)
        .build();
  }

  /** Room for about two thirds of the sequences that may run, so that a policy has to choose. */
  private ExecutorSpec servingSpec(int blockSize) {
    int numForLongest = numBlocksFor(limits.maxModelLen(), blockSize);
    return spec(blockSize, numForLongest * limits.maxNumSeqs() / 3)
        .numSlots(2 * limits.maxNumSeqs())
        .build();
  }

  private ExecutorSpec.Builder spec(int blockSize, int numBlocks) {
    return ExecutorSpec.builder()
        .vocabularySize(limits.vocabularySize())
        .maxModelLen(limits.maxModelLen())
        .blockSize(blockSize)
        .numBlocks(numBlocks + 1)
        .maxNumRows(limits.maxNumSeqs())
        .maxNumBatchedTokens(limits.maxNumBatchedTokens())
        .maxNumDraftTokens(limits.maxNumDraftTokens())
        .maxInFlight(limits.maxInFlight());
  }

  private static int numBlocksFor(int numTokens, int blockSize) {
    return (numTokens + blockSize - 1) / blockSize;
  }

  @Override public String toString() {
    return "seed " + seed + " " + features + " " + limits + " " + spec;
  }
}
