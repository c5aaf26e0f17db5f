package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over 400 lines because one seam of the contract is tested in one place. */
final class PolicyLifeTest {
  private final List<String> calls = new ArrayList<>();

  private SchedulerHarness recording() {
    return SchedulerHarness.builder().policy(policy -> {
      policy.onAdd = sequence -> calls.add("add " + name(sequence) + " " + sequence.status());
      policy.onFinish = (sequence, reason) ->
          calls.add("finish " + name(sequence) + " " + reason + " " + sequence.numTokens());
    }).build();
  }

  private static String name(SequenceView sequence) {
    return sequence.requestId() + "/" + sequence.sampleIndex();
  }

  // ---- what a policy is told

  @Test void policyHearsOfEachSampleWhenItBeginsAndWhenItEnds() {
    SchedulerHarness harness = recording().add(samples(1, 5, 2, 3));
    assertThat(calls).containsExactly("add 1/0 WAITING");

    harness.plan();
    assertThat(calls).containsExactly("add 1/0 WAITING", "add 1/1 RUNNING", "add 1/2 RUNNING");
    calls.clear();
    harness.run();

    assertThat(calls).containsExactly("finish 1/0 LENGTH 7", "finish 1/1 LENGTH 7",
        "finish 1/2 LENGTH 7");
  }

  @Test void policyHearsOfASampleThatFindsNoSlot() {
    SchedulerHarness harness = recording().add(request(8, 3, 9), request(9, 3, 9));
    harness.step();
    harness.add(samples(1, 5, 2, 3));

    harness.step();

    assertThat(calls).contains("add 1/1 RUNNING", "add 1/2 WAITING");
  }

  @Test void policyHearsOfABlockedRequestAtOnce() {
    recording().add(asking(1, 5, SamplingParameters.greedy(2)).blockedBy(BlockReason.HOST).build());

    assertThat(calls).containsExactly("add 1/0 BLOCKED");
  }

  @Test void policyHearsOfNoSampleThatWasNeverBorn() {
    SchedulerHarness harness = recording().add(samples(1, 5, 2, 3));

    harness.abort(1);

    assertThat(calls).containsExactly("add 1/0 WAITING", "finish 1/0 ABORT 5");
    assertThat(harness.heard.events("finish")).hasSize(3);
  }

  @Test void feedbackSaysWhatEachRowComputedSampledAndAccepted() {
    SchedulerHarness harness = SchedulerHarness.builder().policy(policy ->
        policy.onStep = feedback -> record(feedback, calls)).build();
    harness.add(request(1, 40, 2), request(2, 3, 1));

    harness.step();
    harness.step();
    harness.step();

    assertThat(calls).containsExactly(
        "step 1 nanos 1032000: 1/0 32 0 0 RUNNING",
        "step 2 nanos 1011000: 1/0 8 1 0 RUNNING, 2/0 3 1 0 RUNNING",
        "step 3 nanos 1001000: 1/0 1 1 0 RUNNING");
  }

  private static void record(StepFeedback feedback, List<String> calls) {
    List<String> rows = new ArrayList<>();
    for (int row = 0; row < feedback.numRows(); row++) {
      String who = feedback.isLive(row)
          ? name(feedback.sequence(row)) + " " : "nobody ";
      rows.add(who + feedback.numComputedTokens(row) + " " + feedback.numSampledTokens(row) + " "
          + feedback.numAcceptedTokens(row)
          + (feedback.isLive(row) ? " " + feedback.sequence(row).status() : ""));
    }
    calls.add("step " + feedback.stepId() + " nanos " + feedback.deviceNanos() + ": "
        + String.join(", ", rows));
  }

