package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.TestDrafts.begun;
import static dev.weft.batching.TestDrafts.harness;
import static dev.weft.batching.TestDrafts.right;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a drafter is shown, and what is made of its proposals. */
final class DraftBatchTest {
  private final Request request = request(1, 5, 20);

  @Test void batchListsWhoWasSampledWithAllTokens() {
    SchedulerHarness harness = harness(1).add(request, request(2, 40, 9));
    harness.step();

    harness.draft(batch -> {
      assertThat(batch.numSequences()).isEqualTo(1);
      assertThat(batch.handle(0)).isEqualTo(harness.sequence(1).handle());
      assertThat(batch.maxNumDraftTokens(0)).isEqualTo(3);
      assertThat(batch.tokens(0).numTokens()).isEqualTo(6);
      assertThat(batch.tokens(0).token(5)).isEqualTo(right(harness, request, 0, 1)[0]);
    });
  }

  @Test void batchIsEmptyOnceAStepIsPlanned() {
    SchedulerHarness harness = begun(request);
    harness.plan();

    assertThat(harness.numToDraft()).isZero();
  }

  @Test void batchIsEmptyWithoutDraftsInTheLimits() {
    SchedulerHarness plain = SchedulerHarness.create().add(request);

    plain.step();

    assertThat(plain.numToDraft()).isZero();
  }

  @Test void moreDraftsThanThereIsRoomForAreRefused() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, 1, 2);

    assertThat(harness.answer(1, 0, new Drafts().setChain(new int[] {1, 2, 3, 4}, 4)))
        .isEqualTo(DraftAnswer.refused(
            Refusal.TOO_MANY, "request 1 sample 0: 4 drafts, at most 3"));
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
  }

  @Test void laterProposalReplacesTheEarlier() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, 1, 2, 3).propose(1, 0, right(harness, request, 1, 2));

    assertThat(harness.step()).isEqualTo("1/0@5+3 drafts 2");
    harness.assertBeganAsIfAlone(request, 0, 4);
  }

  @Test void proposalOfNothingTakesDraftsBack() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, 1, 2, 3).propose(1, 0);

    assertThat(harness.step()).isEqualTo("1/0@5+1");
  }

  @ParameterizedTest @ValueSource(ints = {-1, SchedulerHarness.VOCABULARY_SIZE})
  void draftOutsideTheVocabularyCostsTheDraftsOfItsSequence(int token) {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, 1);

    assertThat(harness.answer(1, 0, new Drafts().add(2).add(token)))
        .isEqualTo(DraftAnswer.refused(Refusal.UNKNOWN_TOKEN,
            "request 1 sample 0: draft 1 is " + token + ", must be 0 to 96"));
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
  }
}
