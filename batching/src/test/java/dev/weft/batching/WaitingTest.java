package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The waiting list as policies see it, and what it costs. */
final class WaitingTest {
  private static Request urgent(long id, int priority) {
    return asking(id, 5, SamplingParameters.greedy(4)).priority(priority).build();
  }

  private static List<Long> ids(SchedulerHarness harness) {
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < harness.scheduler.waiting().size(); i++) {
      ids.add(harness.scheduler.waiting().get(i).requestId());
    }
    return ids;
  }

  @Test void listIsInTheOrderOfThePolicy() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.order = WaitingOrder.PRIORITY).build();

    harness.add(urgent(1, 5), urgent(2, 0), urgent(3, 5), urgent(4, -1));

    assertThat(ids(harness)).containsExactly(4L, 2L, 1L, 3L);
  }

  @Test void preemptedSequenceReturnsToItsPlace() {
    SchedulerHarness harness = SchedulerHarness.create()
        .add(request(1, 5, 4), request(2, 5, 4), request(3, 5, 4));
    harness.step(step -> {
      TestPolicy.scheduleAll(step, step.waiting().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(1));
    });
    harness.add(request(4, 5, 4));

    harness.step(step -> {
      step.preempt(step.running().get(1));
      step.preempt(step.running().get(0));
    });

    assertThat(ids(harness)).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test void admissionThatWasTakenBackKeepsItsPlace() {
    SchedulerHarness harness = SchedulerHarness.create()
        .add(request(1, 5, 4), request(2, 5, 4), request(3, 5, 4));

    harness.step(step -> {
      TestPolicy.scheduleAll(step, step.waiting().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(1));
      step.preempt(step.waiting().get(0));
    });

    assertThat(ids(harness)).containsExactly(1L, 3L);
    assertThat(harness.scheduler.running().size()).isEqualTo(1);
  }

  @Test void listsStayAsTheyAreWhileAStepIsPlanned() {
    SchedulerHarness harness = SchedulerHarness.create()
        .add(request(1, 5, 4), request(2, 5, 4), request(3, 5, 4));
    harness.step(step -> TestPolicy.scheduleAll(step, step.waiting().get(0)));

    harness.step(step -> {
      step.preempt(step.running().get(0));
      TestPolicy.scheduleAll(step, step.waiting().get(0));

      assertThat(step.running().size()).isEqualTo(1);
      assertThat(step.running().get(0).requestId()).isEqualTo(1);
      assertThat(step.waiting().size()).isEqualTo(2);
      assertThat(step.waiting().get(0).requestId()).isEqualTo(2);
      assertThat(step.numRunning()).isEqualTo(1);
    });

    assertThat(ids(harness)).containsExactly(1L, 3L);
  }

  // ---- orders that change

  /** Turns round whenever it is reevaluated. */
  private static final class TurningOrder implements WaitingOrder {
    private final List<Long> reevaluations = new ArrayList<>();
    private final long intervalNanos;

    private TurningOrder(long intervalNanos) {
      this.intervalNanos = intervalNanos;
    }

    @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
      return reevaluations.size() % 2 == 0
          ? entering.arrivalIndex() < waiting.arrivalIndex()
          : entering.arrivalIndex() > waiting.arrivalIndex();
    }

    @Override public long reevaluationNanos() {
      return intervalNanos;
    }

    @Override public boolean reevaluate(StepFacts facts) {
      reevaluations.add(facts.nowNanos());
      return true;
    }
  }

  private static SchedulerHarness ordered(WaitingOrder order) {
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.order = order).build();
    return harness.add(request(1, 5, 4), request(2, 5, 4), request(3, 5, 4));
  }

  @Test void listIsPutInOrderAgainAfterTheIntervalAndNotBefore() {
    TurningOrder order = new TurningOrder(100);
    SchedulerHarness harness = ordered(order);
    List<List<Long>> seen = new ArrayList<>();

    for (long now : new long[] {1000, 1099, 1100, 1199, 1250, 1349, 1350}) {
      harness.now = now;
      harness.plan(step -> {});
      seen.add(ids(harness));
    }

    assertThat(order.reevaluations).containsExactly(1000L, 1100L, 1250L, 1350L);
    List<Long> up = List.of(1L, 2L, 3L);
    List<Long> down = List.of(3L, 2L, 1L);
    assertThat(seen).containsExactly(down, down, up, up, down, down, up);
  }

  @Test void policySeesTheNewOrderInTheSameStep() {
    SchedulerHarness harness = ordered(new TurningOrder(100));

    harness.plan(step -> assertThat(step.waiting().get(0).requestId()).isEqualTo(3));
  }

  @Test void orderThatNeverChangesIsNeverReevaluated() {
    TurningOrder order = new TurningOrder(WaitingOrder.NEVER);
    SchedulerHarness harness = ordered(order);

    harness.now = Long.MAX_VALUE;
    harness.plan(step -> {});

    assertThat(order.reevaluations).isEmpty();
  }

  @Test void intervalBeyondTheEndOfTimeNeverComes() {
    TurningOrder order = new TurningOrder(WaitingOrder.NEVER - 1);
    SchedulerHarness harness = ordered(order);

    harness.plan(step -> {});
    harness.now = 2000;
    harness.plan(step -> {});

    assertThat(order.reevaluations).containsExactly(1000L);
  }

  // ---- cost

  @Test void stepAsksAHundredThousandWaitingSequencesNothing() {
    int numWaiting = 100_000;
    long[] numQuestions = new long[1];
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumWaiting(numWaiting))
        .cache(new FlatKvCache(64, SchedulerHarness.BLOCK_SIZE, numWaiting + 4, 16))
        .policy(policy -> {
          policy.plan = TestPolicy::running;
          policy.order = (entering, waiting) -> {
            numQuestions[0]++;
            return WaitingOrder.ARRIVAL.precedes(entering, waiting);
          };
        }).build();
    Request request = request(1, 5, 40);
    harness.scheduler.add(request, 0);
    harness.plan(step -> TestPolicy.scheduleAll(step, step.waiting().get(0)));
    for (int id = 2; id <= numWaiting; id++) {
      harness.scheduler.add(request(id, 1, 1), 0);
    }
    harness.drain();
    numQuestions[0] = 0;

    harness.step();
    harness.step();

    assertThat(numQuestions[0]).isZero();
    harness.assertBeganAsIfAlone(request, 0, 3);
  }

  @Test void preemptionAsksForOnePlaceAlone() {
    int numWaiting = 10_000;
    long[] numQuestions = new long[1];
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumWaiting(numWaiting))
        .cache(new FlatKvCache(64, SchedulerHarness.BLOCK_SIZE, numWaiting + 4, 16))
        .policy(policy -> policy.order = (entering, waiting) -> {
          numQuestions[0]++;
          return WaitingOrder.ARRIVAL.precedes(entering, waiting);
        }).build();
    for (int id = 1; id <= numWaiting; id++) {
      harness.scheduler.add(request(id, 1, 4), 0);
    }
    harness.plan(step -> TestPolicy.scheduleAll(step, step.waiting().get(5000)));
    harness.drain();
    numQuestions[0] = 0;

    harness.plan(step -> step.preempt(step.running().get(0)));

    assertThat(harness.scheduler.waiting().get(5000).requestId()).isEqualTo(5001);
    assertThat(numQuestions[0]).isLessThan(60); // Expected: 1.39 log2(n) = 18.
  }
}
