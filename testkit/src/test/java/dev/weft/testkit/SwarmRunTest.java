package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.testkit.NaiveScheduler.Mistake;
import java.util.function.LongFunction;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/** Swarms pass on a right scheduler and see each of its mistakes. */
class SwarmRunTest {
  private static final int NUM_SEEDS = 100;

  @Test void aRandomPolicyCorruptsNothing() {
    run(Mistake.NONE, seed -> new RandomPolicy(seed, 100), LivenessChecker.Demand.NOTHING);
  }

  @Test void deliveringTwiceIsSeen() {
    failing(Mistake.DELIVERS_TWICE).hasMessageContaining("I51");
  }

  @Test void aForgottenTokenIsSeen() {
    failing(Mistake.FORGETS_A_TOKEN).hasMessageContaining("I51");
  }

  @Test void reusingSlotsTooEarlyIsSeen() {
    failing(Mistake.REUSES_SLOTS_AT_ONCE).hasMessageContaining("I53");
  }

  @Test void keepingBlocksIsSeen() {
    failing(Mistake.KEEPS_BLOCKS).hasMessageMatching(".*(I13|L1|L10).*");
  }

  @Test void losingWhoReturnsToAFullListIsSeen() {
    failingAtRandom(Mistake.LOSES_WHO_RETURNS_TO_A_FULL_LIST).hasMessageContaining("L1");
  }

  @Test void tokensThatDoNotComeBackAreSeen() {
    failingAtRandom(Mistake.KEEPS_TOKENS_OF_WITHDRAWN_ROWS)
        .hasMessageContaining("I37: tokens left");
  }

  @Test void aRefusalThatTakesBlocksIsSeen() {
    failingAtRandom(Mistake.TAKES_BLOCKS_WHEN_REFUSING)
        .hasMessageContaining("I74: a refused verb changed");
  }

  @Test void anIdlePolicyIsSeen() {
    assertThatThrownBy(() -> run(Mistake.NONE, seed -> step -> { },
        LivenessChecker.Demand.PROGRESS))
            .hasMessageContaining("L2: the step is empty although request");
  }

  @Test void preemptingInTurnsIsSeen() {
    SchedulingPolicy inTurns = step -> {
      for (int i = 0; i < step.running().size(); i++) {
        step.preempt(step.running().get(i));
      }
      if (step.waiting().size() > 0) {
        step.schedule(step.waiting().get(step.waiting().size() - 1), step.chunkUnit());
      }
    };

    assertThatThrownBy(() -> run(Mistake.NONE, seed -> inTurns, LivenessChecker.Demand.NOTHING))
        .hasMessageContaining("not idle after 15000 steps");
  }

  @Test void aPolicyThatNeverEndsIsSeen() {
    assertThatThrownBy(() -> run(Mistake.NONE, seed -> step -> { }, LivenessChecker.Demand.NOTHING))
        .hasMessageContaining("L10 step 1: 3001 empty steps in a row, at most 3000");
  }

  @Test void aFailureIsTheCommandThatRepeatsIt() {
    failing(Mistake.DELIVERS_TWICE).hasMessageStartingWith("policy=mistaken seed=")
        .hasMessageContaining("reproduce: mvn -pl testkit -am test -Dweft.seed=");
  }

  @Test void aSeedAlwaysGivesTheSameHistory() {
    for (long seed = 0; seed < 20; seed++) {
      assertThat(fingerprint(seed)).isEqualTo(fingerprint(seed));
    }
    assertThat(fingerprint(1)).isNotEqualTo(fingerprint(2));
  }

  private static long fingerprint(long seed) {
    SwarmRun run = new SwarmRun(Swarm.of(seed), setup -> new NaiveScheduler(setup, Mistake.NONE),
        new RandomPolicy(seed, 100), LivenessChecker.Demand.NOTHING);
    run.run();
    return run.fingerprint();
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> failing(Mistake mistake) {
    return failing(mistake, seed -> new FirstComePolicy());
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> failingAtRandom(Mistake mistake) {
    return failing(mistake, seed -> new RandomPolicy(seed, 100));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> failing(Mistake mistake,
      LongFunction<SchedulingPolicy> policy) {
    return assertThatThrownBy(() -> run(mistake, policy, LivenessChecker.Demand.NOTHING))
        .isInstanceOf(AssertionError.class);
  }

  private static void run(Mistake mistake, LongFunction<SchedulingPolicy> policy,
      LivenessChecker.Demand demand) {
    SwarmRun.runSeeds("testkit", mistake == Mistake.NONE ? "right" : "mistaken", 0, NUM_SEEDS,
        setup -> new NaiveScheduler(setup, mistake), policy, demand);
  }
}
