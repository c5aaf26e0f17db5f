package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.TestDrafts.other;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Drafts that are more than a chain of tokens. */
final class DraftTreeTest {
  private final SchedulerHarness harness = harness(true);
  private final Request request = request(1, 5, 20);

  private static SchedulerHarness harness(boolean verifiesTrees) {
    return SchedulerHarness.builder().plainBlocks(64)
        .limits(limits -> limits.maxNumDraftTokens(6))
        .spec(spec -> spec.verifiesTrees(verifiesTrees)).build();
  }

  private int right(int outputIndex) {
    return harness.alone(request, 0).get(outputIndex);
  }

  /** A wrong first token with a child, the right one with two children, one of them right. */
  private Drafts tree() {
    return new Drafts().add(other(right(1)), Drafts.ROOT).add(right(2), 0)
        .add(right(1), Drafts.ROOT).add(other(right(2)), 2).add(right(2), 2).add(right(3), 4);
  }

  @Test void branchThatIsRightIsAccepted() {
    List<Integer> accepted = new ArrayList<>();
    harness.add(request).step();
    harness.policy.onStep = feedback -> accepted.add(feedback.numAcceptedTokens(0));
    assertThat(harness.answer(1, 0, tree())).isEqualTo(DraftAnswer.TAKEN);

    assertThat(harness.step()).isEqualTo("1/0@5+7 drafts 6");
    assertThat(accepted).containsExactly(3);
    harness.assertBeganAsIfAlone(request, 0, 5);
    assertThat(harness.step()).isEqualTo("1/0@9+1");
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void planSaysWhatEachDraftFollows() {
    harness.add(request).step();
    harness.answer(1, 0, tree());

    StepPlan plan = harness.plan();

    assertThat(plan.hasDraftTree(0)).isTrue();
    assertThat(Stream.iterate(0, i -> i + 1).limit(6).map(i -> plan.draftParent(0, i)))
        .containsExactly(-1, 0, -1, 2, 2, 4);
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void rowTooShortForATreeTakesTheFirstOfIt() {
    harness.add(request).step();
    harness.answer(1, 0, tree());

    harness.plan(step -> step.schedule(step.running().get(0), 4));

    assertThat(harness.run().heard.reason(1, 0)).isNotNull();
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void chainAfterATreeIsAChain() {
    harness.add(request).step();
    harness.answer(1, 0, tree());
    harness.answer(1, 0, new Drafts().add(right(1)).add(right(2)));

    StepPlan plan = harness.plan();

    assertThat(plan.hasDraftTree(0)).isFalse();
    assertThat(plan.draftParent(0, 1)).isZero();
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void planSaysWhatDraftsWereDrawnFrom() {
    harness.add(request).step();
    Drafts drafts = new Drafts().add(3).addChoice(3, 0.25f).addChoice(7, 0.75f).add(9).add(8)
        .addChoice(8, 1);
    assertThat(harness.answer(1, 0, drafts)).isEqualTo(DraftAnswer.TAKEN);

    StepPlan plan = harness.plan();

    assertThat(plan.numDraftChoices(0, 0)).isEqualTo(2);
    assertThat(plan.draftChoice(0, 0, 1)).isEqualTo(7);
    assertThat(plan.draftProbability(0, 0, 1)).isEqualTo(0.75f);
    assertThat(plan.numDraftChoices(0, 1)).isZero();
    assertThat(plan.numDraftChoices(0, 2)).isEqualTo(1);
    assertThat(plan.draftChoice(0, 2, 0)).isEqualTo(8);
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void distributionsAreThoseProposedLast() {
    harness.add(request).step();
    harness.answer(1, 0, new Drafts().add(3).addChoice(3, 1));
    harness.answer(1, 0, new Drafts().add(3));

    assertThat(harness.plan().numDraftChoices(0, 0)).isZero();
  }

  // ---- refusals

  static Stream<Arguments> badDrafts() {
    return Stream.of(
        arguments(new Drafts().add(1).add(2, 1), Refusal.BAD_PARENT,
            "draft 1 has parent 1, must be -1 to 0"),
        arguments(new Drafts().add(1, 1).add(2, 0), Refusal.BAD_PARENT,
            "draft 0 has parent 1, must be -1 to -1"),
        arguments(new Drafts().add(1, -2), Refusal.BAD_PARENT,
            "draft 0 has parent -2, must be -1 to -1"),
        arguments(new Drafts().add(1).add(2, -1).add(1, -1), Refusal.EQUAL_SIBLINGS,
            "drafts 0 and 2 of parent -1 are both 1"),
        arguments(new Drafts().add(1).addChoice(1, Float.NaN), Refusal.BAD_DISTRIBUTION,
            "the distribution of draft 0 gives token 1 the probability NaN, must be above 0 and"
                + " at most 1"),
        arguments(new Drafts().add(1).addChoice(1, 0), Refusal.BAD_DISTRIBUTION,
            "the distribution of draft 0 gives token 1 the probability 0.0, must be above 0 and"
                + " at most 1"),
        arguments(new Drafts().add(1).addChoice(1, 0.5f), Refusal.BAD_DISTRIBUTION,
            "the distribution of draft 0 sums to 0.5, must be 1"),
        arguments(new Drafts().add(1).addChoice(2, 1), Refusal.BAD_DISTRIBUTION,
            "the distribution of draft 0 has no token 1"),
        arguments(new Drafts().add(1).addChoice(1, 0.5f).addChoice(1, 0.5f),
            Refusal.BAD_DISTRIBUTION, "the distribution of draft 0 has token 1, which is there"
                + " twice or not 0 to 96"),
        arguments(new Drafts().add(1).addChoice(97, 1), Refusal.BAD_DISTRIBUTION,
            "the distribution of draft 0 has token 97, which is there twice or not 0 to 96"),
        arguments(broad(), Refusal.BAD_DISTRIBUTION,
            "the distribution of draft 0 has 65 tokens, at most 64"));
  }

  private static Drafts broad() {
    Drafts drafts = new Drafts().add(0);
    for (int token = 0; token <= DraftBatch.MAX_NUM_CHOICES; token++) {
      drafts.addChoice(token, 1f / (DraftBatch.MAX_NUM_CHOICES + 1));
    }
    return drafts;
  }

  @ParameterizedTest @MethodSource("badDrafts")
  void badDraftsCostTheDraftsOfTheirSequence(Drafts bad, Refusal refusal, String message) {
    Request other = request(2, 5, 9);
    harness.add(request, other).step();
    harness.propose(2, 0, 5);

    harness.draft(batch -> {
      assertThat(batch.propose(0, new Drafts().add(right(1)))).isEqualTo(DraftAnswer.TAKEN);
      assertThat(batch.propose(1, new Drafts().add(5))).isEqualTo(DraftAnswer.TAKEN);
      assertThat(batch.propose(0, bad))
          .isEqualTo(DraftAnswer.refused(refusal, "request 1 sample 0: " + message));
    });

    assertThat(harness.step()).isEqualTo("1/0@5+1 2/0@5+2 drafts 1");
    assertThat(harness.scheduler.stats().numDraftRefusals()).isEqualTo(1);
    harness.run().assertRanAsIfAlone(request, other).assertAllReturned();
  }

  @Test void treeIsRefusedWhereTheExecutorVerifiesChains() {
    SchedulerHarness chains = harness(false);
    chains.add(request).step();

    assertThat(chains.answer(1, 0, new Drafts().add(1).add(2, Drafts.ROOT)))
        .isEqualTo(DraftAnswer.refused(Refusal.NO_TREES,
            "request 1 sample 0: a tree of 2 drafts, the executor verifies chains alone"));
  }
}
