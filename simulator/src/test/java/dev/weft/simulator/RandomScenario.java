package dev.weft.simulator;

import dev.weft.schedulerapi.PauseMode;
import dev.weft.testkit.SplitMix;
import dev.weft.testkit.conformance.DraftScript;
import dev.weft.testkit.conformance.Scenario;
import dev.weft.testkit.conformance.ScenarioConfig;
import dev.weft.testkit.conformance.ScenarioEvent;
import dev.weft.testkit.conformance.ScenarioRequest;
import dev.weft.testkit.conformance.Speculation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A scenario drawn from a seed: small and crowded, so that every rule is met soon. */
final class RandomScenario {
  private static final int VOCABULARY = 997;
  private static final int NUM_EVENTFUL_STEPS = 60;
  /** Records list the blocks of pools up to this. */
  private static final int MAX_NUM_BLOCKS = 80;
  private final SplitMix random;
  private final int maxModelLen;
  private final int blockSize;
  private final int numDrafts;

  private RandomScenario(long seed) {
    random = new SplitMix(seed);
    maxModelLen = random.between(2, random.oneOf(8, 40, 80));
    blockSize = random.oneOf(1, 2, 3, 4, 8, 16);
    numDrafts = random.oneIn(3) ? random.between(1, 4) : 0;
  }

  static Scenario of(long seed) {
    return new RandomScenario(seed).scenario(seed);
  }

  private Scenario scenario(long seed) {
    List<ScenarioRequest> requests = new ArrayList<>();
    int numRequests = random.between(1, 24);
    List<Long> ranks = new ArrayList<>();
    for (int i = 0; i < numRequests; i++) {
      ranks.add((long) i);
    }
    List<String> ids = new ArrayList<>();
    ranks.forEach(rank -> ids.add("r" + rank));
    List<String> sorted = new ArrayList<>(ids);
    Collections.sort(sorted);
    for (int i = 0; i < numRequests; i++) {
      requests.add(request(i, ids.get(i), sorted.indexOf(ids.get(i))));
    }
    return new Scenario("seed " + seed, "", List.of("random"), VOCABULARY, config(), 400, requests,
        events());
  }

  private ScenarioConfig config() {
    int numForLongest = (maxModelLen + blockSize - 1) / blockSize;
    int numBlocks = random.oneIn(6)
        ? random.between(2, 2 + numForLongest) : 2 + numForLongest + random.below(24);
    Speculation speculation = numDrafts == 0 ? Speculation.NONE
        : new Speculation(numDrafts, random.below(numDrafts + 2), random.below(3),
            random.oneIn(3));
    int minBudget = 1 + speculation.numExtraRowTokens();
    return new ScenarioConfig(blockSize, Math.min(numBlocks, MAX_NUM_BLOCKS),
        random.between(1, 8), random.between(minBudget, random.oneOf(6, 20, 70)), maxModelLen,
        random.below(4) > 0, random.oneIn(2),
        random.oneIn(3) ? random.between(1, numDrafts + 12) : 0, random.below(5) > 0,
        random.below(3) > 0, random.oneIn(4) ? random.oneOf(5, 10, 40) / 100.0 : 0,
        random.below(4), speculation);
  }

  private ScenarioRequest request(int index, String id, long idRank) {
    int numCommon = random.oneIn(6) ? 1 : random.between(1, maxModelLen - 1);
    int numOwn = random.oneIn(4) ? 0 : random.below(maxModelLen - numCommon);
    int[] prompt = new int[numCommon + numOwn];
    int commonSeed = random.below(2);
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = i < numCommon ? (commonSeed * 31 + i * 7) % VOCABULARY
          : (50 + index) * 31 % VOCABULARY;
    }
    int maxTokens = random.between(1, 30);
    int minTokens = random.oneIn(6) ? random.below(maxModelLen - prompt.length + 1) : 0;
    long arrivalRank = random.oneIn(3) ? random.below(4) : index;
    return new ScenarioRequest(id, index, random.oneIn(3) ? 7 : 100 + index,
        random.below(random.oneIn(2) ? 3 : NUM_EVENTFUL_STEPS), arrivalRank, idRank,
        random.between(-1, 1), prompt, maxTokens, minTokens,
        random.oneIn(4) ? random.between(1, 12) : 0,
        random.oneIn(8) ? random.below(NUM_EVENTFUL_STEPS) : -1, random.oneIn(2), salt(),
        random.oneIn(2) ? random.between(1, 3) : 0, random.oneIn(8), drafts());
  }

  private @Nullable String salt() {
    return random.oneIn(6) ? random.oneIn(3) ? "" : "s" : null;
  }

  private @Nullable DraftScript drafts() {
    if (numDrafts == 0 || random.oneIn(4)) {
      return null;
    }
    List<Integer> proposed = random.oneIn(3) ? null : counts();
    return new DraftScript(proposed, random.oneIn(6) ? List.of() : counts());
  }

  private List<Integer> counts() {
    List<Integer> counts = new ArrayList<>();
    for (int i = random.between(1, 4); i > 0; i--) {
      counts.add(random.below(numDrafts + 2));
    }
    return counts;
  }

  private List<ScenarioEvent> events() {
    List<ScenarioEvent> events = new ArrayList<>();
    for (int i = random.oneIn(3) ? random.between(1, 4) : 0; i > 0; i--) {
      int step = random.below(NUM_EVENTFUL_STEPS);
      if (random.oneIn(2)) {
        events.add(new ScenarioEvent(step, null, random.oneIn(2)));
      } else {
        events.add(new ScenarioEvent(step, PauseMode.values()[random.below(3)], false));
        events.add(new ScenarioEvent(step + random.below(8), PauseMode.NONE, false));
      }
    }
    return events;
  }
}
