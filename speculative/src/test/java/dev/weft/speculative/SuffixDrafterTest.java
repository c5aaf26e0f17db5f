package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.testkit.DrafterContract;
import dev.weft.testkit.HandDraftBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What suffix decoding proposes in small cases, and the contract of drafters. */
class SuffixDrafterTest extends DrafterContract {
  private final SuffixDrafter drafter = SuffixDrafter.create();

  @Override protected Drafter create() {
    return SuffixDrafter.create();
  }

  @Override protected boolean learnsFromOthers() {
    return true;
  }

  private static HandDraftBatch chain(int handle, int... tokens) {
    return new HandDraftBatch().chainsAlone().with(handle, 8, tokens);
  }

  @Test void aMatchGivesAsManyDraftsAsItHasTokens() {
    assertThat(chain(0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3).proposalsOf(drafter)[0])
        .containsExactly(4, 5, 6);
    SuffixDrafter bolder = SuffixDrafter.builder().lengthFactor(1.5).lengthOffset(1).build();
    assertThat(chain(0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3).proposalsOf(bolder)[0])
        .containsExactly(4, 5, 6, 7, 8);
  }

  @Test void theMoreFrequentTokenIsDrafted() {
    assertThat(chain(0, 1, 2, 5, 1, 2, 5, 1, 2, 6, 1, 2).proposalsOf(drafter)[0][0]).isEqualTo(5);
  }

  @Test void ofEquallyFrequentTokensTheLaterOneIsDrafted() {
    assertThat(chain(0, 1, 2, 5, 1, 2, 6, 1, 2).proposalsOf(drafter)[0][0]).isEqualTo(6);
  }

  @Test void unlikelyPathsEnd() {
    SuffixDrafter careful = SuffixDrafter.builder().minProbability(0.6).build();

    assertThat(chain(0, 1, 2, 5, 1, 2, 6, 1, 2).proposalsOf(careful)[0]).isEmpty();
    assertThat(chain(1, 1, 2, 5, 6, 7, 1, 2, 5, 6, 8, 1, 2).proposalsOf(careful)[0])
        .containsExactly(5, 6);
  }

  @Test void finishedOutputsHelpOthers() {
    HandDraftBatch.finish(drafter, 7, 2, 40, 41, 1, 2, 3, 4, 5, 6);

    assertThat(chain(0, 9, 1, 2, 3).proposalsOf(drafter)[0]).containsExactly(4, 5, 6);
  }

  @Test void promptsHelpNobodyElse() {
    HandDraftBatch.finish(drafter, 7, 6, 1, 2, 3, 4, 5, 6, 20, 21);

    assertThat(chain(0, 9, 1, 2, 3).proposalsOf(drafter)[0]).isEmpty();
  }

  @Test void theOwnTextWinsWhenScoresAreEqual() {
    HandDraftBatch.finish(drafter, 7, 0, 2, 30, 2, 31);
    HandDraftBatch.finish(drafter, 7, 0, 6, 30);

    assertThat(chain(0, 2, 4, 5, 8, 2).proposalsOf(drafter)[0]).containsExactly(4);
    assertThat(chain(1, 6, 4, 5, 8, 6).proposalsOf(drafter)[0]).containsExactly(30);
  }

  @Test void nothingIsSharedWhereNothingIsKept() {
    SuffixDrafter alone = SuffixDrafter.builder().maxNumSharedTokens(0).build();
    HandDraftBatch.finish(alone, 7, 0, 1, 2, 3, 4, 5, 6);

    assertThat(chain(0, 9, 1, 2, 3).proposalsOf(alone)[0]).isEmpty();
  }

