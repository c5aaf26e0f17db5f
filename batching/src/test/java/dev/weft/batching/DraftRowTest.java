package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.TestDrafts.begun;
import static dev.weft.batching.TestDrafts.harness;
import static dev.weft.batching.TestDrafts.right;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.Request;
import org.junit.jupiter.api.Test;

/** What a policy makes of a row with drafts, and what may stand beside it in flight. */
final class DraftRowTest {
  private final Request request = request(1, 5, 20);

  // ---- what a policy makes of drafts

  @Test void draftsThatDoNotFitIntoTheRowAreDropped() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, right(harness, request, 1, 3));

    assertThat(harness.step(step -> {
      assertThat(step.numPendingTokens(step.running().get(0))).isEqualTo(4);
      step.schedule(step.running().get(0), 3);
    })).isEqualTo("1/0@5+3 drafts 2");

    harness.assertBeganAsIfAlone(request, 0, 4);
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void rowOfTheKnownTokenAloneDropsAllDrafts() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, 0, 0, 0);

    assertThat(harness.step(step -> step.schedule(step.running().get(0), 1)))
        .isEqualTo("1/0@5+1");

    harness.run().assertRanAsIfAlone(request);
  }

  @Test void draftsCostTokensOfTheBudget() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, right(harness, request, 1, 3));

    harness.plan(step -> {
      step.schedule(step.running().get(0), 4);
      assertThat(step.tokenBudget()).isEqualTo(28);
    });
  }

  @Test void draftsOfARowThatWaitsForItsTurnStay() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, right(harness, request, 1, 3));

    harness.step(step -> {});

    assertThat(harness.step()).isEqualTo("1/0@5+4 drafts 3");
    harness.assertBeganAsIfAlone(request, 0, 5);
  }

  @Test void preemptedSequenceLosesItsDrafts() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, right(harness, request, 1, 3));

    harness.step(step -> {
      step.schedule(step.running().get(0), 4);
      step.preempt(step.running().get(0));
    });

    assertThat(harness.sequence(1).numDraftTokens()).isZero();
    assertThat(harness.step()).isEqualTo("1/0@0+6");
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  // ---- overlap

  @Test void nothingFollowsDraftsInFlight() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, 1, 2, 3).plan();

    overlapping.plan(step -> {
      assertThat(step.numPendingTokens(step.running().get(0))).isZero();
      assertThat(step.schedule(step.running().get(0), 1)).isEqualTo(Grant.AWAITS_TOKEN);
    });

    overlapping.run().assertRanAsIfAlone(request);
  }

  @Test void sequenceWithATokenInFlightTakesNoDrafts() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).plan();
    overlapping.plan();

    overlapping.complete();

    assertThat(overlapping.numToDraft()).isZero();
    overlapping.run().assertRanAsIfAlone(request);
  }

  @Test void draftsInFlightAreDeliveredToAPreemptedSequence() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, right(overlapping, request, 1, 3)).plan();
    overlapping.plan(step -> step.preempt(step.running().get(0)));

    overlapping.drain();

    overlapping.assertBeganAsIfAlone(request, 0, 5);
    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void rejectedDraftsOfAPreemptedSequenceRollNothingBack() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, 1, 2, 3).plan();
    overlapping.plan(step -> step.preempt(step.running().get(0)));

    overlapping.drain();

    assertThat(overlapping.sequence(1).numComputedTokens()).isZero();
    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void draftsInFlightOfAnAbortedSequenceAreDiscarded() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, right(overlapping, request, 1, 3)).plan();

    overlapping.abort(1);
    overlapping.drain();

    overlapping.assertBeganAsIfAlone(request, 0, 1);
    overlapping.assertAllReturned();
  }
}
