package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.DraftAnswer.Refusal;
import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over 400 lines because one seam of the contract is tested in one place. */
final class DraftingTest {
  private static final int MAX_NUM_DRAFTS = 3;
  private final SchedulerHarness harness = harness(1);
  private int numProposed;
  private final Request request = request(1, 5, 20);

  private static SchedulerHarness harness(int maxInFlight) {
    return SchedulerHarness.builder().plainBlocks(64).limits(
        limits -> limits.maxNumDraftTokens(MAX_NUM_DRAFTS).maxInFlight(maxInFlight)).build();
  }

  /** Output tokens of the request run alone, from an index on. */
  private int[] right(int firstIndex, int numTokens) {
    return right(harness, firstIndex, numTokens);
  }

  private int[] right(SchedulerHarness of, int firstIndex, int numTokens) {
    return of.alone(request, 0).subList(firstIndex, firstIndex + numTokens).stream()
        .mapToInt(token -> token).toArray();
  }

  private static int other(int token) {
    return (token + 1) % SchedulerHarness.VOCABULARY_SIZE;
  }

  /** The first token is there, the next draft is output number 1. */
  private SchedulerHarness begun() {
    harness.add(request).step();
    return harness;
  }

  // ---- verification

  @Test void rightDraftsAreAcceptedAndFollowedByOneMoreToken() {
    List<Integer> accepted = new ArrayList<>();
    begun().policy.onStep = feedback -> accepted.add(feedback.numAcceptedTokens(0));
    harness.propose(1, 0, right(1, 3));
    assertThat(harness.sequence(1).numDraftTokens()).isEqualTo(3);

    assertThat(harness.step()).isEqualTo("1/0@5+4 drafts 3");

    harness.assertBeganAsIfAlone(request, 0, 5);
    assertThat(accepted).containsExactly(3);
    assertThat(harness.sequence(1).numTokens()).isEqualTo(10);
    assertThat(harness.sequence(1).numComputedTokens()).isEqualTo(9);
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
  }

  @Test void wrongDraftsAreRolledBack() {
    List<Integer> accepted = new ArrayList<>();
    begun().policy.onStep = feedback -> accepted.add(feedback.numAcceptedTokens(0));
    int[] drafts = right(1, 3);
    drafts[0] = other(drafts[0]);
    harness.propose(1, 0, drafts);

    harness.step();

    harness.assertBeganAsIfAlone(request, 0, 2);
    assertThat(accepted).containsExactly(0);
    assertThat(harness.sequence(1).numTokens()).isEqualTo(7);
    assertThat(harness.sequence(1).numComputedTokens()).isEqualTo(6);
    assertThat(harness.step()).isEqualTo("1/0@6+1");
    harness.assertBeganAsIfAlone(request, 0, 3);
  }

  @Test void draftsAreAcceptedUpToTheFirstWrongOne() {
    begun();
    int[] drafts = right(1, 3);
    drafts[1] = other(drafts[1]);

    harness.propose(1, 0, drafts).step();

    harness.assertBeganAsIfAlone(request, 0, 3);
    assertThat(harness.sequence(1).numComputedTokens()).isEqualTo(7);
  }

  @Test void blocksOfRejectedDraftsStayForTheNextRow() {
    begun();
    int[] drafts = right(1, 3);
    drafts[0] = other(drafts[0]);

    harness.propose(1, 0, drafts).plan();
    assertThat(harness.cache.numFreeBlocks()).isEqualTo(64 - 3); // 9 positions
    harness.drain();

    assertThat(harness.cache.numFreeBlocks()).isEqualTo(64 - 3); // 6 positions would need 2
  }

  @Test void lookaheadPositionsStayWhenDraftsAreRejected() {
    SchedulerHarness looking = SchedulerHarness.builder().plainBlocks(64)
        .limits(limits -> limits.maxNumDraftTokens(3).numLookaheadTokens(3)).build();
    looking.add(request).step();

    looking.propose(1, 0, 0, 0, 0).step();

    assertThat(looking.cache.numFreeBlocks()).isEqualTo(64 - 3); // 6 + 3 positions
    looking.run().assertRanAsIfAlone(request);
  }

  @ParameterizedTest @ValueSource(ints = {1, 2, 3, 4, 7})
  void outputIsThatWithoutDraftsHoweverManyAreRight(int period) {
    Request[] requests = {request, samples(2, 7, 20, 2), request(3, 9, 13)};
    harness.add(requests);
    numProposed = 0;
    while (!harness.scheduler.isIdle()) {
      harness.step();
      harness.draft(batch -> proposeSomeWrong(batch, requests, period));
    }

    harness.assertRanAsIfAlone(requests).assertAllReturned();
    assertThat(numProposed).isGreaterThan(20);
  }

