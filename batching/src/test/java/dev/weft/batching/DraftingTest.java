package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static dev.weft.batching.TestDrafts.MAX_NUM_DRAFTS;
import static dev.weft.batching.TestDrafts.begun;
import static dev.weft.batching.TestDrafts.harness;
import static dev.weft.batching.TestDrafts.other;
import static dev.weft.batching.TestDrafts.right;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafts are verified: the output is that without drafts, and nothing of the wrong ones stays. */
final class DraftingTest {
  private final Request request = request(1, 5, 20);
  private int numProposed;

  // ---- verification

  @Test void rightDraftsAreAcceptedAndFollowedByOneMoreToken() {
    List<Integer> accepted = new ArrayList<>();
    SchedulerHarness harness = begun(request);
    harness.policy.onStep = feedback -> accepted.add(feedback.numAcceptedTokens(0));
    harness.propose(1, 0, right(harness, request, 1, 3));
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
    SchedulerHarness harness = begun(request);
    harness.policy.onStep = feedback -> accepted.add(feedback.numAcceptedTokens(0));
    int[] drafts = right(harness, request, 1, 3);
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
    SchedulerHarness harness = begun(request);
    int[] drafts = right(harness, request, 1, 3);
    drafts[1] = other(drafts[1]);

    harness.propose(1, 0, drafts).step();

    harness.assertBeganAsIfAlone(request, 0, 3);
    assertThat(harness.sequence(1).numComputedTokens()).isEqualTo(7);
  }

  @Test void blocksOfRejectedDraftsStayForTheNextRow() {
    SchedulerHarness harness = begun(request);
    int[] drafts = right(harness, request, 1, 3);
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
    SchedulerHarness harness = harness(1).add(requests);
    while (!harness.scheduler.isIdle()) {
      harness.step();
      harness.draft(batch -> proposeSomeWrong(harness, batch, requests, period));
    }

    harness.assertRanAsIfAlone(requests).assertAllReturned();
    assertThat(numProposed).isGreaterThan(20);
  }

  private void proposeSomeWrong(SchedulerHarness harness, DraftBatch batch, Request[] requests,
      int period) {
    for (int i = 0; i < batch.numSequences(); i++) {
      int[] drafts = new int[MAX_NUM_DRAFTS];
      int numKnown = batch.tokens(i).numTokens();
      for (int d = 0; d < drafts.length; d++) {
        int token = aloneAt(harness, requests, batch.handle(i), numKnown + d);
        drafts[d] = ++numProposed % period == 0 ? other(token) : token;
      }
      int numDrafts = Math.min(batch.maxNumDraftTokens(i), numProposed % 4);
      batch.propose(i, new Drafts().setChain(drafts, numDrafts));
    }
  }

  private static int aloneAt(SchedulerHarness harness, Request[] requests, int handle,
      int position) {
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
    int[] drafts = right(caching, request, 1, 3);
    caching.propose(1, 0, drafts).step();
    caching.abort(1);
    int[] prompt = new int[10];
    System.arraycopy(SchedulerHarness.prompt(1, 5), 0, prompt, 0, 5);
    System.arraycopy(right(caching, request, 0, 5), 0, prompt, 5, 5);
    Request reader = Request.builder(2, prompt).sampling(SamplingParameters.greedy(4)).build();

    caching.add(reader);

    assertThat(caching.step()).isEqualTo("2/0@8+2");
    caching.run().assertRanAsIfAlone(reader);
  }

  @Test void rejectedDraftsCanBeFoundByNobody() {
    SchedulerHarness caching = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumDraftTokens(3)).build();
    caching.add(request).step();
    int first = right(caching, request, 0, 1)[0];
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
    int[] output = right(SchedulerHarness.create().add(request), request, 0, 5);
    Request stopping = asking(1, 5, SamplingParameters.builder().maxNewTokens(20)
        .stopTokenIds(output[2]).build()).build();
    SchedulerHarness harness = begun(stopping);

    harness.propose(1, 0, output[1], output[2], output[3]).step();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.STOP);
    harness.assertRanAsIfAlone(stopping).assertAllReturned();
  }

  @Test void draftsEndBeforeTheLastToken() {
    Request shorter = request(1, 5, 4);
    SchedulerHarness harness = begun(shorter);
    assertThat(harness.maxNumDraftTokens()).isEqualTo(2);

    harness.propose(1, 0, right(harness, request, 1, 2));

    assertThat(harness.step()).isEqualTo("1/0@5+3 drafts 2");
    harness.assertRanAsIfAlone(shorter).assertAllReturned();
  }

  @Test void sequenceThatNeedsOneMoreTokenTakesNoDrafts() {
    SchedulerHarness harness = begun(request(1, 5, 2));

    assertThat(harness.numToDraft()).isZero();
  }

  @Test void draftsEndBeforeTheModelLength() {
    SchedulerHarness harness = begun(request(1, 60, 20));
    harness.step();
    assertThat(harness.maxNumDraftTokens()).isEqualTo(2);
  }

  @Test void failedRowWithDraftsEndsItsSequence() {
    SchedulerHarness harness = begun(request);
    harness.propose(1, 0, right(harness, request, 1, 3));
    harness.executor.failRow(2, 0);

    harness.step();

    assertThat(harness.heard.reason(1, 0)).isEqualTo(FinishReason.ERROR);
    harness.assertAllReturned();
  }
}
