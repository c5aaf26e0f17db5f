package dev.weft.testkit;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * Generators for properties. All use of jqwik's generators goes through here, so that tests know
 * what is generated and not by what.
 */
public final class WeftArbitraries {
  private WeftArbitraries() {}

  /** Seeds of generators and scenarios; failing ones shrink to small numbers. */
  public static Arbitrary<Long> seeds() {
    return Arbitraries.longs();
  }

  /** Whole scenarios; see {@link Swarm#of}. */
  public static Arbitrary<Swarm> swarms() {
    return seeds().map(Swarm::of);
  }

  /** Limits of a small scheduler without drafts, in which everything gets scarce. */
  public static Arbitrary<SchedulerLimits> limits() {
    Arbitrary<Integer> maxNumSeqs = Arbitraries.integers().between(1, 8);
    Arbitrary<Integer> maxNumBatchedTokens = Arbitraries.integers().between(1, 64);
    Arbitrary<Integer> maxModelLen = Arbitraries.integers().between(2, 64);
    Arbitrary<Integer> maxInFlight = Arbitraries.of(1, 2, 4);
    return Combinators.combine(maxNumSeqs, maxNumBatchedTokens, maxModelLen, maxInFlight).as(
        (numSeqs, numTokens, modelLen, inFlight) -> SchedulerLimits.builder().maxNumWaiting(32)
            .maxNumSeqs(numSeqs).maxNumBatchedTokens(numTokens).maxModelLen(modelLen)
            .vocabularySize(64).maxInFlight(inFlight).build());
  }

  /** Prompts that leave room for an output; few different tokens, so that many begin equally. */
  public static Arbitrary<int[]> prompts(SchedulerLimits limits) {
    return Arbitraries.integers().between(0, Math.min(2, limits.vocabularySize() - 1))
        .array(int[].class).ofMinSize(1).ofMaxSize(limits.maxModelLen() - 1);
  }

  /** Greedy and drawn, with and without stop tokens and a minimum. */
  public static Arbitrary<SamplingParameters> samplingParameters(SchedulerLimits limits) {
    Arbitrary<Integer> maxNewTokens = Arbitraries.integers().between(1, limits.maxModelLen());
    Arbitrary<Float> temperature = Arbitraries.of(0f, 1f);
    Arbitrary<Integer> stopToken = Arbitraries.integers().between(-1, limits.vocabularySize() - 1);
    Arbitrary<Integer> minNewTokens = Arbitraries.integers().between(0, limits.maxModelLen());
    return Combinators.combine(maxNewTokens, temperature, stopToken, minNewTokens, seeds()).as(
        (max, divisor, stop, min, seed) -> SamplingParameters.builder().maxNewTokens(max)
            .temperature(divisor).stopTokenIds(stop < 0 ? new int[0] : new int[] {stop})
            .minNewTokens(Math.min(min, max)).seed(seed).build());
  }

  /** Requests that a scheduler with these limits accepts when its pool is large enough. */
  public static Arbitrary<Request> requests(long id, SchedulerLimits limits) {
    Arbitrary<Integer> priority = Arbitraries.integers().between(-1, 1);
    Arbitrary<Integer> adapterId = Arbitraries.integers().between(0, 2);
    return Combinators.combine(prompts(limits), samplingParameters(limits), priority, adapterId).as(
        (prompt, sampling, urgency, adapter) -> Request.builder(id, prompt).sampling(sampling)
            .priority(urgency).adapterId(adapter).build());
  }
}
