package dev.weft.testkit;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.TokenMask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * The requests of a {@link Swarm}: prompts with shared beginnings and duplicates, all kinds of
 * wishes.
 */
final class SwarmWorkload {
  private static final String[] TENANTS = {"a", "b", "c", "b", "b"};
  private static final long[] NO_DATA = {};

  private final SplitMix random;
  private final SchedulerLimits limits;
  private final IntSupplier step;
  private final List<int[]> prompts = new ArrayList<>();
  private final boolean sharesPrefixes;
  private final boolean usesPriorities;
  private final boolean usesDeadlines;
  private final boolean usesSamples;
  private final boolean usesMasks;
  private final boolean usesStopTokens;
  private final boolean usesSalts;
  private final boolean usesBlocking;
  private final int longestOutput;

  /**
   * @param step the present step of the run
   */
  SwarmWorkload(SplitMix random, SchedulerLimits limits, IntSupplier step) {
    this.random = random;
    this.limits = limits;
    this.step = step;
    sharesPrefixes = !random.oneIn(3);
    usesPriorities = random.oneIn(2);
    usesDeadlines = random.oneIn(3);
    usesSamples = random.oneIn(3);
    usesMasks = random.oneIn(4);
    usesStopTokens = random.oneIn(2);
    usesSalts = random.oneIn(4);
    usesBlocking = random.oneIn(5);
    longestOutput = random.oneOf(1, 5, 20, limits.maxModelLen());
  }

  /** Lets requests arrive in steps from the first on. */
  void addRequests(List<List<SwarmEvent>> events) {
    int numRequests = random.oneOf(1, 5, 20, 40);
    int numSteps = random.oneOf(1, events.size() / 2);
    for (int id = 0; id < numRequests; id++) {
      int arrival = random.below(numSteps);
      Request request = request(id, arrival);
      events.get(arrival).add(new SwarmEvent.Add(request));
      if (request.blockReason() != null) {
        int later = Math.min(arrival + random.between(1, 20), events.size() - 1);
        events.get(later).add(new SwarmEvent.Unblock(id));
      }
    }
  }

  private Request request(long id, int arrival) {
    Request.Builder request = Request.builder(id, prompt()).sampling(sampling())
        .adapterId(random.oneIn(3) ? random.between(1, 3) : 0)
        .tenant(TENANTS[(int) (id % TENANTS.length)]).hints(hints(id));
    if (usesPriorities) {
      request.priority(random.between(-1, 2));
    }
    if (usesDeadlines && random.oneIn(3)) {
      request.deadlineNanos((arrival + random.between(1, 40)) * Swarm.NANOS_PER_STEP);
    }
    if (usesMasks && random.oneIn(2)) {
      request.tokenMask(mask(random.nextLong()));
    }
    if (usesBlocking && random.oneIn(4)) {
      request.blockedBy(BlockReason.HOST);
    }
    if (usesSalts) {
      request.cacheSalt(random.oneIn(2) ? "tenant" : "");
    }
    if (random.oneIn(8)) {
      request.skipCacheRead();
    }
    return request.build();
  }

  /** By the id, so that what is drawn does not depend on it; right and wrong, some have none. */
  private static RequestHints hints(long id) {
    int numExpected = id % 3 == 0 ? 0 : (int) (id * 7 % 30);
    long targetNanos = id % 4 == 0 ? 0 : Swarm.NANOS_PER_STEP * (1 + id * 5 % 30);
    return new RequestHints(numExpected, targetNanos, 0, 0, NO_DATA);
  }

  /** Now and then too long; often begins as another one did, or is the same. */
  private int[] prompt() {
    int longest = random.oneIn(30) ? limits.maxModelLen() + 1 : limits.maxModelLen() - 1;
    int[] prompt = new int[random.oneOf(1, longest, random.between(1, longest),
        random.between(1, Math.max(1, longest / 3)))];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = random.below(limits.vocabularySize());
    }
    if (sharesPrefixes && !prompts.isEmpty() && !random.oneIn(3)) {
      int[] other = prompts.get(random.below(prompts.size()));
      if (random.oneIn(4)) {
        return other;
      }
      int numShared = Math.min(random.between(0, other.length), prompt.length);
      System.arraycopy(other, 0, prompt, 0, numShared);
    }
    prompts.add(prompt);
    return prompt;
  }

  private SamplingParameters sampling() {
    int maxNewTokens = random.between(1, longestOutput);
    SamplingParameters.Builder sampling = SamplingParameters.builder().maxNewTokens(maxNewTokens)
        .temperature(random.oneOf(0, 1, 2));
    if (random.oneIn(2)) {
      sampling.seed(random.nextLong());
    }
    if (usesStopTokens) {
      sampling.stopTokenIds(random.below(limits.vocabularySize()))
          .minNewTokens(random.oneIn(2) ? random.between(0, maxNewTokens) : 0);
    }
    if (usesSamples && random.oneIn(2)) {
      sampling.numSamples(random.between(1, Math.min(4, limits.maxNumSeqs() + 1)));
    }
    if (random.oneIn(8)) {
      float bias = random.oneIn(2) ? 100 : -100;
      sampling.logitBias(Map.of(random.below(limits.vocabularySize()), bias));
    }
    return sampling.build();
  }

  /**
   * Permits about half of the tokens, others after each token; sometimes none, at a given place;
   * sometimes is not ready in the step in which it is first asked about a token.
   */
  private TokenMask mask(long key) {
    int numTokensAtDeadEnd = random.oneIn(4) ? random.between(1, limits.maxModelLen()) : 0;
    boolean isSlow = random.oneIn(3);
    Map<Integer, Integer> firstAskedAt = new HashMap<>();
    return (tokens, sampleIndex, words) -> {
      int firstAsked = firstAskedAt.computeIfAbsent(tokens.numTokens(), n -> step.getAsInt());
      if (isSlow && firstAsked == step.getAsInt()) {
        return false;
      }
      if (tokens.numTokens() != numTokensAtDeadEnd) {
        int last = tokens.token(tokens.numTokens() - 1);
        SplitMix bits = new SplitMix(key + tokens.numTokens() * 31L + last);
        for (int i = 0; i < words.length; i++) {
          words[i] = bits.nextLong();
        }
        words[last >> 6] |= 1L << last;
      }
      return true;
    };
  }
}
