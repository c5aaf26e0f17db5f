package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.SchedulingPolicy;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 16 tokens a step. */
final class PriorityPolicyTest {
  private static TestSequence sequence(int arrivalIndex, long arrivalNanos, int priority) {
    return new TestSequence(arrivalIndex, arrivalIndex, arrivalNanos, priority);
  }

  @Test void urgencyImprovesByOneLevelAnInterval() {
    AgeingUrgency urgency = new AgeingUrgency(100);
    assertThat(urgency.of(sequence(0, 50, 3))).isEqualTo(3); // No time is known yet.

    urgency.reevaluate(TestFacts.at(349));
    assertThat(urgency.of(sequence(0, 50, 3))).isEqualTo(1);
    urgency.reevaluate(TestFacts.at(350));
    assertThat(urgency.of(sequence(0, 50, 3))).isEqualTo(0);
    assertThat(urgency.of(sequence(0, 900, 3))).isEqualTo(3); // Arrived since.
    assertThat(urgency.reevaluationNanos()).isEqualTo(100);
  }

  @Test void ageOfTheDistantPastIsTheGreatest() {
    AgeingUrgency urgency = new AgeingUrgency(1);
    urgency.reevaluate(TestFacts.at(Long.MAX_VALUE));

    assertThat(urgency.of(sequence(0, Long.MIN_VALUE, 0))).isEqualTo(-Long.MAX_VALUE);
  }

  @Test void agedOneGoesAheadOfANewOneWithABetterPriority() {
    AgeingUrgency urgency = new AgeingUrgency(100);
    TestSequence aged = sequence(0, 0, 2);
    TestSequence fresh = sequence(1, 250, 0);

    urgency.reevaluate(TestFacts.at(199));
    assertThat(new UrgencyOrder(urgency).precedes(fresh, aged)).isTrue();
    urgency.reevaluate(TestFacts.at(250));
    assertThat(new UrgencyOrder(urgency).precedes(fresh, aged)).isFalse(); // Equal, later.
    assertThat(new UrgencyOrder(urgency).precedes(aged, fresh)).isTrue();
  }

  /** Otherwise two sequences could take each other's place again and again. */
  @Property(tries = 1000)
  void onlyOneOfTwoIsEverStrictlyMoreUrgent(
      @ForAll @IntRange(min = -3, max = 3) int priority,
      @ForAll @LongRange(min = 0, max = 500) long arrivalNanos,
      @ForAll @LongRange(min = 1, max = 120) long ageingNanos) {
    AgeingUrgency urgency = new AgeingUrgency(ageingNanos);
    TestSequence a = sequence(0, 0, 0);
    TestSequence b = sequence(1, arrivalNanos, priority);
    boolean wasMore = false;
    boolean wasLess = false;
    for (long now = arrivalNanos; now < arrivalNanos + 500; now++) {
      urgency.reevaluate(TestFacts.at(now));
      wasMore |= urgency.of(a) < urgency.of(b);
      wasLess |= urgency.of(a) > urgency.of(b);
    }
    assertThat(wasMore && wasLess).isFalse();
  }

  @Test void leastUrgentIsServedUnderAStreamOfMoreUrgentOnes() {
    assertThat(numStepsUntilServed(new PriorityPolicy(1_000))).isEqualTo(4);
    assertThat(numStepsUntilServed(ContinuousBatchingPolicy.withPriorities())).isEqualTo(100);
  }

  /** One slot, one request of priority 3, and a new one of priority 0 in every millisecond. */
  private static int numStepsUntilServed(SchedulingPolicy policy) {
    TestServer server = TestServer.of(policy, 100, TestServer.limits().maxNumSeqs(1).build());
    server.add(TestServer.request(1, 4, 1).priority(0));
    server.add(TestServer.request(2, 4, 1).priority(3));
    for (int numSteps = 0; numSteps < 100; numSteps++) {
      server.setTime(numSteps * 1_000L);
      server.add(TestServer.request(10 + numSteps, 4, 1).priority(0));
      if (server.step().equals("2:4")) {
        return numSteps;
      }
    }
    return 100;
  }

  @Test void moreUrgentTakesTheSlotUntilTheOtherHasAged() {
    TestServer server = TestServer.of(new PriorityPolicy(1_000), 100,
        TestServer.limits().maxNumSeqs(1).build());
    server.add(TestServer.request(1, 4, 8).priority(1));
    assertThat(server.step()).isEqualTo("1:4");
    server.setTime(500);
    server.add(TestServer.request(2, 4, 1).priority(0));
    assertThat(server.step()).isEqualTo("2:4 -1");
    assertThat(server.step()).isEqualTo("1:5");

    server.setTime(1_000);
    server.add(TestServer.request(3, 4, 1).priority(0));
    assertThat(server.step()).isEqualTo("1:1"); // Equal by now.
  }

  @Test void ageingTakesTime() {
    assertThatThrownBy(() -> new PriorityPolicy(0)).hasMessageContaining("is 0");
  }
}