  @Test void theOldestOutputsAreForgottenFirst() {
    SuffixDrafter small = SuffixDrafter.builder().maxNumSharedTokens(12).build();
    HandDraftBatch.finish(small, 0, 0, 1, 2, 3, 4, 5, 6);
    HandDraftBatch.finish(small, 0, 0, 11, 12, 13, 14, 15, 16);
    assertThat(chain(0, 9, 1, 2, 3).proposalsOf(small)[0]).containsExactly(4, 5, 6);

    HandDraftBatch.finish(small, 1, 0, 21, 22, 23, 24, 25, 26);

    assertThat(chain(2, 9, 1, 2, 3).proposalsOf(small)[0]).isEmpty();
    assertThat(chain(3, 9, 11, 12, 13).proposalsOf(small)[0]).containsExactly(14, 15, 16);
    assertThat(chain(4, 9, 21, 22, 23).proposalsOf(small)[0]).containsExactly(24, 25, 26);
  }

  @Test void aTreeBranchesWhereTokensDiffer() {
    Drafts drafts = new HandDraftBatch().with(0, 4, 1, 2, 3, 5, 8, 1, 2, 3, 6, 9, 1, 2, 3)
        .show(drafter).drafts(0);

    assertThat(drafts.numDrafts()).isEqualTo(3);
    assertThat(new int[] {drafts.token(0), drafts.token(1), drafts.token(2)})
        .containsExactly(6, 5, 9);
    assertThat(new int[] {drafts.parent(0), drafts.parent(1), drafts.parent(2)})
        .containsExactly(-1, -1, 0);
  }

  @Test void withoutAPlaceThereAreNoDraftsUntilAnotherSequenceEnds() {
    int[] tokens = {1, 2, 3, 1, 2};
    SuffixDrafter small = SuffixDrafter.builder().maxNumSequences(1).maxNumSharedTokens(0).build();

    assertThat(new HandDraftBatch().with(5, 1, tokens).with(900, 1, tokens).proposalsOf(small))
        .isDeepEqualTo(new int[][] {{3}, {}});
    HandDraftBatch.finish(small, 5, 3, tokens);
    assertThat(new HandDraftBatch().with(900, 1, tokens).proposalsOf(small))
        .isDeepEqualTo(new int[][] {{3}});
  }

  @ParameterizedTest @CsvSource({"2", "50", "5000"})
  void memoryStaysWithinItsBound(int vocabularySize) {
    SuffixDrafter bounded = SuffixDrafter.builder().windowSize(128).maxNumSequences(2)
        .maxNumSharedTokens(1000).build();
    SteadyBatch batch = new SteadyBatch(2, 3000, false);
    for (int step = 0; step < 3000; step++) {
      batch.step(bounded);
    }
    int[] tokens = new int[4000];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = (i * i + i / 7) % vocabularySize;
    }
    HandDraftBatch.finish(bounded, 0, 0, tokens);

    assertThat(bounded.memorySize())
        .isBetween(bounded.maxMemorySize() / 8, bounded.maxMemorySize());
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1, 0, 0, 1, 64, 0, maxNumDraftTokens",
      "1, 0, 1, 0, 0, 1, 64, 0, maxMatchLength", "1, 1, NaN, 0, 0, 1, 64, 0, lengthFactor",
      "1, 1, 1, -1025, 0, 1, 64, 0, lengthOffset", "1, 1, 1, 0, 1.1, 1, 64, 0, minProbability",
      "1, 1, 1, 0, 0, 0, 64, 0, maxNumSequences", "1, 1, 1, 0, 0, 1, 63, 0, windowSize",
      "1, 1, 1, 0, 0, 1, 64, -1, maxNumSharedTokens"})
  void settingsOutOfRangeAreNamed(int numDrafts, int matchLength, double factor, double offset,
      double probability, int numSequences, int windowSize, int numShared, String named) {
    SuffixDrafterBuilder builder = SuffixDrafter.builder().maxNumDraftTokens(numDrafts)
        .maxMatchLength(matchLength).lengthFactor(factor).lengthOffset(offset)
        .minProbability(probability).maxNumSequences(numSequences).windowSize(windowSize)
        .maxNumSharedTokens(numShared);

    assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(named + " is [-.\\w]+, must be [-.\\d]+ to [-.\\d]+");
  }
}
