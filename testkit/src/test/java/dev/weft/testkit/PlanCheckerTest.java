package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Each invariant of {@link PlanChecker} is broken once on purpose. */
class PlanCheckerTest {
  private static final ExecutorSpec SPEC = ExecutorSpec.builder().vocabularySize(64).maxModelLen(24)
      .blockSize(4).numBlocks(20).numSlots(6).maxNumRows(4).maxNumBatchedTokens(40)
      .maxNumDraftTokens(2).maxInFlight(2).chunkUnit(2).build();
  private static final SchedulerLimits LIMITS = SchedulerLimits.builder().maxNumSeqs(2)
      .maxNumBatchedTokens(16).maxModelLen(24).vocabularySize(64).maxInFlight(2).maxNumAdapters(1)
      .numExtraRowTokens(1).numLookaheadTokens(1).maxNumDraftTokens(1).build();

  private static final ExecutorSpec SPEC_OF_TREES =
      ExecutorSpec.builder().maxNumDraftTokens(2).verifiesTrees(true).build();
  private static final SchedulerLimits LIMITS_OF_TREES =
      SchedulerLimits.builder().maxNumSeqs(2).maxNumBatchedTokens(16).maxNumDraftTokens(2).build();

  private final PlanChecker checker = new PlanChecker(LIMITS, SPEC);
  private final PlanWriter writer = new PlanWriter();
  private final StepResult result = new StepResult(4, 2, 0);

  @Test void aRightPlanPasses() {
    checker.check(decoding());
    completeWith(1, 5);

    assertThatCode(() -> checker.check(writer.sampledRow(0, 3, 5).write()))
        .doesNotThrowAnyException();
  }

  @Test void theNullBlockIsNobodys() {
    fails("I4", attach(0, 1).blocks(0, 0).sampledRow(0, 0, 1));
  }

  @Test void twoRowsDoNotWriteOneBlock() {
    attach(0, 1).blocks(0, 1).sampledRow(0, 0, 1, 1);
    fails("I7", attach(1, 2).blocks(1, 1).sampledRow(1, 0, 1, 1));
  }

  @Test void nobodyWritesWhatAnotherHasComputed() {
    checker.check(decoding());
    fails("I7", attach(1, 2).blocks(1, 1).sampledRow(1, 0, 1));
  }

  @Test void onlyAnAttachedSlotIsDetached() {
    fails("I12", writer.detach(0));
  }

  @Test void whatIsReadWasWritten() {
    fails("I19", attach(0, 1).blocks(0, 1, 2).sampledRow(0, 4, 1));
  }

  @Test void theTokenBudgetCountsExtraTokens() {
    checker.setCaps(new LiveCaps(2, 3, 1));

    fails("I28", attach(0, 1).blocks(0, 1).sampledRow(0, 0, 1, 1, 1));
  }

  @Test void noMoreSequencesHoldSlotsThanMayRun() {
    attach(0, 1).blocks(0, 1).sampledRow(0, 0, 1);
    attach(1, 2).blocks(1, 2).sampledRow(1, 0, 1);
    fails("I29", attach(2, 3).blocks(2, 3).sampledRow(2, 0, 1));
  }

  @Test void aSequenceHasOneRow() {
    fails("I30", attach(0, 1).blocks(0, 1).row(0, 0, 1, 1).sampledRow(0, 2, 1));
  }

  @Test void aRowBeginsWhereTheLastOneEnded() {
    checker.check(decoding());

    fails("I30", writer.sampledRow(0, 2, 5));
  }

  @Test void aBlockIsWrittenWithoutGap() {
    fails("I31", attach(0, 1).blocks(0, 1).sampledRow(0, 2, 1));
  }

  @Test void aChunkIsAMultipleOfTheUnit() {
    fails("I32", attach(0, 1).blocks(0, 1).row(0, 0, 1));
  }

  @Test void theLastPositionIsNeverComputed() {
    fails("I33", attach(0, 1).blocks(0, 1, 2, 3, 4, 5, 6).sampledRow(0, 23, 1));
  }

  @Test void aPlaceholderMayStandOnTheLastPosition() {
    int[] tokens = new int[14];
    checker.check(attach(0, 1).blocks(0, 1, 2, 3, 4, 5, 6).row(0, 0, tokens).write());

    assertThatCode(() -> checker.check(
        writer.sampledRow(0, 14, Arrays.copyOf(tokens, 9)).placeholders(1).write()))
            .doesNotThrowAnyException();
  }

