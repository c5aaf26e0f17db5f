package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.Drafter;
import dev.weft.testkit.DrafterContract;
import dev.weft.testkit.HandDraftBatch;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What prompt lookup proposes in small cases, and the contract of drafters. */
class NgramDrafterTest extends DrafterContract {
  private final NgramDrafter drafter = NgramDrafter.create();

  @Override protected Drafter create() {
    return NgramDrafter.create();
  }

  private int[] propose(int room, int... tokens) {
    return new HandDraftBatch().with(0, room, tokens).proposalsOf(drafter)[0];
  }

  @Test void whatFollowedTheLastTokensIsProposed() {
    assertThat(propose(3, 1, 2, 3, 4, 5, 9, 1, 2)).containsExactly(3, 4, 5);
  }

  @Test void oneTokenAloneIsNoMatch() {
    assertThat(propose(3, 1, 2, 3, 4, 5, 9, 1)).isEmpty();
  }

  @Test void theLongestMatchWinsOverALaterOne() {
    assertThat(propose(1, 1, 2, 3, 10, 2, 3, 20, 1, 2, 3)).containsExactly(10);
  }

  @Test void theLatestMatchWinsAmongEquallyLongOnes() {
    assertThat(propose(1, 2, 3, 10, 2, 3, 20, 2, 3)).containsExactly(20);
  }

  @Test void moreThanTheLargestSizeDoesNotCount() {
    assertThat(propose(1, 0, 1, 2, 3, 4, 10, 9, 1, 2, 3, 4, 20, 0, 1, 2, 3, 4))
        .containsExactly(20);
  }

  @Test void aPeriodGoesOnBeyondTheEnd() {
    assertThat(propose(8, 8, 9, 1, 2, 3, 1, 2)).containsExactly(3, 1, 2, 3, 1, 2, 3, 1);
    assertThat(propose(3, 8, 9, 1, 2, 3, 1, 2, 7, 7, 7)).containsExactly(7, 7, 7);
  }

  @Test void acceptedTokensAreLookedUpInTheirTurn() {
    propose(8, 1, 2, 3, 4);

    assertThat(propose(1, 1, 2, 3, 4, 9, 2, 3)).containsExactly(4);
    assertThat(propose(1, 1, 2, 3, 4, 9, 2, 3, 5, 2, 3)).containsExactly(5);
    assertThat(propose(1, 1, 2, 3, 4, 9, 2, 3, 5, 2, 3, 4, 9)).containsExactly(2);
  }

  @Test void withoutAPlaceThereAreNoDraftsUntilAnotherSequenceEnds() {
    int[] tokens = {1, 2, 3, 1, 2};
    NgramDrafter small = NgramDrafter.builder().maxNumSequences(1).build();

    assertThat(new HandDraftBatch().with(5, 1, tokens).with(900, 1, tokens).proposalsOf(small))
        .isDeepEqualTo(new int[][] {{3}, {}});
    HandDraftBatch.finish(small, 5, 3, tokens);
    assertThat(new HandDraftBatch().with(900, 1, tokens).proposalsOf(small))
        .isDeepEqualTo(new int[][] {{3}});
  }

  @Test void growingForgetsNothing() {
    int[] tokens = new int[3000];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = i;
    }
    for (int numTokens = 2; numTokens < tokens.length; numTokens += 2) {
      assertThat(propose(1, Arrays.copyOf(tokens, numTokens))).isEmpty();
    }
    int[] last = Arrays.copyOf(tokens, 3002);
    last[3000] = 7;
    last[3001] = 8;
    assertThat(propose(1, last)).containsExactly(9);
  }

  @Test void whatIsBeforeTheWindowIsForgotten() {
    NgramDrafter forgetful = NgramDrafter.builder().windowSize(64).build();
    int[] tokens = new int[67];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = 100 + i;
    }
    tokens[64] = 101;
    tokens[65] = 102;
    tokens[66] = 140;

    assertThat(new HandDraftBatch().with(0, 1, Arrays.copyOf(tokens, 66))
        .proposalsOf(forgetful)[0]).isEmpty();
    tokens[65] = 140;
    tokens[66] = 141;
    assertThat(new HandDraftBatch().with(0, 1, tokens).proposalsOf(forgetful)[0])
        .containsExactly(142);
  }

  @Test void memoryStaysWithinItsBound() {
    NgramDrafter bounded = NgramDrafter.builder().windowSize(128).maxNumSequences(2).build();
    assertThat(bounded.maxMemorySize()).isEqualTo(2 * 8 * 1024);
    assertThat(bounded.memorySize()).isZero();
    int[] tokens = new int[5000];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = i * 31 % 1009;
    }
    for (int numTokens = 1; numTokens < tokens.length; numTokens += 7) {
      int[] known = Arrays.copyOf(tokens, numTokens);
      new HandDraftBatch().with(0, 1, known).with(1, 1, known).show(bounded);
    }

    assertThat(bounded.memorySize()).isEqualTo(bounded.maxMemorySize());
  }

  @ParameterizedTest
  @CsvSource({"0, 4, 8, 1, 64, minNgramSize", "5, 4, 8, 1, 64, minNgramSize",
      "1, 9, 8, 1, 64, maxNgramSize", "1, 1, 0, 1, 64, maxNumDraftTokens",
      "1, 1, 1025, 1, 64, maxNumDraftTokens", "1, 1, 1, 0, 64, maxNumSequences",
      "1, 1, 1, 65537, 64, maxNumSequences", "1, 1, 1, 1, 63, windowSize",
      "1, 1, 1, 1, 16777217, windowSize"})
  void settingsOutOfRangeAreNamed(int minSize, int maxSize, int numDrafts, int numSequences,
      int windowSize, String named) {
    NgramDrafter.Builder builder = NgramDrafter.builder().minNgramSize(minSize)
        .maxNgramSize(maxSize).maxNumDraftTokens(numDrafts).maxNumSequences(numSequences)
        .windowSize(windowSize);

    assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(named + " is \\d+, must be \\d+ to \\d+");
  }
}
