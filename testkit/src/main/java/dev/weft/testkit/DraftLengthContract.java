package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/**
 * What every {@link DraftLengthPolicy} must do; a test of a policy extends this. Each test lets it
 * decide for a few sequences, step by step; lengths out of range fail in the step that sets them.
 */
public abstract class DraftLengthContract {
  private static final int NUM_HANDLES = 24;
  private static final int MAX_LENGTH = 6;
  private static final int NUM_SEEDS = 50;
  private static final int LONG = 400;
  private static final SchedulerLimits LIMITS = SchedulerLimits.builder()
      .maxNumSeqs(NUM_HANDLES - 8).maxNumWaiting(8).maxNumDraftTokens(MAX_LENGTH).build();

  /** For the test class that extends it. */
  protected DraftLengthContract() {}

  /** A new policy; policies of equal settings decide equally. */
  protected abstract DraftLengthPolicy create();

  /** True when a sequence whose drafts are never accepted soon has hardly any. */
  protected boolean learnsFromAcceptance() {
    return true;
  }

  /** Swarms of sequences that come and go, on handles used again and again. */
  @Test void lengthsAreInRangeWhateverHappens() {
    for (int seed = 0; seed < NUM_SEEDS; seed++) {
      swarm(create(), seed);
    }
  }

  @Test void equalHistoriesGiveEqualLengths() {
    for (int seed = 0; seed < NUM_SEEDS; seed++) {
      assertThat(swarm(create(), seed)).as("seed %s", seed).isEqualTo(swarm(create(), seed));
    }
  }

  /** Answers a hash of all lengths. */
  private static long swarm(DraftLengthPolicy policy, long seed) {
    SplitMix random = new SplitMix(seed);
    DraftLengthRun run = new DraftLengthRun(LIMITS, policy, new Gamble(seed));
    boolean[] isUsed = new boolean[NUM_HANDLES];
    long hash = 0;
    for (int step = 0; step < 200; step++) {
      int handle = random.below(NUM_HANDLES);
      if (isUsed[handle]) {
        run.end(handle);
        isUsed[handle] = false;
      } else if (run.numSequences() < LIMITS.maxNumSeqs()) {
        RequestHints hints = random.oneIn(2) ? RequestHints.NONE
            : new RequestHints(0, 0, random.between(1, 2_000_000), 0, new long[0]);
        run.begin(handle, step, random.between(1, 500), random.below(MAX_LENGTH + 1), hints);
        isUsed[handle] = true;
      }
      run.setWaiting(random.below(9));
      run.step();
      for (int row = 0; row < run.numSequences(); row++) {
        hash = HashModel.mix(hash + run.length(run.handle(row)));
      }
    }
    return hash;
  }

  @Test void whoOptsOutGetsNoDrafts() {
    DraftLengthRun run = new DraftLengthRun(LIMITS, create(), accepting(MAX_LENGTH));
    run.begin(0, 0, 10, 0, RequestHints.NONE);
    run.begin(1, 1, 10, MAX_LENGTH, RequestHints.NONE);
    for (int step = 0; step < LONG; step++) {
      run.step();
      assertThat(run.length(0)).isZero();
    }
  }

  @Test void aNewSequenceHasNothingOfTheOneBeforeItOnTheHandle() {
    DraftLengthRun used = new DraftLengthRun(LIMITS, create(), new Switch());
    DraftLengthRun unused = new DraftLengthRun(LIMITS, create(), new Switch());
    for (DraftLengthRun run : new DraftLengthRun[] {used, unused}) {
      run.begin(3, 0, 10, MAX_LENGTH, RequestHints.NONE);
      steps(run, 45);
      run.end(3);
    }
    used.begin(3, 1, 10, MAX_LENGTH, RequestHints.NONE);
    unused.begin(4, 1, 10, MAX_LENGTH, RequestHints.NONE);
    for (int step = 0; step < LONG; step++) {
      used.step();
      unused.step();
      assertThat(used.length(3)).as("length in step %s on the used handle", step)
          .isEqualTo(unused.length(4));
    }
  }

  @Test void itComesDownWhenNothingIsAccepted() {
    assumeTrue(learnsFromAcceptance(), "the policy does not look at acceptance");
    DraftLengthRun run = new DraftLengthRun(LIMITS, create(), accepting(0));
    begin(run);
    steps(run, LONG);
    long numDraftsBefore = run.numDraftTokens();
    steps(run, LONG);

    double perSequence = (run.numDraftTokens() - numDraftsBefore) / (double) (4 * LONG);
    assertThat(perSequence).as("I65: drafts a step, of which none was ever accepted")
        .isLessThan(0.5);
  }

  @Test void itComesBackWhenDraftsAreAcceptedAgain() {
    Switch device = new Switch();
    DraftLengthRun run = new DraftLengthRun(LIMITS, create(), device);
    begin(run);
    steps(run, 2 * LONG);
    device.isGood = true;
    steps(run, LONG);

    for (int handle = 0; handle < 4; handle++) {
      assertThat(run.length(handle)).as("I65: length of %s", handle).isPositive();
    }
  }

  @Test void aDecisionMakesNoGarbage() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    DraftLengthRun run = new DraftLengthRun(LIMITS, create(), new Gamble(1));
    begin(run);
    long fewest = Long.MAX_VALUE;
    for (int round = 0; round < 20; round++) {
      steps(run, LONG);
      long before = threads.getCurrentThreadAllocatedBytes();
      steps(run, LONG);
      fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(fewest).as("bytes").isZero();
  }

  private static void begin(DraftLengthRun run) {
    for (int handle = 0; handle < 4; handle++) {
      run.begin(handle, handle, 10, MAX_LENGTH, RequestHints.NONE);
    }
  }

  private static void steps(DraftLengthRun run, int numSteps) {
    for (int step = 0; step < numSteps; step++) {
      run.step();
    }
  }

  private static DraftLengthRun.Device accepting(int most) {
    return new DraftLengthRun.Device() {
      @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
        return Math.min(most, numDrafts);
      }

      @Override public long nanos(DraftLengthRun step) {
        return time(step);
      }
    };
  }

  /** A draft takes a fiftieth of a step. */
  private static long time(DraftLengthRun step) {
    long nanos = 1_000_000;
    for (int row = 0; row < step.numSequences(); row++) {
      nanos += 20_000L * (1 + step.numDrafts(step.handle(row)));
    }
    return nanos;
  }

  /** Accepts nothing until it is switched. */
  private static final class Switch implements DraftLengthRun.Device {
    private boolean isGood;

    @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
      return isGood ? numDrafts : 0;
    }

    @Override public long nanos(DraftLengthRun step) {
      return time(step);
    }
  }

  /** A drafter and a target that do what the seed says. */
  private static final class Gamble implements DraftLengthRun.Device {
    private final SplitMix random;

    private Gamble(long seed) {
      random = new SplitMix(seed);
    }

    @Override public int numProposed(long requestId, int numOutputTokens, int numWanted) {
      return random.oneIn(3) ? random.below(numWanted + 1) : numWanted;
    }

    @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
      return random.below(numDrafts + 1);
    }

    @Override public long nanos(DraftLengthRun step) {
      return random.oneIn(8) ? 0 : time(step) + random.below(1_000_000);
    }
  }
}