  @Test void aPlaceholderDoesNotStandBehindTheLastPosition() {
    int[] tokens = new int[14];
    checker.check(attach(0, 1).blocks(0, 1, 2, 3, 4, 5, 6).row(0, 0, tokens).write());

    fails("I33", writer.sampledRow(0, 14, Arrays.copyOf(tokens, 10)).placeholders(1));
  }

  @Test void theTableReachesBeyondTheLookahead() {
    fails("I33", attach(0, 1).blocks(0, 1).sampledRow(0, 0, 1, 1, 1, 1));
  }

  @Test void theTableReachesBeyondTheDrafts() {
    fails("I33", attach(0, 1).blocks(0, 1).sampledRow(0, 0, 1, 1, 1, 1).drafts(2));
  }

  @Test void adaptersAreLimited() {
    writer.attach(0, request(1, 1), 0).blocks(0, 1).sampledRow(0, 0, 1);
    fails("I34", writer.attach(1, request(2, 2), 0).blocks(1, 2).sampledRow(1, 0, 1));
  }

  @Test void prefillAndDecodeAreApartWhereTheyMustBe() {
    ExecutorSpec spec = ExecutorSpec.builder().mixesPrefillAndDecode(false).build();
    PlanChecker strict = new PlanChecker(LIMITS, spec);
    strict.check(decoding());
    StepPlan mixed = attach(1, 2).blocks(1, 2).rowOnDevice(0, 3).sampledRow(1, 0, 1, 1).write();

    assertThatThrownBy(() -> strict.check(mixed)).hasMessageStartingWith("I35 step 2");
  }

  @Test void continuingRowsComeFirstWhereThatIsExpected() {
    checker.expectContinuingFirst();
    checker.check(decoding());

    fails("I36", attach(1, 2).blocks(1, 2).sampledRow(1, 0, 1).rowOnDevice(0, 3));
  }

  @Test void aTokenOnTheDeviceWasSampledThere() {
    fails("I51", attach(0, 1).blocks(0, 1).rowOnDevice(0, 0));
  }

  @Test void aSlotRestsUntilItsDetachingStepHasCompleted() {
    checker.check(decoding());
    checker.check(writer.detach(0).write());

    fails("I53", attach(0, 2).blocks(0, 2).sampledRow(0, 0, 1));
  }

  @Test void anEmptyPlanChangesNothing() {
    fails("I54", writer.blocks(0, 1));
  }

  @Test void plansAndResultsComeInOrder() {
    checker.check(decoding());
    result.reset(2, 1);
    assertThatThrownBy(() -> checker.checkResult(result)).hasMessageStartingWith("I56 step 2");

    fails("I56", writer.stepId(3).rowOnDevice(0, 3));
  }

  @Test void aPartOfAPromptYieldsNothing() {
    checker.check(attach(0, 1).blocks(0, 1).row(0, 0, 1, 1).write());

    assertThatThrownBy(() -> completeWith(1, 5)).hasMessageStartingWith("I57 step 1");
  }

  @Test void aRowYieldsItsDraftsAndOneTokenAtMost() {
    checker.check(decoding());

    assertThatThrownBy(() -> completeWith(1, 5, 6)).hasMessageStartingWith("I58 step 1");
  }

