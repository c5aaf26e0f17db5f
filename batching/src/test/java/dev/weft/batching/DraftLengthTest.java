package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.TestDrafts.harness;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Who gets drafts, and how many. */
final class DraftLengthTest {
  private final Request request = request(1, 5, 20);

  private static DraftLengthPolicy always(int numDraftTokens) {
    return lengths -> {
      for (int i = 0; i < lengths.numSequences(); i++) {
        lengths.set(i, Math.min(numDraftTokens, lengths.maxNumDraftTokens(i)));
      }
    };
  }

  private static List<Integer> rooms(SchedulerHarness harness) {
    List<Integer> rooms = new ArrayList<>();
    harness.draft(batch -> {
      for (int i = 0; i < batch.numSequences(); i++) {
        rooms.add(batch.maxNumDraftTokens(i));
      }
    });
    return rooms;
  }

  @Test void drafterIsShownTheChosenLength() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    harness.draftLengths = always(2);

    assertThat(rooms(harness)).containsExactly(2);
  }

  @Test void lengthZeroIsNotShown() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    harness.draftLengths = always(0);

    assertThat(rooms(harness)).isEmpty();

    harness.draftLengths = always(1);
    assertThat(rooms(harness)).as("back on").containsExactly(1);
  }

  @Test void requestMayOptOut() {
    SchedulerHarness harness = harness(1).add(request,
        asking(2, 5, SamplingParameters.greedy(9)).maxNumDraftTokens(0).build(),
        asking(3, 5, SamplingParameters.greedy(9)).maxNumDraftTokens(1).build());
    harness.step();

    assertThat(rooms(harness)).containsExactly(3, 1);
  }

  @Test void drafterBoundsTheLength() {
    SchedulerHarness harness = harness(1).add(request);
    harness.drafter.maxNumDraftTokens = 2;
    harness.step();

    assertThat(rooms(harness)).containsExactly(2);
  }

  @Test void sequenceThatTwoStepsSampledIsListedOnce() {
    SchedulerHarness harness = harness(2).add(request);
    harness.plan();
    harness.plan();
    harness.complete();
    harness.complete();

    assertThat(rooms(harness)).containsExactly(3);
  }

  @Test void draftingAnewForgetsTheDraftsBefore() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    harness.draft(batch -> batch.propose(0, new Drafts().add(1).add(2)));
    assertThat(harness.sequence(1).numDraftTokens()).isEqualTo(2);

    harness.draft(batch -> { });

    assertThat(harness.sequence(1).numDraftTokens()).isZero();
  }

  @Test void drafterThatCannotSayHowManyCostsDraftsAlone() {
    SchedulerHarness harness = harness(1).add(request);
    harness.drafter.maxNumDraftTokens = CalledDrafter.THROWS;

    harness.step();

    assertThat(harness.numToDraft()).isZero();
    assertThat(harness.scheduler.stats().numDraftingFailures()).isPositive();
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void lengthOutOfRangeIsAnError() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    harness.draftLengths = lengths -> {
      assertThatIllegalArgumentException().isThrownBy(() -> lengths.set(0, 4))
          .withMessage("request 1 sample 0: draft length is 4, must be 0 to 3");
      assertThatIllegalArgumentException().isThrownBy(() -> lengths.set(0, -1));
      lengths.set(0, 1);
    };

    assertThat(rooms(harness)).containsExactly(1);
  }

  @Test void policySeesItsOwnLengthsAndTheLoad() {
    SchedulerHarness harness = harness(1).add(request, request(2, 60, 2));
    harness.step();
    List<String> seen = new ArrayList<>();
    harness.draftLengths = lengths -> {
      seen.add(lengths.numSequences() + " of " + lengths.numRunning() + " running, waiting "
          + lengths.numWaiting() + ", length " + lengths.draftLength(0) + " of "
          + lengths.maxNumDraftTokens(0) + ", budget " + lengths.maxNumBatchedTokens());
      lengths.set(0, 2);
    };

    harness.draft(batch -> { });
    harness.draft(batch -> { });

    assertThat(seen).containsExactly(
        "1 of 2 running, waiting 0, length 0 of 3, budget 32",
        "1 of 2 running, waiting 0, length 2 of 3, budget 32");
  }

  // ---- steps in flight

  @Test void sequenceThatIsNotDraftedIsPlannedAhead() {
    SchedulerHarness harness = harness(2).add(request);
    harness.draftLengths = always(0);
    harness.step();
    harness.draft(batch -> { });
    harness.plan();

    assertThat(PlanText.rows(harness.plan())).isEqualTo("1/0@6+1");
  }

  @Test void sequenceThatIsDraftedAwaitsItsToken() {
    SchedulerHarness harness = harness(2).add(request);
    harness.step();
    harness.draft(batch -> { });
    harness.plan();

    assertThat(harness.plan().isEmpty()).isTrue();
    harness.complete();
    assertThat(rooms(harness)).containsExactly(3);
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void sequencePlannedAheadIsDraftedWhenItHasStopped() {
    SchedulerHarness harness = harness(2).add(request);
    harness.draftLengths = always(0);
    harness.step();
    harness.draft(batch -> { });
    harness.plan();
    harness.plan();
    harness.complete();
    harness.draftLengths = always(2);

    assertThat(rooms(harness)).as("one token is in flight").isEmpty();
    assertThat(harness.plan().isEmpty()).isTrue();
    harness.complete();
    assertThat(rooms(harness)).containsExactly(2);
  }

  // ---- the budget of a step

  private static SchedulerHarness narrow(int maxNumBatchedTokens) {
    return SchedulerHarness.builder().plainBlocks(64).limits(limits -> limits
        .maxNumDraftTokens(3).maxNumSeqs(3).maxNumBatchedTokens(maxNumBatchedTokens)).build();
  }

  @Test void draftsLeaveATokenForEveryRunningSequence() {
    SchedulerHarness harness = narrow(8).add(request, request(2, 1, 9), request(3, 1, 9));
    harness.step();

    assertThat(rooms(harness)).containsExactly(1, 1, 1);
  }

  @Test void longestAreCutFirst() {
    SchedulerHarness harness = narrow(8).add(request, request(2, 1, 9),
        asking(3, 1, SamplingParameters.greedy(9)).maxNumDraftTokens(1).build());
    harness.step();

    assertThat(rooms(harness)).as("5 tokens for 3, 3 and 1 drafts").containsExactly(2, 2, 1);
  }

  @Test void lengthThatWasCutComesBackByItself() {
    SchedulerHarness harness = narrow(8).add(request, request(2, 1, 2), request(3, 1, 2));
    harness.step();
    assertThat(rooms(harness)).as("two need no drafts any more").containsExactly(3);
    harness.add(request(4, 20, 9));
    assertThat(rooms(harness)).as("5 tokens, of which 2 for drafts").containsExactly(2);
    harness.abort(4);
    harness.draftLengths = lengths -> { };

    assertThat(rooms(harness)).containsExactly(3);
  }

  @Test void lengthsThatAreKeptCannotBeSet() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    List<DraftLengths> kept = new ArrayList<>();
    harness.draftLengths = kept::add;
    harness.draft(batch -> { });

    assertThatIllegalStateException().isThrownBy(() -> kept.get(0).set(0, 1))
        .withMessage("lengths are set in DraftLengthPolicy.choose alone");
  }

  @Test void draftsLeaveHalfOfTheRestForPrompts() {
    SchedulerHarness harness = narrow(9).add(request, request(2, 1, 9));
    harness.step();
    harness.add(request(3, 20, 9));

    assertThat(rooms(harness)).as("7 tokens, of which 3 for drafts").containsExactly(1, 1);
  }

  // ---- failures

  @Test void policyThatThrowsCostsNothing() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    harness.draftLengths = lengths -> {
      throw new IllegalStateException("cannot choose");
    };

    assertThat(rooms(harness)).isEmpty();
    assertThat(harness.scheduler.stats().numDraftingFailures()).isEqualTo(1);
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void drafterThatThrowsKeepsWhatItHasProposed() {
    SchedulerHarness harness = harness(1).add(request, request(2, 5, 9));
    harness.step();
    harness.draft(batch -> {
      batch.propose(0, new Drafts().add(7));
      throw new IllegalStateException("cannot go on");
    });

    assertThat(harness.step()).isEqualTo("1/0@5+2 drafts 1 2/0@5+1");
    assertThat(harness.scheduler.stats().numDraftingFailures()).isEqualTo(1);
    harness.run().assertRanAsIfAlone(request, request(2, 5, 9)).assertAllReturned();
  }

  @Test void batchThatIsKeptHoldsNobody() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    AtomicReference<Integer> numKept = new AtomicReference<>();
    List<Runnable> later = new ArrayList<>();

    harness.draft(batch -> later.add(() -> numKept.set(batch.numSequences())));
    later.get(0).run();

    assertThat(numKept.get()).isZero();
  }

  // ---- what they hear

  @Test void endsAndStepsAreTold() {
    List<String> told = new ArrayList<>();
    SchedulerHarness harness = harness(1).add(request(1, 5, 3));
    harness.drafter.notesEnds = true;
    harness.draftLengths = new Telling(told::add);
    harness.step();
    harness.propose(1, 0, harness.alone(request, 0).get(1));

    harness.step();

    assertThat(told).containsExactly("0 of 0", "1 of 1", "end of request 1 sample 0");
    assertThat(harness.drafter.ended).containsExactly("request 1 sample 0 with 8");
  }

  @Test void statisticsCountWhatWasVerified() {
    SchedulerHarness harness = harness(1).add(request);
    harness.step();
    harness.propose(1, 0, harness.alone(request, 0).get(1), 96, 95);
    harness.step();
    harness.policy.plan = step -> step.schedule(step.running().get(0), 1, 2);
    harness.step();

    assertThat(harness.scheduler.stats().numDraftTokens()).as("no placeholders").isEqualTo(3);
    assertThat(harness.scheduler.stats().numAcceptedDraftTokens()).isEqualTo(1);
  }

  @Test void drafterNeedsDraftsInTheLimits() {
    SchedulerLimits limits = TestServer.limits().build();
    SchedulerBuilder builder = Scheduler.builder(limits, ExecutorSpec.builder().blockSize(4)
        .numBlocks(9).maxModelLen(512).vocabularySize(1 << 20).build(),
        TestKvCache.withPrefixes(8, 4)).drafter(new CalledDrafter());

    assertThatIllegalArgumentException().isThrownBy(builder::build)
        .withMessage("maxNumDraftTokens is 0, must be 1 or more with a drafter; the executor"
            + " verifies at most 0");
  }

  /** Notes what it is told. */
  private record Telling(Consumer<String> told) implements DraftLengthPolicy {
    @Override public void choose(DraftLengths lengths) {
      LONGEST.choose(lengths);
    }

    @Override public void onStep(StepFeedback feedback) {
      told.accept(feedback.numAcceptedTokens(0) + " of " + feedback.numDraftTokens(0));
    }

    @Override public void onFinish(SequenceView sequence) {
      told.accept("end of " + sequence);
    }
  }
}
