package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.Drafter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Drafter} must do; a test of a drafter extends this. Drafts need not be good,
 * but nothing may be wrong with them: drafts that a scheduler has to refuse are a failure here.
 */
public abstract class DrafterContract {
  private static final int MAX_NUM_TOKENS = 60;
  private static final int NUM_HISTORIES = 20;
  private static final int NUM_STEPS = 60;

  private Drafter drafter;

  /** For the test class that extends it. */
  protected DrafterContract() {}

  /** A new drafter; drafters of equal settings propose equally. It must take handles of 0 to 7. */
  protected abstract Drafter create();

  /** Token ids that it may be shown and may propose: 0 to this, exclusive. */
  protected int vocabularySize() {
    return 16;
  }

  /** True when what it saw of one sequence may change what it proposes for another. */
  protected boolean learnsFromOthers() {
    return false;
  }

  @BeforeEach final void open() {
    drafter = create();
  }

  @AfterEach final void close() {
    drafter.close();
  }

  @Test void itProposesNoMoreThanItSays() {
    assertThat(drafter.maxNumDraftTokens()).isPositive();
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      HandDraftBatch batch = new HandDraftBatch().with(0, 1000, tokens(0, numTokens));

      assertThat(batch.show(drafter).drafts(0).numDrafts())
          .isLessThanOrEqualTo(drafter.maxNumDraftTokens());
    }
  }

  @Test void itProposesNoMoreThanThereIsRoomFor() {
    for (int room = 0; room <= drafter.maxNumDraftTokens(); room++) {
      for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens += 4) {
        assertNothingIsWrong(new HandDraftBatch().with(room % 8, room, tokens(room, numTokens)));
      }
      HandDraftBatch.finish(drafter, room % 8, 1, tokens(room, MAX_NUM_TOKENS));
    }
  }

  @Test void itProposesTokensOfTheVocabulary() {
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      assertNothingIsWrong(new HandDraftBatch().vocabularySize(vocabularySize())
          .with(0, drafter.maxNumDraftTokens(), tokens(0, numTokens)));
    }
  }

  @Test void itProposesChainsWhereTreesAreNotTaken() {
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      assertNothingIsWrong(batch(numTokens).chainsAlone());
    }
  }

  @Test void treesAndDistributionsAreValid() {
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      assertNothingIsWrong(batch(numTokens));
    }
  }

  @Test void nothingIsWrongWhateverHappensToSequences() {
    for (int seed = 1; seed <= NUM_HISTORIES; seed++) {
      try (Drafter one = create()) {
        new DraftHistory(seed, vocabularySize()).run(one, NUM_STEPS);
      }
    }
  }

  @Test void equalHistoriesGetEqualProposals() {
    for (int seed = 1; seed <= NUM_HISTORIES; seed++) {
      try (Drafter one = create(); Drafter other = create()) {
        assertThat(new DraftHistory(seed, vocabularySize()).run(one, NUM_STEPS))
            .as("history of seed %d", seed)
            .isEqualTo(new DraftHistory(seed, vocabularySize()).run(other, NUM_STEPS));
      }
    }
  }

  @Test void aHandleKeepsNothingOfASequenceThatEnded() {
    assumeFalse(learnsFromOthers(), "the drafter learns from other sequences");
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      propose(drafter, 3, tokens(0, numTokens));
    }
    HandDraftBatch.finish(drafter, 3, 1, tokens(0, MAX_NUM_TOKENS));

    try (Drafter fresh = create()) {
      for (int numTokens = 5; numTokens < MAX_NUM_TOKENS; numTokens += 2) {
        assertThat(propose(drafter, 3, tokens(1, numTokens)))
            .isEqualTo(propose(fresh, 3, tokens(1, numTokens)));
      }
    }
  }

  @Test void sequencesAreIndependentOfEachOther() {
    assumeFalse(learnsFromOthers(), "the drafter learns from other sequences");
    try (Drafter alone = create()) {
      for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
        assertThat(batch(numTokens).proposalsOf(drafter)[2])
            .isEqualTo(new HandDraftBatch().with(2, 4, tokens(2, numTokens + 2))
                .proposalsOf(alone)[0]);
      }
    }
  }

  @Test void aRefusalCostsItsSequenceAlone() {
    DraftAnswer refused = DraftAnswer.refused(Refusal.BAD_DISTRIBUTION, "refused by the test");
    try (Drafter refusedOnce = create()) {
      for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
        HandDraftBatch taken = batch(numTokens).show(drafter);
        HandDraftBatch rejected = batch(numTokens).answering(refused).show(refusedOnce);
        for (int i = 0; i < 3; i++) {
          assertThat(rejected.answers(i).isEmpty())
              .as("%d tokens: sequence %d was passed over", numTokens, i)
              .isEqualTo(taken.answers(i).isEmpty());
          assertThat(rejected.answers(i).size())
              .as("%d tokens: proposals for sequence %d, all refused", numTokens, i)
              .isLessThanOrEqualTo(drafter.maxNumDraftTokens());
        }
      }
    }
  }

  @Test void sequencesMayComeAndStayAway() {
    batch(5).proposalsOf(drafter);
    new HandDraftBatch().with(1, 2, tokens(1, 6)).proposalsOf(drafter);
    HandDraftBatch.finish(drafter, 0, 3, tokens(0, 5));
    HandDraftBatch.finish(drafter, 7, 3, tokens(7, 40));
    HandDraftBatch.finish(drafter, 7, 3, tokens(7, 40));

    assertNothingIsWrong(batch(40));
    assertNothingIsWrong(batch(1000));
  }

  @Test void anEmptyBatchIsFine() {
    assertThat(new HandDraftBatch().proposalsOf(drafter)).isEmpty();
  }

  @Test void noRoomIsFine() {
    assertNothingIsWrong(new HandDraftBatch().with(0, 0, tokens(0, 9)));
  }

  @Test void closingTwiceIsClosingOnce() {
    drafter.close();

    assertThatCode(drafter::close).doesNotThrowAnyException();
  }

  private void assertNothingIsWrong(HandDraftBatch batch) {
    int numSequences = batch.numSequences();
    batch.show(drafter);
    for (int i = 0; i < numSequences; i++) {
      assertThat(batch.answers(i)).as("answers to the drafts of sequence %d", i)
          .allMatch(DraftAnswer::isTaken);
    }
  }

  private static int[] propose(Drafter drafter, int handle, int[] tokens) {
    return new HandDraftBatch().with(handle, drafter.maxNumDraftTokens(), tokens)
        .proposalsOf(drafter)[0];
  }

  private HandDraftBatch batch(int numTokens) {
    HandDraftBatch batch = new HandDraftBatch().vocabularySize(vocabularySize());
    for (int handle = 0; handle < 3; handle++) {
      batch.with(handle, 4, tokens(handle, numTokens + handle));
    }
    return batch;
  }

  /** Tokens with many repetitions, which longer ones of the same text continue. */
  private int[] tokens(int text, int numTokens) {
    int[] tokens = new int[numTokens];
    SplitMix random = new SplitMix(text);
    for (int i = 0; i < numTokens; i++) {
      int back = random.between(1, 6);
      boolean isRepeated = random.below(4) > 0 && i >= back;
      tokens[i] = isRepeated ? tokens[i - back] : random.below(vocabularySize());
    }
    return tokens;
  }
}