  @Test void draftsAreLimited() {
    fails("I58", attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).drafts(2, 3));
  }

  @Test void aPlaceholderHasNoToken() {
    checker.check(attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).placeholders(1).write());

    fails("I30", attach(1, 2).blocks(1, 3, 4).sampledRow(1, 0, 1).drafts(5).placeholders(0));
  }

  @Test void rejectedDraftsAreComputedAgain() {
    checker.check(attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).drafts(2).write());
    completeWith(1, 5);
    checker.check(writer.sampledRow(0, 1, 5).drafts(6).write());
    completeWith(2, 6, 7);

    fails("I30", writer.sampledRow(0, 2, 7));
  }

  @Test void nothingFollowsDraftsInFlight() {
    checker.check(attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).drafts(2).write());

    fails("I30", writer.rowOnDevice(0, 2));
  }

  @Test void aPartOfAPromptHasNoDrafts() {
    fails("I61", attach(0, 1).blocks(0, 1).row(0, 0, 1).drafts(2));
  }

  @Test void aMaskBelongsToASampledRow() {
    fails("I63", attach(0, 1).blocks(0, 1).row(0, 0, 1, 1).mask(64, 3));
  }

  @Test void aDraftIsPermittedByTheMaskBeforeIt() {
    attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).drafts(2).mask(64, 2).maskBehind(0, 64, 3);
    checker.check(writer.write());
    completeWith(1, 5);

    fails("I63", writer.sampledRow(0, 1, 5).drafts(3).mask(64, 2).maskBehind(0, 64, 3));
  }

  @Test void aDraftIsNotPermittedByTheMaskOfAnother() {
    PlanChecker trees = new PlanChecker(LIMITS_OF_TREES, SPEC_OF_TREES);
    attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).drafts(2, 3);
    StepPlan plan = writer.mask(1024, 2, 3).maskBehind(0, 1024, 4).write();

    assertThatThrownBy(() -> trees.check(plan)).hasMessageStartingWith("I63 step 1");
  }

  @Test void aDrawnDraftMayBeForbidden() {
    attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).drafts(2).mask(64, 3);
    writer.choices(0, new int[] {2, 3}, new float[] {0.5f, 0.5f});

    assertThatCode(() -> checker.check(writer.write())).doesNotThrowAnyException();
  }

  @Test void theDraftsOfATreeComeBehindTheirParents() {
    PlanChecker trees = new PlanChecker(LIMITS_OF_TREES, SPEC_OF_TREES);
    attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1);
    trees.check(writer.draftTree(new int[] {5, 6}, new int[] {-1, -1}).write());
    result.reset(1, 1);
    result.addToken(0, 6);
    result.addToken(0, 7);
    trees.checkResult(result);

    failsWithTree(trees, 2, new int[] {5, 6}, -1, 1);
    failsWithTree(trees, 2, new int[] {5, 6}, -2, 0);
  }

  @Test void siblingsDiffer() {
    PlanChecker trees = new PlanChecker(LIMITS_OF_TREES, SPEC_OF_TREES);
    trees.check(attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).write());

    failsWithTree(trees, 1, new int[] {5, 5}, -1, -1);
  }

  @Test void aTreeIsForExecutorsThatVerifyTrees() {
    int[] parents = {-1};
    fails("I79",
        attach(0, 1).blocks(0, 1, 2).sampledRow(0, 0, 1).draftTree(new int[] {5}, parents));
  }

  private void failsWithTree(PlanChecker trees, int start, int[] drafts, int... parents) {
    writer.stepId(2).sampledRow(0, start, 1).draftTree(drafts, parents);
    StepPlan plan = writer.write();
    assertThatThrownBy(() -> trees.check(plan)).isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("I79 step 2");
  }

  @Test void aTableHasNoHole() {
    fails("I70", attach(0, 1).block(0, 1, 3).sampledRow(0, 0, 1));
  }

  @Test void aCopyHasContent() {
    fails("I71", attach(0, 1).blocks(0, 1).copyBlock(3, 1).sampledRow(0, 0, 1));
  }

  @Test void aLostDeviceIsForgotten() {
    checker.check(decoding());
    checker.onDeviceLost();

    fails("I30", writer.rowOnDevice(0, 3));
  }

  /** A plan that computes a prompt of three tokens in slot 0 and block 1. */
  private StepPlan decoding() {
    return attach(0, 1).blocks(0, 1, 7).sampledRow(0, 0, 1, 2, 3).write();
  }

  private PlanWriter attach(int slot, long requestId) {
    return writer.attach(slot, request(requestId, 0), 0);
  }

  private static Request request(long id, int adapterId) {
    return Request.builder(id, 1, 2, 3).adapterId(adapterId).sampling(SamplingParameters.greedy(9))
        .build();
  }

  private void completeWith(long stepId, int... tokens) {
    result.reset(stepId, 1);
    for (int token : tokens) {
      result.addToken(0, token);
    }
    checker.checkResult(result);
  }

  private void fails(String invariant, PlanWriter plan) {
    StepPlan written = plan.write();
    assertThatThrownBy(() -> checker.check(written)).isInstanceOf(AssertionError.class)
        .hasMessageStartingWith(invariant + " step ");
  }
}