  private void proposeSomeWrong(DraftBatch batch, Request[] requests, int period) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int[] drafts = new int[MAX_NUM_DRAFTS];
      int numKnown = batch.tokens(i).numTokens();
      for (int d = 0; d < drafts.length; d++) {
        int token = aloneAt(requests, batch.handle(i), numKnown + d);
        drafts[d] = ++numProposed % period == 0 ? other(token) : token;
      }
      int numDrafts = Math.min(batch.maxNumDraftTokens(i), numProposed % 4);
      batch.propose(i, new Drafts().setChain(drafts, numDrafts));
    }
  }

  private int aloneAt(Request[] requests, int handle, int position) {
    for (int i = 0; i < harness.scheduler.running().size(); i++) {
      SequenceView view = harness.scheduler.running().get(i);
      if (view.handle() == handle) {
        Request owner = requests[(int) view.requestId() - 1];
        List<Integer> output = harness.alone(owner, view.sampleIndex());
        int index = position - owner.numPromptTokens();
        return index < output.size() ? output.get(index) : 0;
      }
    }
    throw new AssertionError("handle " + handle + " does not run");
  }

  @Test void acceptedDraftsCanBeFoundByOthers() {
    SchedulerHarness caching = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumDraftTokens(3)).build();
    caching.add(request).step();
    int[] drafts = right(caching, 1, 3);
    caching.propose(1, 0, drafts).step();
    caching.abort(1);
    int[] prompt = new int[10];
    System.arraycopy(SchedulerHarness.prompt(1, 5), 0, prompt, 0, 5);
    System.arraycopy(right(caching, 0, 5), 0, prompt, 5, 5);
    Request reader = Request.builder(2, prompt).sampling(SamplingParameters.greedy(4)).build();

    caching.add(reader);

    assertThat(caching.step()).isEqualTo("2/0@8+2");
    caching.run().assertRanAsIfAlone(reader);
  }

  @Test void rejectedDraftsCanBeFoundByNobody() {
    SchedulerHarness caching = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumDraftTokens(3)).build();
    caching.add(request).step();
    int first = right(caching, 0, 1)[0];
    caching.propose(1, 0, 1, 2, 3).plan();
    int[] prompt = new int[9];
    System.arraycopy(SchedulerHarness.prompt(1, 5), 0, prompt, 0, 5);
    System.arraycopy(new int[] {first, 1, 2, 3}, 0, prompt, 5, 4);
    Request reader = Request.builder(2, prompt).sampling(SamplingParameters.greedy(4)).build();
    caching.add(reader);
    caching.drain();

    caching.step(step -> assertThat(step.startPosition(step.waiting().get(0))).isEqualTo(4));

    caching.run().assertRanAsIfAlone(request, reader);
  }

  // ---- what ends inside of drafts

  @Test void stopTokenAmongAcceptedDraftsEndsTheOutputThere() {
    int[] output = right(SchedulerHarness.create().add(request), 0, 5);
    Request stopping = asking(1, 5, SamplingParameters.builder().maxNewTokens(20)
        .stopTokenIds(output[2]).build()).build();
    harness.add(stopping).step();

    harness.propose(1, 0, output[1], output[2], output[3]).step();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.STOP);
    harness.assertRanAsIfAlone(stopping).assertAllReturned();
  }

  @Test void draftsEndBeforeTheLastToken() {
    Request shorter = request(1, 5, 4);
    harness.add(shorter).step();
    assertThat(harness.maxNumDraftTokens()).isEqualTo(2);

    harness.propose(1, 0, right(1, 2));

    assertThat(harness.step()).isEqualTo("1/0@5+3 drafts 2");
    harness.assertRanAsIfAlone(shorter).assertAllReturned();
  }

  @Test void sequenceThatNeedsOneMoreTokenTakesNoDrafts() {
    harness.add(request(1, 5, 2)).step();

    assertThat(harness.numToDraft()).isZero();
  }

  @Test void draftsEndBeforeTheModelLength() {
    harness.add(request(1, 60, 20)).step();
    harness.step();
    assertThat(harness.maxNumDraftTokens()).isEqualTo(2);
  }

  @Test void failedRowWithDraftsEndsItsSequence() {
    begun().propose(1, 0, right(1, 3));
    harness.executor.failRow(2, 0);

    harness.step();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
    harness.assertAllReturned();
  }

  // ---- what a policy makes of drafts

  @Test void draftsThatDoNotFitIntoTheRowAreDropped() {
    begun().propose(1, 0, right(1, 3));

    assertThat(harness.step(step -> {
      assertThat(step.numPendingTokens(step.running().get(0))).isEqualTo(4);
      step.schedule(step.running().get(0), 3);
    })).isEqualTo("1/0@5+3 drafts 2");

    harness.assertBeganAsIfAlone(request, 0, 4);
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void rowOfTheKnownTokenAloneDropsAllDrafts() {
    begun().propose(1, 0, 0, 0, 0);

    assertThat(harness.step(step -> step.schedule(step.running().get(0), 1)))
        .isEqualTo("1/0@5+1");

    harness.run().assertRanAsIfAlone(request);
  }

  @Test void draftsCostTokensOfTheBudget() {
    begun().propose(1, 0, right(1, 3));

    harness.plan(step -> {
      step.schedule(step.running().get(0), 4);
      assertThat(step.tokenBudget()).isEqualTo(28);
    });
  }

  @Test void draftsOfARowThatWaitsForItsTurnStay() {
    begun().propose(1, 0, right(1, 3));

    harness.step(step -> {});

    assertThat(harness.step()).isEqualTo("1/0@5+4 drafts 3");
    harness.assertBeganAsIfAlone(request, 0, 5);
  }

  @Test void preemptedSequenceLosesItsDrafts() {
    begun().propose(1, 0, right(1, 3));

    harness.step(step -> {
      step.schedule(step.running().get(0), 4);
      step.preempt(step.running().get(0));
    });

    assertThat(harness.sequence(1).numDraftTokens()).isZero();
    assertThat(harness.step()).isEqualTo("1/0@0+6");
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  // ---- overlap

  @Test void nothingFollowsDraftsInFlight() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, 1, 2, 3).plan();

    overlapping.plan(step -> {
      assertThat(step.numPendingTokens(step.running().get(0))).isZero();
      assertThat(step.schedule(step.running().get(0), 1)).isEqualTo(Grant.AWAITS_TOKEN);
    });

    overlapping.run().assertRanAsIfAlone(request);
  }

  @Test void sequenceWithATokenInFlightTakesNoDrafts() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).plan();
    overlapping.plan();

    overlapping.complete();

    assertThat(overlapping.numToDraft()).isZero();
    overlapping.run().assertRanAsIfAlone(request);
  }

  @Test void draftsInFlightAreDeliveredToAPreemptedSequence() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, right(overlapping, 1, 3)).plan();
    overlapping.plan(step -> step.preempt(step.running().get(0)));

    overlapping.drain();

    overlapping.assertBeganAsIfAlone(request, 0, 5);
    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void rejectedDraftsOfAPreemptedSequenceRollNothingBack() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, 1, 2, 3).plan();
    overlapping.plan(step -> step.preempt(step.running().get(0)));

    overlapping.drain();

    assertThat(overlapping.sequence(1).numComputedTokens()).isZero();
    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void draftsInFlightOfAnAbortedSequenceAreDiscarded() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).step();
    overlapping.propose(1, 0, right(overlapping, 1, 3)).plan();

    overlapping.abort(1);
    overlapping.drain();

    overlapping.assertBeganAsIfAlone(request, 0, 1);
    overlapping.assertAllReturned();
  }

  // ---- the batch of a drafter

  @Test void batchListsWhoWasSampledWithAllTokens() {
    harness.add(request, request(2, 40, 9));
    harness.step();

    harness.draft(batch -> {
      assertThat(batch.numSequences()).isEqualTo(1);
      assertThat(batch.handle(0)).isEqualTo(harness.sequence(1).handle());
      assertThat(batch.maxNumDraftTokens(0)).isEqualTo(3);
      assertThat(batch.tokens(0).numTokens()).isEqualTo(6);
      assertThat(batch.tokens(0).token(5)).isEqualTo(right(0, 1)[0]);
    });
  }

  @Test void batchIsEmptyOnceAStepIsPlanned() {
    begun().plan();

    assertThat(harness.numToDraft()).isZero();
  }

  @Test void batchIsEmptyWithoutDraftsInTheLimits() {
    SchedulerHarness plain = SchedulerHarness.create().add(request);

    plain.step();

    assertThat(plain.numToDraft()).isZero();
  }

  @Test void moreDraftsThanThereIsRoomForAreRefused() {
    begun().propose(1, 0, 1, 2);

    assertThat(answer(new Drafts().setChain(new int[] {1, 2, 3, 4}, 4)))
        .isEqualTo(DraftAnswer.refused(
            Refusal.TOO_MANY, "request 1 sample 0: 4 drafts, at most 3"));
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
  }

  @Test void laterProposalReplacesTheEarlier() {
    begun().propose(1, 0, 1, 2, 3).propose(1, 0, right(1, 2));

    assertThat(harness.step()).isEqualTo("1/0@5+3 drafts 2");
    harness.assertBeganAsIfAlone(request, 0, 4);
  }

  @Test void proposalOfNothingTakesDraftsBack() {
    begun().propose(1, 0, 1, 2, 3).propose(1, 0);

    assertThat(harness.step()).isEqualTo("1/0@5+1");
  }

  @ParameterizedTest @ValueSource(ints = {-1, SchedulerHarness.VOCABULARY_SIZE})
  void draftOutsideTheVocabularyCostsTheDraftsOfItsSequence(int token) {
    begun().propose(1, 0, 1);

    assertThat(answer(new Drafts().add(2).add(token)))
        .isEqualTo(DraftAnswer.refused(Refusal.UNKNOWN_TOKEN,
            "request 1 sample 0: draft 1 is " + token + ", must be 0 to 96"));
    assertThat(harness.sequence(1).numDraftTokens()).isZero();
  }

  private DraftAnswer answer(Drafts drafts) {
    return harness.answer(1, 0, drafts);
  }

  // ---- placeholders

  @Test void placeholdersAreRejected() {
    begun();

    assertThat(harness.step(step -> step.schedule(step.running().get(0), 1, 2)))
        .isEqualTo("1/0@5+3 placeholders 2");

    harness.assertBeganAsIfAlone(request, 0, 2);
    assertThat(harness.sequence(1).numComputedTokens()).isEqualTo(6);
    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void placeholdersMayFollowAPrompt() {
    harness.add(request);

    assertThat(harness.step(step -> step.schedule(step.waiting().get(0), 5, 3)))
        .isEqualTo("1/0@0+8 placeholders 3");

    harness.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void placeholdersMayFollowATokenInFlight() {
    SchedulerHarness overlapping = harness(2);
    overlapping.add(request).plan();

    overlapping.plan(step -> step.schedule(step.running().get(0), 1, 2));

    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void nothingFollowsPlaceholdersInFlightWhenAnEarlierTokenWasRead() {
    SchedulerHarness overlapping = harness(3);
    overlapping.add(request).plan();
    overlapping.plan(step -> step.schedule(step.running().get(0), 1, 2));
    overlapping.complete();

    overlapping.plan(step -> {
      assertThat(step.numPendingTokens(step.running().get(0))).isZero();
      assertThat(step.schedule(step.running().get(0), 1)).isEqualTo(Grant.AWAITS_TOKEN);
    });

    overlapping.run().assertRanAsIfAlone(request).assertAllReturned();
  }

  @Test void placeholdersBeforeAForkAreNotShared() {
    Request forking = samples(1, 5, 6, 3);
    harness.add(forking);

    harness.step(step -> step.schedule(step.waiting().get(0), 5, 3));

    harness.run().assertRanAsIfAlone(forking).assertAllReturned();
  }

  @Test void placeholdersCostTokensOfTheBudget() {
    harness.add(request(1, 30, 9));

    harness.plan(step -> assertThat(step.schedule(step.waiting().get(0), 30, 3))
        .isEqualTo(Grant.NO_TOKENS));
  }

  @Test void moreOrLessPlaceholdersThanThereCanBeAreErrors() {
    begun();

    assertPlaceholdersRefused(1, -1, "-1 placeholders after 1 tokens of 1");
    assertPlaceholdersRefused(1, 4, "4 placeholders after 1 tokens of 1");
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void placeholdersBesideDraftsOrInAChunkAreErrors() {
    begun().propose(1, 0, 1, 2);

    assertPlaceholdersRefused(3, 1, "1 placeholders after 3 tokens of 3");
    assertPlaceholdersRefused(1, 1, "1 placeholders after 1 tokens of 3");
    harness.run().assertRanAsIfAlone(request);
  }

  @Test void placeholdersBehindTheLastTokenAreAnError() {
    harness.add(request(1, 5, 3)).step();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.plan(step -> step.schedule(step.running().get(0), 1, 2)))
        .withMessage("request 1 sample 0: 2 placeholders after 1 tokens of 1, at most 3 within 8 "
            + "tokens");
  }

  private void assertPlaceholdersRefused(int numTokens, int numPlaceholders, String message) {
    assertThatIllegalArgumentException().isThrownBy(() -> harness.plan(
            step -> step.schedule(step.running().get(0), numTokens, numPlaceholders)))
        .withMessage("request 1 sample 0: " + message + ", at most 3 within 25 tokens");
  }
}
