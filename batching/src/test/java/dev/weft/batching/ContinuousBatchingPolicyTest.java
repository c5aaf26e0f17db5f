package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.AdmissionGate;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.TokenMask;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences, 16 tokens a step. */
final class ContinuousBatchingPolicyTest {
  private static final SchedulerLimits WIDE =
      TestServer.limits().maxNumBatchedTokens(64).build();

  private static Request.Builder request(long id, int priority, int numPromptTokens) {
    return TestServer.request(id, numPromptTokens, 8).priority(priority);
  }

  // ---- running, then waiting

  @Test void runningSequencesGoBeforeWaitingOnes() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100);
    server.add(1, 10, 3).add(2, 10, 3);

    assertThat(server.step()).isEqualTo("1:10 2:6");
    server.add(3, 20, 3);
    assertThat(server.step()).isEqualTo("1:1 2:4 3:11");
    assertThat(server.step()).isEqualTo("1:1 2:1 3:9");
    assertThat(server.step()).isEqualTo("2:1 3:1");
  }

  @Test void chunkRuleCutsRows() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.builder()
        .chunkRule((step, sequence) -> sequence.isPrefill() ? 6 : Integer.MAX_VALUE).build(), 100);
    server.add(1, 10, 3).add(2, 10, 3).add(3, 10, 3);

    assertThat(server.step()).isEqualTo("1:6 2:6 3:4");
    assertThat(server.step()).isEqualTo("1:4 2:4 3:6");
    assertThat(server.step()).isEqualTo("1:1 2:1 3:1");
  }

  @Test void runningSequenceWithNothingPendingIsPassed() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100,
        TestServer.limits().maxInFlight(3).build());
    server.add(1, 4, 2).add(2, 4, 4);

    assertThat(server.plan()).isEqualTo("1:4 2:4");
    assertThat(server.plan()).isEqualTo("1:1 2:1");
    assertThat(server.plan()).isEqualTo("2:1"); // The last token of 1 is in flight.
    server.complete();
    server.complete();
    assertThat(server.plan()).isEqualTo("2:1");
  }

  // ---- too few blocks

  @Test void newestLosesItsBlocksAndReturnsToItsPlace() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 5);
    server.add(1, 8, 8).add(2, 8, 8);

    assertThat(server.step()).isEqualTo("1:8 2:8");
    assertThat(server.step()).isEqualTo("1:1 -2"); // One block is left; 2 finds none.
    server.add(3, 4, 1);
    for (int i = 0; i < 6; i++) {
      assertThat(server.step()).isEqualTo("1:1"); // 2 needs 3 of 2 blocks and lets nobody by.
    }
    assertThat(server.step()).isEqualTo("2:9 3:4");
  }

  @Test void olderOneThatWasAdmittedLaterTakesBlocksFromTheNewer() {
    // 1 is set back by 0, then 2 is admitted beside it; 1 is admitted last but arrived before 2.
    TestServer server = TestServer.of(ContinuousBatchingPolicy.builder()
        .gate((step, candidate, numTokens) -> candidate.requestId() == 1 && step.numRunning() == 0
            ? AdmissionGate.Verdict.SKIP : AdmissionGate.Verdict.ADMIT).build(), 5);
    server.add(1, 8, 8).add(2, 8, 8);

    assertThat(server.step()).isEqualTo("2:8");
    assertThat(server.step()).isEqualTo("2:1 1:8");
    assertThat(server.step()).isEqualTo("1:1 -2");
  }

  @Test void nobodyIsAdmittedInAStepThatTookBlocksAway() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 5);
    server.add(1, 8, 8).add(2, 8, 8);
    server.step();
    server.add(3, 4, 1);

    assertThat(server.step()).isEqualTo("1:1 -2"); // 3 would fit into the 2 blocks that 2 left.
  }

  @Test void headThatNeedsTooManyBlocksStopsThoseBehind() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 5);
    server.add(1, 8, 2).add(2, 16, 2).add(3, 4, 2);

    assertThat(server.step()).isEqualTo("1:8");
    assertThat(server.step()).isEqualTo("1:1");
    assertThat(server.step()).isEqualTo("2:16");
  }

  @Test void spareBlocksAreLeftToOthersButNotToNobody() {
    TestServer server = TestServer.of(
        ContinuousBatchingPolicy.builder().gate(FullPromptGate.sparingBlocks(2)).build(), 5, WIDE);
    server.add(1, 16, 4).add(2, 4, 4);

    assertThat(server.step()).isEqualTo("1:16"); // Leaves 1 of 5 although 2 are to be spared.
    assertThat(server.step()).isEqualTo("1:1"); // 2 needs 1 and would leave none.
  }

  @Test void sparePercentIsAShareOfAllBlocks() {
    TestServer server = TestServer.of(
        ContinuousBatchingPolicy.builder().gate(FullPromptGate.sparingPercent(40)).build(), 5,
        WIDE);
    server.add(1, 8, 2).add(2, 4, 2).add(3, 4, 2);

    assertThat(server.step()).isEqualTo("1:8 2:4"); // 2 of 5 stay free.
  }

  @Test void lookaheadCountsAsPartOfThePrompt() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 4,
        TestServer.limits().numLookaheadTokens(1).build());
    server.add(1, 7, 2).add(2, 8, 2);

    assertThat(server.step()).isEqualTo("1:7"); // 2 needs 3 of 2 blocks.
  }

  // ---- passing over

  @Test void adapterWithoutRoomDoesNotStopThoseBehind() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100,
        TestServer.limits().maxNumAdapters(1).build());
    server.add(request(1, 0, 4).adapterId(7)).add(request(2, 0, 4).adapterId(8)).add(3, 4, 8)
        .add(request(4, 0, 4).adapterId(7));

    assertThat(server.step()).isEqualTo("1:4 3:4 4:4");
    assertThat(server.scheduler().waiting().get(0).isSkipped()).isTrue();
  }

  @Test void maskThatIsNotReadyDoesNotStopThoseBehind() {
    TokenMask never = (tokens, sampleIndex, words) -> false;
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100);
    server.add(1, 4, 8).add(request(2, 0, 4).tokenMask(never)).add(3, 4, 8);

    assertThat(server.step()).isEqualTo("1:4 3:4");
    assertThat(server.scheduler().waiting().get(0).isSkipped()).isTrue();
  }

  @Test void longQueueOfBlockedOnesIsNotSearchedToItsEnd() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 100,
        TestServer.limits().maxNumAdapters(1).build());
    server.add(request(1, 0, 4).adapterId(7));
    for (int i = 0; i < Batch.MAX_NUM_SKIPS; i++) {
      server.add(request(1000 + i, 0, 4).adapterId(8));
    }
    server.add(500, 4, 8);

    assertThat(server.step()).isEqualTo("1:4");
  }

  @Test void gateOfTheUserSkipsAndStops() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.builder()
        .gate((step, candidate, numTokens) -> switch ((int) candidate.requestId()) {
          case 1 -> AdmissionGate.Verdict.SKIP;
          case 3 -> AdmissionGate.Verdict.STOP;
          default -> AdmissionGate.Verdict.ADMIT;
        }).build(), 100);
    server.add(1, 4, 1).add(2, 4, 1).add(3, 4, 1).add(4, 4, 1);

    assertThat(server.step()).isEqualTo("2:4");
    assertThat(server.step()).isEmpty(); // Its verdicts hold though nothing runs.
  }

  // ---- no empty step

  @Test void smallOneIsAdmittedPastTheHeadWhereNobodyElseCanRun() {
    boolean[] isReady = {true};
    TokenMask mask = (tokens, sampleIndex, words) -> {
      words[0] = -1;
      return isReady[0];
    };
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 5);
    server.add(request(1, 0, 8).tokenMask(mask));
    assertThat(server.step()).isEqualTo("1:8");
    server.add(2, 16, 2).add(3, 4, 2);

    isReady[0] = false;
    assertThat(server.step()).isEqualTo("3:4");
    isReady[0] = true;
    assertThat(server.step()).isEqualTo("1:1 3:1");
  }

  @Test void nobodyIsLetByWhileAStepInFlightCanMakeRoom() {
    TokenMask mask = (tokens, sampleIndex, words) -> {
      words[0] = -1;
      return true;
    };
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 5,
        TestServer.limits().maxInFlight(2).build());
    server.add(request(1, 0, 8).tokenMask(mask));
    assertThat(server.plan()).isEqualTo("1:8");
    server.add(2, 16, 2).add(3, 4, 2);

    assertThat(server.plan()).isEmpty(); // 1 awaits its token; 2 does not fit and 3 is behind it.
  }

  // ---- priorities

  @Test void moreUrgentTakesThePlaceOfTheLessUrgent() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 8, WIDE);
    server.add(request(1, 5, 16)).add(request(2, 0, 8));
    assertThat(server.step()).isEqualTo("2:8 1:16");
    assertThat(server.step()).isEqualTo("2:1 1:1");
    server.add(request(3, 1, 8));

    assertThat(server.step()).isEqualTo("2:1 3:8 -1");
  }

  @Test void equallyUrgentTakesNobodysPlace() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 8, WIDE);
    server.add(request(1, 5, 16)).add(request(2, 0, 8));
    server.step();
    server.step();
    server.add(request(3, 5, 8));

    assertThat(server.step()).isEqualTo("2:1 1:1");
  }

  @Test void nobodyLosesBlocksWhenAllOfThemWouldNotBeEnough() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 8, WIDE);
    server.add(request(1, 5, 4)).add(request(2, 0, 16));
    server.step();
    server.step(); // 1 holds 2 blocks, 2 holds 5.
    server.add(request(3, 1, 16)); // Needs 4, 1 is free.

    assertThat(server.step()).isEqualTo("2:1 1:1");
  }

  @Test void moreUrgentTakesTheSlotOfTheLeastLostWork() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 100,
        TestServer.limits().maxNumSeqs(2).build());
    server.add(request(1, 3, 4)).add(request(2, 3, 8));
    assertThat(server.step()).isEqualTo("1:4 2:8");
    server.add(request(3, 0, 4));

    assertThat(server.step()).isEqualTo("2:1 3:4 -1");
  }

  @Test void slotsThatTheHostHoldsBackAreNotTaken() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 100);
    server.add(request(1, 3, 4)).add(request(2, 3, 8));
    server.step();
    server.add(request(3, 0, 4));

    server.scheduler().pause(PauseMode.NEW);
    assertThat(server.step()).isEqualTo("1:1 2:1");
    server.scheduler().resume();
    server.scheduler().setCaps(new LiveCaps(1, 16, 100));
    assertThat(server.step()).isEqualTo("1:1 2:1");
  }

  @Test void moreUrgentMayUseWhatAVictimLeft() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 6, WIDE);
    server.add(request(1, 5, 16)).add(request(2, 0, 4));
    server.step(); // 4 and 1 blocks.
    server.add(request(3, 1, 12)).add(request(4, 6, 4));

    // 2 finds no block and takes those of 1, which precedes 4 but not 3.
    assertThat(server.step()).isEqualTo("2:1 3:12 -1");
  }

  @Test void maskThatIsNotReadyTakesNobodysPlace() {
    TokenMask never = (tokens, sampleIndex, words) -> false;
    TestServer server = TestServer.of(ContinuousBatchingPolicy.withPriorities(), 8, WIDE);
    server.add(request(1, 5, 16)).add(request(2, 0, 8));
    server.step();
    server.step();
    server.add(request(3, 1, 8).tokenMask(never));

    assertThat(server.step()).isEqualTo("2:1 1:1");
  }

  @Test void fcfsKnowsNoPriorities() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(), 5);
    server.add(request(1, 9, 12)).add(request(2, 0, 12));

    assertThat(server.step()).isEqualTo("1:12");
    assertThat(server.step()).isEqualTo("1:1");
  }

  // ---- executors and transfers

  @Test void chunksAreWholeUnitsOfTheExecutor() {
    TestServer server = TestServer.of(ContinuousBatchingPolicy.fcfs(),
        TestKvCache.withoutPrefixes(100, 4), TestServer.limits().maxNumBatchedTokens(14).build(),
        ExecutorSpec.builder().chunkUnit(4));
    server.add(1, 17, 3).add(2, 3, 3);

    assertThat(server.step()).isEqualTo("1:12");
    assertThat(server.step()).isEqualTo("1:5 2:3");
  }

  @Test void chunkRuleGetsOneWholeUnitAtLeast() {
    TestServer server = TestServer.of(
        ContinuousBatchingPolicy.builder().chunkRule((step, sequence) -> 1).build(),
        TestKvCache.withoutPrefixes(100, 4), TestServer.limits().build(),
        ExecutorSpec.builder().chunkUnit(4));
    server.add(1, 7, 3);

    assertThat(server.step()).isEqualTo("1:4");
    assertThat(server.step()).isEqualTo("1:3"); // All that is left need not be a unit.
  }

  @Test void whoWaitsForATransferUsesItsLastPositions() {
    TestKvCache cache = TestKvCache.withoutPrefixes(4, 4);
    TestServer server = TestServer.of(ContinuousBatchingPolicy.builder()
        .chunkRule((step, sequence) -> 6).build(), cache, TestServer.limits().build());
    server.add(1, 10, 2).add(2, 8, 2);
    assertThat(server.step()).isEqualTo("1:6 2:6");
    int leaving = server.scheduler().running().get(1).handle();
    cache.pin(cache.block(leaving, 0));
    cache.pin(cache.block(leaving, 1));
    server.scheduler().abort(2, 0);

    assertThat(server.step()).isEqualTo("1:1"); // The other 3 need a block.
    assertThat(server.step()).isEqualTo("1:1");
    assertThat(server.step()).isEmpty();
  }
}
