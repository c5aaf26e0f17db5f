package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static dev.weft.batching.TestDrafts.begun;
import static dev.weft.batching.TestDrafts.harness;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.Request;
import org.junit.jupiter.api.Test;

/** Rows may be followed by placeholders, of which none is ever accepted. */
final class PlaceholderTest {
  private final Request request = request(1, 5, 20);

  @Test void placeholdersAreRejected() {
    SchedulerHarness harness = begun(request);

    assertThat(harness.step(step -> step.schedule(step.running().get(0), 1, 2)))
        .isEqualTo("1/0@5+3 placeholders 2");

    harness.assertBeganAsIfAlone(request, 0, 2);
    assertThat(harness.sequence(1).numComputedTokens()).isEqualTo(6);
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void placeholdersMayFollowAPrompt() {
    SchedulerHarness harness = harness(1).add(request);

    assertThat(harness.step(step -> step.schedule(step.waiting().get(0), 5, 3)))
        .isEqualTo("1/0@0+8 placeholders 3");

    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void placeholdersMayFollowATokenInFlight() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).plan();

    overlapping.plan(step -> step.schedule(step.running().get(0), 1, 2));

    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void nothingFollowsPlaceholdersInFlightWhenAnEarlierTokenWasRead() {
    SchedulerHarness overlapping = harness(3);
    overlapping.add(request).plan();
    overlapping.plan(step -> step.schedule(step.running().get(0), 1, 2));
    overlapping.complete();

    overlapping.plan(step -> {
      assertThat(step.numPendingTokens(step.running().get(0))).isZero();
      assertThat(step.schedule(step.running().get(0), 1)).isEqualTo(Grant.AWAITS_TOKEN);
    });

    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void placeholdersBeforeAForkAreNotShared() {
    Request forking = samples(1, 5, 6, 3);
    SchedulerHarness harness = harness(1).add(forking);

    harness.step(step -> step.schedule(step.waiting().get(0), 5, 3));

    harness.run().assertRanAsIfAlone(forking).assertAllReturned();
  }

  @Test void placeholdersCostTokensOfTheBudget() {
    SchedulerHarness harness = harness(1).add(request(1, 30, 9));

    harness.plan(step -> assertThat(step.schedule(step.waiting().get(0), 30, 3))
        .isEqualTo(Grant.NO_TOKENS));
  }

  @Test void moreOrLessPlaceholdersThanThereCanBeAreErrors() {
    SchedulerHarness harness = begun(request);

    assertPlaceholdersRefused(harness, 1, -1, "-1 placeholders after 1 tokens of 1");
    assertPlaceholdersRefused(harness, 1, 4, "4 placeholders after 1 tokens of 1");
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void placeholdersBesideDraftsOrInAChunkAreErrors() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, 1, 2);

    assertPlaceholdersRefused(harness, 3, 1, "1 placeholders after 3 tokens of 3");
    assertPlaceholdersRefused(harness, 1, 1, "1 placeholders after 1 tokens of 3");
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void placeholdersBehindTheLastTokenAreAnError() {
    SchedulerHarness harness = begun(request(1, 5, 3));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.plan(step -> step.schedule(step.running().get(0), 1, 2)))
        .withMessage("request 1 sample 0: 2 placeholders after 1 tokens of 1, at most 3 within 8 "
            + "tokens");
  }

  private static void assertPlaceholdersRefused(SchedulerHarness harness, int numTokens,
      int numPlaceholders, String message) {
    assertThatIllegalArgumentException().isThrownBy(() -> harness.plan(
            step -> step.schedule(step.running().get(0), numTokens, numPlaceholders)))
        .withMessage("request 1 sample 0: " + message + ", at most 3 within 25 tokens");
  }
}