  @Test void feedbackOfARowWhoseSequenceEndedHasNoView() {
    SchedulerHarness harness = SchedulerHarness.builder().policy(policy ->
        policy.onStep = feedback -> {
          record(feedback, calls);
          feedback.sequence(0);
        }).build();
    harness.add(request(1, 5, 2), request(2, 3, 2));
    harness.plan();
    harness.abort(1);

    harness.complete();

    assertThat(calls).containsExactly("step 1 nanos 1008000: nobody 5 0 0, 2/0 3 1 0 RUNNING");
    assertThat(harness.heard.policyFailures.get(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("step 1 row 0: its sequence ended");
  }

  @Test void feedbackComesBeforeTheEndsOfTheStep() {
    SchedulerHarness harness = recording();
    harness.policy.onStep = feedback -> calls.add("step " + feedback.sequence(0).numTokens());

    harness.add(request(1, 5, 1)).step();

    assertThat(calls).containsExactly("add 1/0 WAITING", "step 6", "finish 1/0 LENGTH 6");
  }

  // ---- what a policy can see of a request

  @Test void viewShowsTheFactsOfTheRequest() {
    RequestHints hints = new RequestHints(1, 2, 3, 4, new long[] {5});
    SequenceView[] seen = new SequenceView[1];
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.onAdd = sequence -> seen[0] = sequence).build();
    harness.add(request(1, 5, 2), asking(2, 5, SamplingParameters.greedy(2)).priority(-7)
        .tenant("acme").adapterId(3).arrivalNanos(900).deadlineNanos(5000).hints(hints).build());

    SequenceView view = seen[0];
    assertThat(view.requestId()).isEqualTo(2);
    assertThat(view.sampleIndex()).isZero();
    assertThat(view.arrivalIndex()).isEqualTo(1);
    assertThat(view.arrivalNanos()).isEqualTo(900);
    assertThat(view.deadlineNanos()).isEqualTo(5000);
    assertThat(view.priority()).isEqualTo(-7);
    assertThat(view.tenant()).isEqualTo("acme");
    assertThat(view.adapterId()).isEqualTo(3);
    assertThat(view.hints()).isSameAs(hints);
    assertThat(view.hints().hostData()).containsExactly(5);
    assertThat(view.maxNumTokens()).isEqualTo(7);
    assertThat(view).hasToString("request 2 sample 0");
  }

  @Test void requestWithoutAnArrivalTimeArrivesWhenItIsAdded() {
    SchedulerHarness harness = SchedulerHarness.create();
    harness.now = 4711;

    harness.add(request(1, 5, 2));

    assertThat(harness.sequence(1).arrivalNanos()).isEqualTo(4711);
  }

  @Test void viewShowsHowFarTheSequenceIs() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2)).build().add(request(1, 40, 3));
    SequenceView view = harness.sequence(1);
    assertThat(state(view)).isEqualTo("WAITING tokens 40 unread 0 computed 0 prefill true");

    harness.plan();
    assertThat(state(view)).isEqualTo("RUNNING tokens 40 unread 0 computed 32 prefill true");
    harness.plan();
    assertThat(state(view)).isEqualTo("RUNNING tokens 41 unread 1 computed 40 prefill false");
    harness.drain();
    assertThat(state(view)).isEqualTo("RUNNING tokens 41 unread 0 computed 40 prefill false");
    harness.plan(step -> step.preempt(view));
    assertThat(state(view)).isEqualTo("WAITING tokens 41 unread 0 computed 0 prefill true");
    assertThat(view.numPreemptions()).isEqualTo(1);
  }

  private static String state(SequenceView view) {
    return view.status() + " tokens " + view.numTokens() + " unread " + view.numUnreadTokens()
        + " computed " + view.numComputedTokens() + " prefill " + view.isPrefill();
  }

  @Test void skippedMarkStaysUntilAdmission() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    SequenceView view = harness.sequence(1);
    assertThat(view.isSkipped()).isFalse();

    harness.plan(step -> step.skip(view));
    assertThat(view.isSkipped()).isTrue();
    harness.plan(step -> {});
    assertThat(view.isSkipped()).isTrue();
    harness.step();

    assertThat(view.isSkipped()).isFalse();
  }

  // ---- accepting

  @Test void policyJudgesARequestThatWaits() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.accepts = (sequence, facts) -> {
          calls.add(sequence.status() + " " + facts.numPendingTokens(sequence) + " "
              + facts.nowNanos() + " " + facts.waiting().size());
          return true;
        }).build();

    harness.add(request(1, 5, 3));

    assertThat(harness.heard.policyFailures).isEmpty();
    assertThat(calls).containsExactly("WAITING 5 1000 0");
  }

  // ---- a policy that fails

  @Test void throwingPlanLeavesTheStepAsBuiltSoFar() {
    Request first = request(1, 5, 3);
    Request second = request(2, 5, 3);
    SchedulerHarness harness = SchedulerHarness.create().add(first, second);
    harness.policy.plan = step -> {
      step.schedule(step.waiting().get(0), 5);
      throw new IllegalStateException("deliberate");
    };

    assertThat(harness.step()).isEqualTo("1/0@0+5");

    assertThat(harness.heard.events("policy"))
        .containsExactly("policy failure in step 1: deliberate");
    harness.policy.plan = TestPolicy::everybody;
    harness.run().assertRanAsIfAlone(first, second).assertAllReturned();
  }

  @Test void throwingAfterAPreemptionLeavesTheListsRight() {
    Request first = request(1, 5, 3);
    Request second = request(2, 5, 3);
    SchedulerHarness harness = SchedulerHarness.create().add(first, second);
    harness.step();
    harness.policy.plan = step -> {
      step.schedule(step.running().get(1), 1);
      step.preempt(step.running().get(1));
      throw new IllegalStateException("deliberate");
    };

    harness.step();

    assertThat(harness.scheduler.waiting().size()).isEqualTo(1);
    harness.policy.plan = TestPolicy::everybody;
    harness.run().assertRanAsIfAlone(first, second).assertAllReturned();
  }

  @ParameterizedTest @ValueSource(strings = {"onAdd", "onStep", "onFinish"})
  void throwingObserverIsReportedAndHarmless(String method) {
    Request request = samples(1, 5, 3, 3);
    SchedulerHarness harness = SchedulerHarness.builder().policy(policy -> {
      switch (method) {
        case "onAdd" -> policy.onAdd = sequence -> fail();
        case "onStep" -> policy.onStep = feedback -> fail();
        default -> policy.onFinish = (sequence, reason) -> fail();
      }
    }).build();

    harness.add(request).run().assertRanAsIfAlone(request).assertAllReturned();

    assertThat(harness.heard.policyFailures).isNotEmpty()
        .allMatch(failure -> failure.getMessage().equals("deliberate"));
  }

  private static void fail() {
    throw new IllegalStateException("deliberate");
  }

  @Test void throwingJudgeRefuses() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.accepts = (sequence, facts) -> {
          throw new IllegalStateException("deliberate");
        }).build();

    assertThat(harness.tryAdd(request(1, 5, 3)).message())
        .isEqualTo("request 1: the policy does not accept it");
    assertThat(harness.heard.events).containsExactly("policy failure in step 0: deliberate");
  }

  @Test void throwingOrderIsReportedAndGivesTheOrderOfArrival() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.order = (entering, waiting) -> {
          throw new IllegalStateException("deliberate");
        }).build();

    harness.add(request(1, 5, 3), request(2, 5, 3), request(3, 5, 3));
    harness.step(step -> {
      TestPolicy.everybody(step);
      step.preempt(step.waiting().get(0));
    });

    assertThat(harness.heard.policyFailures).isNotEmpty();
    assertThat(harness.step()).startsWith("2/0@5+1 3/0@5+1 1/0");
    harness.run().assertRanAsIfAlone(request(1, 5, 3), request(2, 5, 3), request(3, 5, 3));
  }

  @Test void throwingReevaluationIsReportedAndHarmless() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.order = new WaitingOrder() {
          @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
            return ARRIVAL.precedes(entering, waiting);
          }

          @Override public long reevaluationNanos() {
            return 1;
          }

          @Override public boolean reevaluate(StepFacts facts) {
            throw new IllegalStateException("deliberate");
          }
        }).build();
    Request request = request(1, 5, 3);

    harness.add(request).run().assertRanAsIfAlone(request);

    assertThat(harness.heard.policyFailures).isNotEmpty();
  }

  // ---- a policy that keeps the step

  @ParameterizedTest
  @ValueSource(strings = {"onAdd", "onStep", "onFinish", "accepts", "reevaluate"})
  void verbsAreRefusedOutsideOfPlanning(String method) {
    Request first = samples(1, 9, 4, 2);
    Request second = request(2, 9, 4);
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2)).policy(policy -> keepStep(policy, method)).build();

    harness.add(first).plan();
    harness.add(second).run().assertRanAsIfAlone(first, second).assertAllReturned();

    assertThat(harness.heard.policyFailures).isNotEmpty().allMatch(
        failure -> failure.getMessage().equals("a step is built in SchedulingPolicy.plan alone"));
  }

  /** Lets a policy use the step of its last plan where none is planned. */
  private static void keepStep(TestPolicy policy, String method) {
    StepBuilder[] kept = new StepBuilder[1];
    SequenceView[] known = new SequenceView[1];
    policy.plan = step -> {
      if (kept[0] == null) {
        kept[0] = step;
        known[0] = step.waiting().get(0);
      }
      TestPolicy.everybody(step);
    };
    Runnable misuse = () -> {
      if (kept[0] != null) {
        kept[0].schedule(known[0], 1);
      }
    };
    switch (method) {
      case "onAdd" -> policy.onAdd = sequence -> misuse.run();
      case "onStep" -> policy.onStep = feedback -> misuse.run();
      case "onFinish" -> policy.onFinish = (sequence, reason) -> misuse.run();
      case "accepts" -> policy.accepts = (sequence, facts) -> {
        try {
          misuse.run();
        } catch (IllegalStateException e) {
          policy.onAdd = ignored -> {
            throw e;
          };
        }
        return true;
      };
      default -> policy.order = new WaitingOrder() {
        @Override public boolean precedes(SequenceView entering, SequenceView waiting) {
          return ARRIVAL.precedes(entering, waiting);
        }

        @Override public long reevaluationNanos() {
          return 0;
        }

        @Override public boolean reevaluate(StepFacts facts) {
          if (facts.waiting().size() > 0) {
            ((StepBuilder) facts).skip(facts.waiting().get(0));
          }
          return true;
        }
      };
    }
  }

  @Test void preemptAndSkipAreRefusedOutsideOfPlanningToo() {
    List<Consumer<StepBuilder>> verbs = List.of(
        step -> step.preempt(step.running().get(0)), step -> step.skip(step.running().get(0)));
    for (Consumer<StepBuilder> verb : verbs) {
      StepBuilder[] kept = new StepBuilder[1];
      SchedulerHarness harness = SchedulerHarness.builder().policy(policy -> {
        policy.plan = step -> {
          kept[0] = step;
          TestPolicy.everybody(step);
        };
        policy.onStep = feedback -> verb.accept(kept[0]);
      }).build();

      harness.add(request(1, 5, 3)).run().assertRanAsIfAlone(request(1, 5, 3));

      assertThat(harness.heard.policyFailures.get(0))
          .hasMessage("a step is built in SchedulingPolicy.plan alone");
    }
  }

  @Test void endOfASequenceIsToldWithItsReason() {
    SchedulerHarness harness = recording().add(request(1, 5, 9));
    harness.step();

    harness.scheduler.stop(1, 0, 1, harness.now);

    assertThat(calls).containsExactly("add 1/0 WAITING", "finish 1/0 STOP 6");
    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.STOP);
  }
}
