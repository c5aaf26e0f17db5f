package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.schedulerapi.Drafter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Drafter} must do; a test of a drafter extends this. Drafts need not be good.
 */
public abstract class DrafterContract {
  private static final int MAX_NUM_TOKENS = 60;

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
      int[] drafts = propose(drafter, 0, tokens(0, numTokens));

      assertThat(drafts.length).isLessThanOrEqualTo(drafter.maxNumDraftTokens());
    }
  }

  @Test void itProposesTokensOfTheVocabulary() {
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      for (int draft : propose(drafter, 0, tokens(0, numTokens))) {
        assertThat(draft).isBetween(0, vocabularySize() - 1);
      }
    }
  }

  @Test void equalHistoriesGetEqualProposals() {
    try (Drafter other = create()) {
      for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens += 3) {
        int[][] first = batch(numTokens).proposalsOf(drafter);

        assertThat(batch(numTokens).proposalsOf(other)).isDeepEqualTo(first);
      }
    }
  }

  @Test void aHandleKeepsNothingOfASequenceThatEnded() {
    assumeFalse(learnsFromOthers(), "the drafter learns from other sequences");
    for (int numTokens = 1; numTokens < MAX_NUM_TOKENS; numTokens++) {
      propose(drafter, 3, tokens(0, numTokens));
    }
    drafter.onFinish(3, new HandTokens());

    try (Drafter fresh = create()) {
      for (int numTokens = 5; numTokens < MAX_NUM_TOKENS; numTokens += 2) {
        assertThat(propose(drafter, 3, tokens(1, numTokens)))
            .isEqualTo(propose(fresh, 3, tokens(1, numTokens)));
      }
    }
  }

  @Test void sequencesMayComeAndStayAway() {
    batch(5).proposalsOf(drafter);
    new HandDraftBatch().with(1, 2, tokens(1, 6)).proposalsOf(drafter);
    drafter.onFinish(0, new HandTokens());
    drafter.onFinish(7, new HandTokens());

    assertThatCode(() -> batch(40).proposalsOf(drafter)).doesNotThrowAnyException();
  }

  @Test void anEmptyBatchIsFine() {
    assertThat(new HandDraftBatch().proposalsOf(drafter)).isEmpty();
  }

  @Test void noRoomIsFine() {
    assertThatCode(() -> new HandDraftBatch().with(0, 0, tokens(0, 9)).proposalsOf(drafter))
        .doesNotThrowAnyException();
  }

  @Test void closingTwiceIsClosingOnce() {
    drafter.close();

    assertThatCode(drafter::close).doesNotThrowAnyException();
  }

  private static int[] propose(Drafter drafter, int handle, int[] tokens) {
    return new HandDraftBatch().with(handle, drafter.maxNumDraftTokens(), tokens)
        .proposalsOf(drafter)[0];
  }

  private HandDraftBatch batch(int numTokens) {
    HandDraftBatch batch = new HandDraftBatch();
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
