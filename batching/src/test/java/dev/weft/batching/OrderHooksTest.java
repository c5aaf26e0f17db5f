package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an order of the waiting list hears, and the facts that orders and gates go by. */
final class OrderHooksTest {
  private final List<String> heard = new ArrayList<>();

  private final class HearingOrder implements WaitingOrder {
    private boolean isDue = true;
    private boolean hasChanged = true;
    private int sign = 1;

    @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
      return sign * entering.arrivalIndex() < sign * waiting.arrivalIndex();
    }

    @Override public void onEnter(SequenceView entering) {
      heard.add("enter " + entering.requestId());
    }

    @Override public void onLeave(SequenceView leaving) {
      heard.add("leave " + leaving.requestId());
    }

    @Override public long reevaluationNanos() {
      return 0;
    }

    @Override public boolean reevaluate(StepFacts facts) {
      return isDue;
    }

    @Override public boolean reevaluate(StepFacts facts, SequenceView waiting) {
      heard.add("work out " + waiting.requestId());
      return hasChanged && waiting.requestId() == 2;
    }
  }

  private final HearingOrder order = new HearingOrder();
  private final SchedulerHarness harness = SchedulerHarness.builder().policy(policy -> {
    policy.order = order;
    policy.onAdd = sequence -> heard.add("add " + sequence.requestId());
  }).build();

  @Test void whoEntersAndLeavesIsTold() {
    order.isDue = false;
    harness.add(request(1, 5, 4), request(2, 5, 4),
        asking(3, 5, SamplingParameters.greedy(4)).blockedBy(BlockReason.HOST).build());
    assertThat(heard).containsExactly("add 1", "enter 1", "add 2", "enter 2", "add 3");

    heard.clear();
    harness.scheduler.unblock(3);
    harness.plan(step -> TestPolicy.scheduleAll(step, step.waiting().get(0)));
    assertThat(heard).containsExactly("enter 3", "leave 1");

    heard.clear();
    harness.abort(2);
    harness.drain();
    harness.plan(step -> step.preempt(step.running().get(0)));
    assertThat(heard).containsExactly("leave 2", "enter 1");
  }

  @Test void listIsSortedOnlyWhenAnAnswerHasChanged() {
    harness.add(request(1, 5, 4), request(2, 5, 4));
    heard.clear();
    order.sign = -1;

    order.isDue = false;
    harness.plan(step -> assertThat(step.waiting().get(0).requestId()).isEqualTo(1));
    assertThat(heard).isEmpty();
    order.isDue = true;
    order.hasChanged = false;
    harness.plan(step -> assertThat(step.waiting().get(0).requestId()).isEqualTo(1));
    assertThat(heard).containsExactly("work out 1", "work out 2");
    order.hasChanged = true;
    harness.plan(step -> assertThat(step.waiting().get(0).requestId()).isEqualTo(2));
  }

  @Test void hooksThatThrowAreReportedAndHarmless() {
    SchedulerHarness throwing = SchedulerHarness.builder().policy(policy ->
        policy.order = new WaitingOrder() {
          @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
            return ARRIVAL.precedes(entering, waiting);
          }

          @Override public void onEnter(SequenceView entering) {
            throw new IllegalStateException("deliberate");
          }

          @Override public void onLeave(SequenceView leaving) {
            throw new IllegalStateException("deliberate");
          }

          @Override public long reevaluationNanos() {
            return 0;
          }

          @Override public boolean reevaluate(StepFacts facts, SequenceView waiting) {
            throw new IllegalStateException("deliberate");
          }
        }).build();

    throwing.add(request(1, 5, 3), request(2, 5, 3)).run()
        .assertRanAsIfAlone(request(1, 5, 3), request(2, 5, 3)).assertAllReturned();
    assertThat(throwing.heard.policyFailures).hasSizeGreaterThanOrEqualTo(5);
  }

  // ---- facts

  @Test void lastRowIsThatOfTheLastStepThatHadOne() {
    order.isDue = false;
    harness.now = 500;
    harness.add(request(1, 5, 9));
    SequenceView sequence = harness.sequence(1);
    assertThat(sequence.lastRowNanos()).isEqualTo(500);

    harness.now = 600;
    harness.step();
    harness.now = 700;
    harness.step(step -> {
      TestPolicy.scheduleAll(step, sequence);
      step.preempt(sequence); // Its row is withdrawn.
    });
    assertThat(sequence.lastRowNanos()).isEqualTo(600);
  }

  @Test void samplesBeginWhenThePromptIsComputed() {
    order.isDue = false;
    harness.add(samples(1, 40, 4, 3), request(2, 5, 4));
    SequenceView first = harness.sequence(1);
    assertThat(first.numSamplesToBegin()).isEqualTo(2);
    assertThat(harness.sequence(2).numSamplesToBegin()).isZero();

    harness.step(); // 32 of its 40 prompt tokens.
    assertThat(first.numSamplesToBegin()).isEqualTo(2);
    harness.step();
    for (int sample = 0; sample < 3; sample++) {
      assertThat(harness.sequence(1, sample).numSamplesToBegin()).isZero();
    }
    harness.step(step -> step.preempt(step.running().get(0)));
    assertThat(first.numSamplesToBegin()).isZero();
  }
}
