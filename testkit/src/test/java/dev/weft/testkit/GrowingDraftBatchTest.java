package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.Drafts;
import org.junit.jupiter.api.Test;

class GrowingDraftBatchTest {
  private final GrowingDraftBatch batch =
      new GrowingDraftBatch(2, 4, new int[] {1, 2, 3, 4}, new int[] {5, 6, 7});

  @Test void promptsAreShownFirst() {
    assertThat(batch.numSequences()).isEqualTo(2);
    assertThat(batch.sequence(1).handle()).isEqualTo(batch.handle(1)).isEqualTo(1);
    assertThat(batch.sequence(1).numPromptTokens()).isEqualTo(2);
    assertThat(batch.tokens(1).numTokens()).isEqualTo(2);
    assertThat(batch.tokens(1).token(1)).isEqualTo(6);
  }

  @Test void aSequenceGrowsAndBeginsAgain() {
    batch.grow(0, 2);

    assertThat(batch.tokens(0).numTokens()).isEqualTo(4);
    assertThat(batch.sequence(0).numTokens()).isEqualTo(4);
    assertThat(batch.sequence(0).numComputedTokens()).isEqualTo(3);
    assertThat(batch.tokens(1).numTokens()).as("the other").isEqualTo(2);

    batch.setNumTokens(0, 2);

    assertThat(batch.tokens(0).numTokens()).isEqualTo(2);
  }

  @Test void moreThanTheTextIsAnErrorThatChangesNothing() {
    assertThatIllegalArgumentException().isThrownBy(() -> batch.grow(1, 2))
        .withMessage("sequence 1: numTokens is 4, must be 1 to 3");

    assertThat(batch.tokens(1).numTokens()).isEqualTo(2);
  }

  @Test void draftsAreCounted() {
    Drafts drafts = new Drafts().add(7).add(8);

    assertThat(batch.propose(0, drafts)).isEqualTo(DraftAnswer.TAKEN);
    assertThat(batch.propose(1, drafts)).isEqualTo(DraftAnswer.TAKEN);

    assertThat(batch.numDrafts()).isEqualTo(4);
    assertThat(batch.numProposals()).isEqualTo(2);
  }
}
