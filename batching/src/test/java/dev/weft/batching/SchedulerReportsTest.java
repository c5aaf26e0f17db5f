package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a scheduler reports to listeners, drafters and statistics; blocks of 4 positions. */
final class SchedulerReportsTest {
  private static final int[] DRAFTS = {7, 7, 7};
  private final SchedulerLimits limits = TestServer.limits().maxNumDraftTokens(3).build();
  private final List<String> admissions = new ArrayList<>();
  private final List<String> results = new ArrayList<>();
  private final CalledDrafter drafter = new CalledDrafter();
  private final StepResult result = StepResult.of(limits);
  private SchedulingPolicy policy = ContinuousBatchingPolicy.fcfs();
  private final Scheduler scheduler = Scheduler.builder(limits,
          ExecutorSpec.builder().blockSize(4).numBlocks(33).maxModelLen(512).maxNumDraftTokens(3)
              .vocabularySize(1 << 20).build(), TestKvCache.withPrefixes(32, 4))
      .policy(step -> policy.plan(step)).drafter(drafter)
      .listener(new SchedulerListener() {
        @Override public void onAdmit(long requestId, int sampleIndex, int numCachedTokens,
            long nowNanos) {
          admissions.add(requestId + "." + sampleIndex + " found " + numCachedTokens);
        }

        @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
          results.add("step " + result.stepId() + ": " + stats.numOutputTokens() + " tokens at "
              + nowNanos);
        }
      })
      .build();

  @Test void admissionsAreToldWithTheAdoptedPrefix() {
    add(1);
    step();
    add(2);
    step();

    assertThat(admissions).containsExactly("1.0 found 0", "2.0 found 8");
  }

  @Test void resultsArePassedOnAfterWhatTheyChanged() {
    add(1);
    step();
    step();

    assertThat(results).containsExactly("step 1: 1 tokens at 0", "step 2: 2 tokens at 0");
  }

  @Test void acceptedDraftsThatAreLostCountAsRecomputed() {
    add(1);
    step();
    propose();
    step(DRAFTS); // Position 9 and three accepted drafts are computed.
    policy = step -> step.preempt(step.running().get(0));
    step();
    policy = ContinuousBatchingPolicy.fcfs();
    scheduler.resetPrefixCache(true, 0);
    step();

    assertThat(scheduler.stats().numRecomputedTokens()).isEqualTo(13);
  }

  @Test void sequenceThatEndedAfterItsResultTakesNoDrafts() {
    add(1);
    add(2);
    step();
    scheduler.abort(1, 0);

    List<Integer> lengths = new ArrayList<>();
    drafter.proposer = batch -> {
      for (int i = 0; i < batch.numSequences(); i++) {
        lengths.add(batch.tokens(i).numTokens());
      }
    };
    scheduler.draft(0);

    assertThat(lengths).containsExactly(10);
  }

  @Test void sequenceThatLostItsBlocksAfterItsResultTakesNoDrafts() {
    add(1);
    step();
    scheduler.resetPrefixCache(true, 0);

    drafter.proposer = batch -> {
      throw new AssertionError("sequences to draft: " + batch.numSequences());
    };
    scheduler.draft(0);
  }

  @Test void nothingIsPendingBehindPlaceholdersInFlight() {
    List<Integer> pending = new ArrayList<>();
    SchedulingPolicy padsTheThirdRow = step -> {
      SequenceList all = step.running().size() > 0 ? step.running() : step.waiting();
      pending.add(step.numPendingTokens(all.get(0)));
      if (pending.size() <= 3) {
        step.schedule(all.get(0), pending.get(pending.size() - 1), pending.size() == 3 ? 3 : 0);
      }
    };
    TestServer server = TestServer.of(padsTheThirdRow, TestKvCache.withoutPrefixes(32, 4),
        TestServer.limits().maxInFlight(4).maxNumDraftTokens(3).build(),
        ExecutorSpec.builder().maxNumDraftTokens(3));
    server.add(1, 9, 20);
    server.plan();
    server.plan();
    server.plan();
    server.complete(); // The first step; the padded row is still in flight.
    server.plan();

    assertThat(pending).containsExactly(9, 1, 1, 0);
  }

  @Test void stopTokenBeforeTheMinimumEndsNothing() {
    scheduler.add(Request.builder(1, 1, 2, 3).sampling(SamplingParameters.builder()
        .maxNewTokens(9).minNewTokens(2).stopTokenIds(8).build()).build(), 0);
    step();
    assertThat(scheduler.stats().numFinished(FinishReason.STOP)).isZero();
    step();

    assertThat(scheduler.stats().numFinished(FinishReason.STOP)).isEqualTo(1);
  }

  /** All prompts are the same 9 tokens. */
  private void add(long id) {
    int[] prompt = new int[9];
    Arrays.fill(prompt, 7);
    assertThat(scheduler.add(Request.builder(id, prompt)
        .sampling(SamplingParameters.greedy(20)).build(), 0).isAccepted()).isTrue();
  }

  private void propose() {
    drafter.proposer = batch -> {
      for (int i = 0; i < batch.numSequences(); i++) {
        batch.propose(i, new Drafts().setChain(DRAFTS, DRAFTS.length));
      }
    };
    scheduler.draft(0);
  }

  /** Every sampled row yields the accepted tokens and then token 8. */
  private void step(int... accepted) {
    StepPlan plan = scheduler.plan(0);
    if (plan.isEmpty()) {
      return;
    }
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      for (int i = 0; i < accepted.length; i++) {
        result.addToken(row, accepted[i]);
      }
      result.addToken(row, 8);
    }
    scheduler.update(result, 0);
    scheduler.checkIntegrity();
  }
}
