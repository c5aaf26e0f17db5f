package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.TokenMask;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Drafts of sequences whose tokens are restricted. */
final class DraftMasksTest {
  private static final int BEFORE_OUTPUT = 5;

  private static SchedulerHarness harness() {
    return SchedulerHarness.builder().plainBlocks(64)
        .limits(limits -> limits.maxNumDraftTokens(4))
        .spec(spec -> spec.verifiesTrees(true)).build();
  }

  private static Request masked(TokenMask mask) {
    return asking(1, BEFORE_OUTPUT, SamplingParameters.greedy(12)).tokenMask(mask).build();
  }

  /** Output number n is 10 + n or 20 + n; behind one of the twenties comes the same plus one. */
  private static final TokenMask STEPS = (tokens, sampleIndex, words) -> {
    int outputIndex = tokens.numTokens() - BEFORE_OUTPUT;
    int last = tokens.token(tokens.numTokens() - 1);
    if (outputIndex == 0 || last < 20) {
      words[0] |= 1L << (10 + outputIndex);
    }
    words[0] |= 1L << (20 + outputIndex);
    return true;
  };

  private static List<Integer> drafts(StepPlan plan) {
    List<Integer> drafts = new ArrayList<>();
    for (int i = plan.numTokens(0) - plan.numDraftTokens(0); i < plan.numTokens(0); i++) {
      drafts.add(plan.token(0, i));
    }
    return drafts;
  }

  @Test void chainIsCutAtTheFirstTokenNotPermitted() {
    SchedulerHarness harness = harness().add(masked(STEPS));
    harness.step();
    harness.answer(1, 0, new Drafts().add(21).add(22).add(13).add(24));

    assertThat(drafts(harness.plan())).containsExactly(21, 22);
  }

  @Test void siblingIsPermittedByTheMaskBehindTheirParent() {
    SchedulerHarness harness = harness().add(masked((tokens, sampleIndex, words) -> {
      words[0] = 0x3ffL << (tokens.numTokens() % 2 == 0 ? 30 : 40); // Ten tokens from there.
      return true;
    }));
    harness.step();
    assertThat(harness.sequence(1).numTokens()).isEqualTo(6);
    Drafts tree = new Drafts().add(30, Drafts.ROOT).add(31, Drafts.ROOT).add(40, 0).add(41, 1);

    harness.answer(1, 0, tree);

    assertThat(drafts(harness.plan())).containsExactly(30, 31, 40, 41);
  }

  @Test void draftNotPermittedTakesAlongWhatFollowsIt() {
    SchedulerHarness harness = harness().add(masked(STEPS));
    harness.step();
    Drafts tree = new Drafts().add(5, Drafts.ROOT).add(22, 0).add(21, Drafts.ROOT).add(22, 2);
    assertThat(harness.answer(1, 0, tree)).isEqualTo(DraftAnswer.TAKEN);

    StepPlan plan = harness.plan();

    assertThat(drafts(plan)).containsExactly(21, 22);
    assertThat(plan.hasDraftTree(0)).isFalse();
  }

  @Test void distributionIsThatOfThePermittedTokens() {
    SchedulerHarness harness = harness().add(masked(STEPS));
    harness.step();
    harness.answer(1, 0, new Drafts().add(21).addChoice(21, 0.25f).addChoice(40, 0.5f)
        .addChoice(11, 0.125f).addChoice(50, 0.125f));

    StepPlan plan = harness.plan();

    boolean maybeLow = (plan.maskWord(0, 0, 0) & 1L << 11) != 0;
    assertThat(plan.numDraftChoices(0, 0)).isEqualTo(maybeLow ? 2 : 1);
    assertThat(plan.draftChoice(0, 0, 0)).isEqualTo(21);
    assertThat(plan.draftProbability(0, 0, 0)).isEqualTo(maybeLow ? 0.25f / 0.375f : 1);
  }

