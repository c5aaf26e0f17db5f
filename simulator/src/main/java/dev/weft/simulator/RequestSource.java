package dev.weft.simulator;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.HashModel;
import dev.weft.testkit.SoloRun;
import dev.weft.testkit.SplitMix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Draws the requests of a scenario. Prompts begin like earlier prompts, or like an earlier prompt
 * and the answer to it, so that there are prefixes to share.
 */
final class RequestSource {
  private static final int MAX_NUM_REMEMBERED = 8;
  private static final String[] TENANTS = {"a", "b", "c", "b", "b"};
  private static final long[] NO_DATA = {};
  private final Scenario scenario;
  private final SplitMix random;
  private final LongSupplier clock;
  private final HashModel model;
  private final List<int[]> conversations = new ArrayList<>();

  RequestSource(Scenario scenario, SplitMix random, LongSupplier clock) {
    this.scenario = scenario;
    this.random = random;
    this.clock = clock;
    model = new HashModel(scenario.limits.vocabularySize());
  }

  /** A request that arrives now. */
  Request next(long id, long nowNanos) {
    int maxModelLen = scenario.limits.maxModelLen();
    int numPrompt = Math.min(random.between(1, scenario.maxNumPromptTokens), maxModelLen - 1);
    int[] prompt = prompt(numPrompt);
    Request.Builder builder = Request.builder(id, prompt)
        .sampling(sampling())
        .arrivalNanos(nowNanos)
        .tenant(TENANTS[(int) (id % TENANTS.length)])
        .hints(hints(id));
    if (scenario.has(Feature.PRIORITIES)) {
      builder.priority(random.between(-2, 2));
    }
    if (scenario.has(Feature.ADAPTERS)) {
      builder.adapterId(random.below(4));
    }
    if (scenario.has(Feature.SALTS) && random.oneIn(2)) {
      builder.cacheSalt("tenant " + random.below(2));
    }
    if (scenario.has(Feature.MASKS) && random.oneIn(4)) {
      builder.tokenMask(HashMask.draw(random, scenario.limits.vocabularySize(), numPrompt, clock));
    }
    if (scenario.has(Feature.BLOCKED) && random.oneIn(4)) {
      builder.blockedBy(BlockReason.values()[random.below(BlockReason.values().length)]);
    }
    if (scenario.has(Feature.DEADLINES) && random.oneIn(3)) {
      builder.deadlineNanos(nowNanos + 1_000_000L * random.between(1, 800));
    }
    if (random.oneIn(8)) {
      builder.skipCacheRead();
    }
    if (scenario.has(Feature.OPT_OUTS) && random.oneIn(3)) {
      builder.maxNumDraftTokens(random.below(3));
    }
    Request request = builder.build();
    remember(request, prompt);
    return request;
  }

  /** By the id, so that what is drawn does not depend on it; right and wrong, some have none. */
  private static RequestHints hints(long id) {
    int numExpected = id % 3 == 0 ? 0 : (int) (id * 7 % 50);
    long targetNanos = id % 4 == 0 ? 0 : 5_000_000 * (1 + id * 5 % 40);
    return new RequestHints(numExpected, targetNanos, 0, 0, NO_DATA);
  }

  private int[] prompt(int numTokens) {
    int[] tokens = new int[numTokens];
    for (int i = 0; i < numTokens; i++) {
      tokens[i] = random.below(scenario.limits.vocabularySize());
    }
    if (!conversations.isEmpty() && random.below(4) > 0) {
      int[] earlier = conversations.get(random.below(conversations.size()));
      int numAlike = random.oneIn(2) ? earlier.length : random.below(earlier.length);
      int numShared = Math.min(numTokens, numAlike);
      System.arraycopy(earlier, 0, tokens, 0, numShared);
    }
    return tokens;
  }

  private SamplingParameters sampling() {
    int maxNew = random.between(1, scenario.maxNumNewTokens);
    SamplingParameters.Builder builder = SamplingParameters.builder().maxNewTokens(maxNew);
    int vocabulary = scenario.limits.vocabularySize();
    if (random.oneIn(3)) {
      builder.stopTokenIds(random.below(vocabulary), random.below(vocabulary));
    }
    if (random.oneIn(4)) {
      builder.minNewTokens(random.between(0, maxNew));
    }
    if (random.oneIn(6)) {
      builder.repetitionPenalty(1.25f);
    }
    if (random.oneIn(6)) {
      builder.logitBias(Map.of(random.below(vocabulary), random.oneIn(4) ? 100f : -100f));
    }
    if (random.oneIn(6)) {
      builder.numLogprobs(random.below(4));
    }
    if (scenario.has(Feature.TEMPERATURE) && random.oneIn(2)) {
      builder.temperature(0.5f);
      if (random.oneIn(2)) {
        builder.seed(random.nextLong());
      }
    }
    if (scenario.has(Feature.SAMPLES) && random.oneIn(3)) {
      builder.numSamples(random.between(1, scenario.maxNumSamples));
    }
    return builder.build();
  }

  private void remember(Request request, int[] prompt) {
    int[] conversation = prompt;
    if (request.tokenMask() == null && random.oneIn(2)) {
      SoloRun solo = new SoloRun(model, request, 0, 0, scenario.limits.maxModelLen());
      int[] output = solo.complete();
      conversation = java.util.Arrays.copyOf(prompt, prompt.length + output.length);
      System.arraycopy(output, 0, conversation, prompt.length, output.length);
    }
    if (conversations.size() < MAX_NUM_REMEMBERED) {
      conversations.add(conversation);
    } else {
      conversations.set(random.below(MAX_NUM_REMEMBERED), conversation);
    }
  }
}
