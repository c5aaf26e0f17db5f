package dev.weft.testkit;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.SchedulerLimits;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole scenario from one seed: limits, executor, workload and what the host does. Some features
 * are off and some settings extreme in each, because a bug hides where everything is always on
 * (Groce, Zhang, Eide, Chen, Regehr, Swarm Testing, ISSTA 2012).
 *
 * <p>One run uses it up: some of its requests have token masks that are not ready at first.
 *
 * <p>Off for now: draft tokens, chunk units.
 */
public final class Swarm {
  /** Time between two steps of a scenario. */
  public static final long NANOS_PER_STEP = 1_000_000;
  /** After so many steps nothing new arrives, pauses are over and caps are back. */
  public static final int NUM_EVENTFUL_STEPS = 120;

  private final long seed;
  private final SchedulerLimits limits;
  private final ExecutorSpec spec;
  private final boolean cachesPrefixes;
  private final boolean isHostCalm;
  private final List<List<SwarmEvent>> events = new ArrayList<>();
  private int step;

  private Swarm(long seed, boolean isHostCalm) {
    this.seed = seed;
    this.isHostCalm = isHostCalm;
    SplitMix random = new SplitMix(seed);
    SplitMix workload = random.split();
    int blockSize = random.oneOf(1, 2, 3, 5, 16);
    int maxModelLen = random.oneOf(2, 9, 32, 64, 96);
    int numInFlight = random.oneOf(1, 1, 2, 4);
    limits = limits(random, maxModelLen, numInFlight);
    int numBlocksOfLongest = (maxModelLen + blockSize - 1) / blockSize;
    int numBlocks = random.oneOf(numBlocksOfLongest, numBlocksOfLongest + random.between(1, 4),
        2 * numBlocksOfLongest, numBlocksOfLongest * limits.maxNumSeqs() + 7);
    spec = ExecutorSpec.builder().vocabularySize(limits.vocabularySize()).maxModelLen(maxModelLen)
        .blockSize(blockSize).numBlocks(numBlocks + 1)
        .numSlots(limits.maxNumSeqs() * random.between(1, 3)).maxNumRows(limits.maxNumSeqs())
        .maxNumBatchedTokens(limits.maxNumBatchedTokens()).maxInFlight(numInFlight)
        .mixesPrefillAndDecode(!random.oneIn(6)).build();
    cachesPrefixes = !random.oneIn(4);
    for (int i = 0; i < NUM_EVENTFUL_STEPS; i++) {
      events.add(new ArrayList<>());
    }
    new SwarmWorkload(workload, limits, () -> step).addRequests(events);
    if (!isHostCalm) {
      addInterventions(random);
    }
  }

  /** The scenario of a seed, faults and interventions of the host included. */
  public static Swarm of(long seed) {
    return new Swarm(seed, false);
  }

  /** The same workload under the same limits, with a host that only adds requests. */
  public static Swarm calm(long seed) {
    return new Swarm(seed, true);
  }

  public long seed() {
    return seed;
  }

  public SchedulerLimits limits() {
    return limits;
  }

  public ExecutorSpec spec() {
    return spec;
  }

  public boolean cachesPrefixes() {
    return cachesPrefixes;
  }

  /**
   * Begins a step, from 0 on, and says what happens before it; nothing after {@link
   * #NUM_EVENTFUL_STEPS}.
   */
  public List<SwarmEvent> begin(int nextStep) {
    step = nextStep;
    return step < events.size() ? events.get(step) : List.of();
  }

  /** How many requests arrive, at most so many of which are accepted. */
  public int numRequests() {
    return (int) events.stream().flatMap(List::stream).filter(SwarmEvent.Add.class::isInstance)
        .count();
  }

  private static SchedulerLimits limits(SplitMix random, int maxModelLen, int numInFlight) {
    int maxNumSeqs = random.oneOf(1, 2, 4, 8);
    int numExtraRowTokens = random.oneIn(4) ? random.between(1, 2) : 0;
    int maxNumBatchedTokens = numExtraRowTokens + random.oneOf(1, 4, 16, 64, 200);
    return SchedulerLimits.builder().maxNumWaiting(random.oneOf(1, 4, 64)).maxNumSeqs(maxNumSeqs)
        .maxNumBatchedTokens(maxNumBatchedTokens).maxModelLen(maxModelLen)
        .vocabularySize(random.oneOf(2, 17, 64, 1000)).maxInFlight(numInFlight)
        .maxNumAdapters(random.oneOf(0, 1, 2)).numExtraRowTokens(numExtraRowTokens)
        .numLookaheadTokens(random.oneOf(0, 0, 1, 3) % maxModelLen).build();
  }

  private void addInterventions(SplitMix random) {
    boolean aborts = random.oneIn(2);
    boolean stops = random.oneIn(2);
    boolean pauses = random.oneIn(3);
    boolean caps = random.oneIn(3);
    boolean resets = random.oneIn(3);
    boolean fails = random.oneIn(3);
    boolean dies = random.oneIn(4);
    int numRequests = Math.max(1, numRequests());
    for (List<SwarmEvent> happening : events) {
      if (aborts && random.oneIn(15)) {
        happening.add(new SwarmEvent.Abort(random.below(numRequests)));
      }
      if (stops && random.oneIn(15)) {
        happening.add(new SwarmEvent.Stop(random.below(numRequests), random.below(2)));
      }
      if (pauses && random.oneIn(10)) {
        PauseMode[] modes = PauseMode.values();
        happening.add(new SwarmEvent.Pause(modes[random.below(modes.length)]));
      }
      if (caps && random.oneIn(20)) {
        happening.add(new SwarmEvent.Caps(caps(random)));
      }
      if (resets && random.oneIn(25)) {
        happening.add(new SwarmEvent.Reset());
      }
      if (fails && random.oneIn(25)) {
        happening.add(random.oneIn(2) ? new SwarmEvent.FailStep() : new SwarmEvent.FailRow());
      }
      if (dies && random.oneIn(50)) {
        happening.add(new SwarmEvent.Die(random.oneIn(2)
            ? SchedulerDriver.AfterDeath.END : SchedulerDriver.AfterDeath.REQUEUE));
      }
    }
    if (random.oneIn(10)) {
      events.get(random.below(events.size())).add(new SwarmEvent.ShutDown());
    }
    List<SwarmEvent> last = events.get(events.size() - 1);
    last.add(new SwarmEvent.Pause(PauseMode.NONE));
    last.add(new SwarmEvent.Caps(LiveCaps.of(limits)));
  }

  private LiveCaps caps(SplitMix random) {
    return new LiveCaps(random.between(1, limits.maxNumSeqs()),
        random.between(limits.numExtraRowTokens() + 1, limits.maxNumBatchedTokens()),
        random.between(1, limits.maxNumWaiting()));
  }

  @Override public String toString() {
    return "Swarm[seed=" + seed + ", isHostCalm=" + isHostCalm + ", numRequests=" + numRequests()
        + ", cachesPrefixes=" + cachesPrefixes + ", " + limits + ", " + spec + "]";
  }
}