  @Test void everyDraftHasTheMaskBehindIt() {
    SchedulerHarness harness = harness().add(masked(STEPS));
    harness.step();
    boolean startsLow = harness.heard.tokens(1, 0).get(0) < 20;
    int first = startsLow ? 11 : 21;
    harness.answer(1, 0, new Drafts().add(first, Drafts.ROOT).add(22, 0).add(23, 1));

    StepPlan plan = harness.plan();

    long secondLow = first < 20 ? 1L << 12 : 0;
    assertThat(plan.hasMask(0)).isTrue();
    assertThat(plan.maskWord(0, 0, 0)).isEqualTo((startsLow ? 1L << 11 : 0) | 1L << 21);
    assertThat(plan.maskWord(0, 1, 0)).isEqualTo(secondLow | 1L << 22);
    assertThat(plan.maskWord(0, 2, 0)).isEqualTo(1L << 23);
    assertThat(plan.maskWord(0, 3, 0)).isEqualTo(1L << 24);
    assertThat(plan.maskWord(0, 3, 1)).isZero();
  }

  @Test void outputIsPermittedWhateverIsDrafted() {
    SchedulerHarness harness = harness().add(masked(STEPS));
    int value = 0;
    while (!harness.scheduler.isIdle()) {
      harness.step();
      int next = value++;
      harness.draft(batch -> {
        int output = batch.tokens(0).numTokens() - BEFORE_OUTPUT;
        Drafts drafts = new Drafts();
        for (int i = 0; i < batch.maxNumDraftTokens(0); i++) {
          drafts.add((next % 2 == 0 ? 20 : 10) + output + i);
        }
        batch.propose(0, drafts);
      });
    }

    List<Integer> output = harness.heard.tokens(1, 0);
    SchedulerHarness alone = harness().add(masked(STEPS));
    alone.run();
    assertThat(output).hasSize(12).isEqualTo(alone.heard.tokens(1, 0));
    assertThat(harness.scheduler.stats().numAcceptedDraftTokens()).isPositive();
  }

  @Test void maskNotReadyBehindADraftEndsTheDraftsThere() {
    SchedulerHarness harness = harness().add(masked((tokens, sampleIndex, words) -> {
      words[0] = -1;
      words[1] = -1;
      return tokens.numTokens() <= BEFORE_OUTPUT + 2;
    }));
    harness.step();
    harness.answer(1, 0, new Drafts().add(1).add(2).add(3));

    assertThat(drafts(harness.plan())).containsExactly(1);
  }

  @Test void maskThatThrowsBehindADraftCostsTheDraft() {
    SchedulerHarness harness = harness().add(masked((tokens, sampleIndex, words) -> {
      if (tokens.token(tokens.numTokens() - 1) == 7) {
        throw new IllegalStateException("no token may follow 7");
      }
      words[0] = 1 << 3 | 1 << 7;
      return true;
    }));
    harness.step();
    harness.answer(1, 0, new Drafts().add(7).add(3));

    assertThat(harness.step()).doesNotContain("drafts 2");
    assertThat(harness.run().heard.reason(1, 0))
        .isIn(FinishReason.LENGTH, FinishReason.ERROR);
  }

  @Test void maskSeesTheDraftsBehindTheKnownTokens() {
    List<List<Integer>> seen = new ArrayList<>();
    SchedulerHarness harness = harness().add(masked((tokens, sampleIndex, words) -> {
      int[] copied = new int[tokens.numTokens() - BEFORE_OUTPUT];
      tokens.copyTokens(BEFORE_OUTPUT, copied, 0, copied.length);
      List<Integer> output = new ArrayList<>();
      for (int token : copied) {
        output.add(token);
      }
      seen.add(output);
      words[0] = -1;
      return true;
    }));
    harness.step();
    int first = harness.heard.tokens(1, 0).get(0);
    seen.clear();
    harness.answer(1, 0, new Drafts().add(1, Drafts.ROOT).add(2, 0).add(3, Drafts.ROOT).add(4, 2));

    harness.plan();

    assertThat(seen).contains(List.of(first), List.of(first, 1), List.of(first, 1, 2),
        List.of(first, 3), List.of(first, 3, 4)).doesNotContain(List.of(first, 1, 3));
  }
}
