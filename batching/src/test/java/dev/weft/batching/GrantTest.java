package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.asking;
import static dev.weft.batching.SchedulerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.Grant;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.TokenMask;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Over 400 lines because one seam of the contract is tested in one place. */
final class GrantTest {
  /** What a refusal must leave alone. */
  private record Books(int numRows, int tokenBudget, int numRunning, int numFreeSlots,
      int numFreeDeviceSlots, int numFreeBlocks, int numPendingBlocks, int numCachedBlocks,
      long numEvictions, long numQueryTokens, long numHitTokens, String sequence) {
    private static Books of(SchedulerHarness harness, StepBuilder step, SequenceView sequence) {
      return new Books(step.numRows(), step.tokenBudget(), step.numRunning(), step.numFreeSlots(),
          harness.scheduler.core.slots.numFree(), harness.cache.numFreeBlocks(),
          harness.cache.numPendingBlocks(), harness.cache.numCachedBlocks(),
          harness.cache.numEvictions(), harness.scheduler.stats().numPrefixQueryTokens(),
          harness.scheduler.stats().numPrefixHitTokens(), sequence.status() + " "
          + sequence.numComputedTokens() + " " + sequence.isScheduled() + " "
          + step.numBlocks(sequence) + " " + step.numPendingTokens(sequence));
    }
  }

  private final List<Grant> grants = new ArrayList<>();

  /** Asks for a row that is expected to be refused, and checks that nothing changed. */
  private Grant refusal(SchedulerHarness harness, StepBuilder step, SequenceView sequence,
      int numTokens) {
    Books before = Books.of(harness, step, sequence);
    Grant grant = step.schedule(sequence, numTokens);
    assertThat(Books.of(harness, step, sequence)).isEqualTo(before);
    grants.add(grant);
    return grant;
  }

  @Test void grantedRowIsInThePlan() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));

    String rows = harness.step(step -> {
      assertThat(step.schedule(step.waiting().get(0), 5)).isEqualTo(Grant.GRANTED);
      assertThat(step.numRows()).isEqualTo(1);
      assertThat(step.tokenBudget()).isEqualTo(32 - 5);
      assertThat(step.numRunning()).isEqualTo(1);
      assertThat(step.numFreeSlots()).isEqualTo(3);
      assertThat(step.numFreeBlocks()).isEqualTo(64 - 2);
      assertThat(step.waiting().get(0).isScheduled()).isTrue();
    });

    assertThat(rows).isEqualTo("1/0@0+5");
    assertThat(harness.scheduler.stats().numGrants(Grant.GRANTED)).isEqualTo(1);
  }

  @Test void secondRowInOneStepIsNotInThisStep() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));

    harness.step(step -> {
      SequenceView sequence = step.waiting().get(0);
      step.schedule(sequence, 2);
      refusal(harness, step, sequence, 3);
    });

    assertThat(grants).containsExactly(Grant.NOT_IN_THIS_STEP);
  }

  @Test void sequenceThatLostItsBlocksIsNotInThisStep() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3), request(2, 5, 3));
    harness.step();

    harness.plan(step -> {
      SequenceView sequence = step.running().get(0);
      step.preempt(sequence);
      refusal(harness, step, sequence, 1);
    });

    assertThat(grants).containsExactly(Grant.NOT_IN_THIS_STEP);
  }

  @Test void sequenceThatWaitsForTheHostIsBlocked() {
    SequenceView[] view = new SequenceView[1];
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.onAdd = sequence -> view[0] = sequence).build();
    harness.add(asking(1, 5, SamplingParameters.greedy(2)).blockedBy(BlockReason.HOST).build());

    harness.plan(step -> refusal(harness, step, view[0], 5));

    assertThat(grants).containsExactly(Grant.BLOCKED);
  }

  @Test void sequenceWhoseMaskIsNotReadyIsBlocked() {
    SchedulerHarness harness = SchedulerHarness.create()
        .add(masked(1, (tokens, sampleIndex, words) -> false));

    harness.plan(step -> refusal(harness, step, step.waiting().get(0), 5));

    assertThat(grants).containsExactly(Grant.BLOCKED);
  }

  @Test void maskedSequenceAwaitsTheTokenInFlight() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2)).build()
        .add(masked(1, (tokens, sampleIndex, words) -> {
          words[0] = -1;
          return true;
        }));
    harness.plan();

    harness.plan(step -> refusal(harness, step, step.running().get(0), 1));

    assertThat(grants).containsExactly(Grant.AWAITS_TOKEN);
  }

  @Test void preemptedSequenceAwaitsTheTokenInFlight() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(3)).build().add(request(1, 5, 9));
    harness.plan();
    harness.plan(step -> step.preempt(step.running().get(0)));

    harness.plan(step -> refusal(harness, step, step.waiting().get(0), 5));

    assertThat(grants).containsExactly(Grant.AWAITS_TOKEN);
  }

  @Test void sequenceWhoseLastTokenIsInFlightAwaitsIt() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxInFlight(2)).build().add(request(1, 5, 1));
    harness.plan();

    harness.plan(step -> refusal(harness, step, step.running().get(0), 1));

    assertThat(grants).containsExactly(Grant.AWAITS_TOKEN);
  }

  @Test void chunkThatIsNoMultipleOfTheUnitHasNoShape() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .spec(spec -> spec.chunkUnit(4)).build().add(request(1, 10, 3));

    String rows = harness.step(step -> {
      refusal(harness, step, step.waiting().get(0), 3);
      step.schedule(step.waiting().get(0), 4);
    });

    assertThat(grants).containsExactly(Grant.NO_SHAPE);
    assertThat(rows).isEqualTo("1/0@0+4 unsampled");
    assertThat(harness.step()).isEqualTo("1/0@4+6"); // The last chunk may have any length.
  }

  @Test void prefillBesideDecodeHasNoShapeWhereTheyDoNotMix() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .spec(spec -> spec.mixesPrefillAndDecode(false)).build().add(request(1, 5, 9));
    harness.step();
    harness.add(request(2, 5, 9));

    harness.step(step -> {
      step.schedule(step.running().get(0), 1);
      refusal(harness, step, step.waiting().get(0), 5);
    });
    harness.step(step -> {
      step.schedule(step.waiting().get(0), 5);
      refusal(harness, step, step.running().get(0), 1);
    });

    assertThat(grants).containsExactly(Grant.NO_SHAPE, Grant.NO_SHAPE);
  }

  @Test void withdrawnRowLeavesNoShapeBehind() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .spec(spec -> spec.mixesPrefillAndDecode(false)).build().add(request(1, 5, 9));
    harness.step();
    harness.add(request(2, 5, 9));

    String rows = harness.step(step -> {
      step.schedule(step.running().get(0), 1);
      step.preempt(step.running().get(0));
      step.schedule(step.waiting().get(0), 5);
    });

    assertThat(rows).isEqualTo("2/0@0+5");
  }

  @Test void oneAdapterTooManyHasNoAdapterRoom() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumAdapters(1)).build()
        .add(adapted(1, 7), adapted(2, 8), adapted(3, 7), adapted(4, 0));

    String rows = harness.step(step -> {
      step.schedule(step.waiting().get(0), 5);
      assertThat(step.hasAdapterRoom(step.waiting().get(1))).isFalse();
      refusal(harness, step, step.waiting().get(1), 5);
      step.schedule(step.waiting().get(2), 5);
      step.schedule(step.waiting().get(3), 5);
    });

    assertThat(grants).containsExactly(Grant.NO_ADAPTER);
    assertThat(rows).isEqualTo("1/0@0+5 3/0@0+5 4/0@0+5");
  }

  @Test void withdrawnRowGivesItsAdapterRoomBack() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumAdapters(1)).build().add(adapted(1, 7), adapted(2, 8));

    String rows = harness.step(step -> {
      step.schedule(step.waiting().get(0), 5);
      step.preempt(step.waiting().get(0));
      step.schedule(step.waiting().get(1), 5);
    });

    assertThat(rows).isEqualTo("2/0@0+5");
  }

  @Test void oneSequenceTooManyHasNoSlot() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.maxNumSeqs(1)).build().add(request(1, 5, 3), request(2, 5, 3));

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 5);
      refusal(harness, step, step.waiting().get(1), 5);
    });

    assertThat(grants).containsExactly(Grant.NO_SLOTS);
  }

  @Test void lowerCapHasNoSlotForTheNextOne() {
    SchedulerHarness harness =
        SchedulerHarness.create().add(request(1, 5, 3), request(2, 5, 3));
    harness.scheduler.setCaps(new LiveCaps(1, 32, 8));

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 5);
      refusal(harness, step, step.waiting().get(1), 5);
    });

    assertThat(grants).containsExactly(Grant.NO_SLOTS);
  }

  @Test void moreThanTheBudgetHasNoTokens() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 40, 3));

    String rows = harness.step(step -> {
      refusal(harness, step, step.waiting().get(0), 33);
      step.schedule(step.waiting().get(0), 32);
    });

    assertThat(grants).containsExactly(Grant.NO_TOKENS);
    assertThat(rows).isEqualTo("1/0@0+32 unsampled");
  }

  @Test void everyRowCostsItsExtraTokens() {
    SchedulerHarness harness = SchedulerHarness.builder()
        .limits(limits -> limits.numExtraRowTokens(3)).build()
        .add(request(1, 20, 3), request(2, 20, 3));

    String rows = harness.step(step -> {
      assertThat(step.tokenBudget()).isEqualTo(29);
      step.schedule(step.waiting().get(0), 20);
      assertThat(step.tokenBudget()).isEqualTo(6);
      refusal(harness, step, step.waiting().get(1), 7);
      step.schedule(step.waiting().get(1), 6);
      assertThat(step.tokenBudget()).isZero();
    });

    assertThat(grants).containsExactly(Grant.NO_TOKENS);
    assertThat(rows).isEqualTo("1/0@0+20 2/0@0+6 unsampled");
  }

  @Test void moreBlocksThanFreeAreNoBlocks() {
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(5).build()
        .add(request(1, 12, 3), request(2, 12, 3));

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 12);
      refusal(harness, step, step.waiting().get(1), 9);
      step.schedule(step.waiting().get(1), 8);
    });

    assertThat(grants).containsExactly(Grant.NO_BLOCKS);
  }

  @Test void lookaheadPositionsNeedBlocksToo() {
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(3)
        .limits(limits -> limits.numLookaheadTokens(4)).build()
        .add(request(1, 8, 1), request(2, 1, 1));

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 8);
      refusal(harness, step, step.waiting().get(1), 1);
    });

    assertThat(grants).containsExactly(Grant.NO_BLOCKS);
  }

  @Test void blocksOfATransferArePending() {
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(5).build()
        .add(request(1, 12, 3));
    harness.step();
    for (int i = 0; i < 3; i++) {
      harness.cache.pin(harness.cache.block(harness.sequence(1).handle(), i));
    }
    harness.abort(1);
    harness.add(request(2, 12, 3));

    harness.step(step -> refusal(harness, step, step.waiting().get(0), 12));
    for (int block = 1; block <= 3; block++) {
      harness.cache.unpin(block);
    }
    harness.step(step -> step.schedule(step.waiting().get(0), 12));

    assertThat(grants).containsExactly(Grant.BLOCKS_PENDING);
    assertThat(harness.heard.tokens(2, 0)).hasSize(1);
  }

  @Test void pausedAdmissionIsBlocked() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    harness.scheduler.pause(PauseMode.NEW);

    harness.step(step -> {
      assertThat(step.numFreeSlots()).isZero();
      refusal(harness, step, step.waiting().get(0), 5);
    });

    assertThat(grants).containsExactly(Grant.BLOCKED);
  }

  @Test void pausedStepHasNoTokens() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    harness.step();
    harness.scheduler.pause(PauseMode.ALL);

    harness.step(step -> {
      assertThat(step.tokenBudget()).isZero();
      refusal(harness, step, step.running().get(0), 1);
    });

    assertThat(grants).containsExactly(Grant.NO_TOKENS);
  }

  @Test void firstLimitInTheOrderOfTheGrantsIsTheAnswer() {
    Request needy = asking(3, 30, SamplingParameters.greedy(1)).adapterId(8)
        .tokenMask((tokens, sampleIndex, words) -> false).build();
    SchedulerHarness harness = SchedulerHarness.builder().plainBlocks(8)
        .limits(limits -> limits.maxNumAdapters(1).maxNumSeqs(2)).spec(spec -> spec.chunkUnit(4))
        .build().add(adapted(1, 7), adapted(2, 7), needy);

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 5);
      step.schedule(step.waiting().get(1), 5);
      refusal(harness, step, step.waiting().get(2), 30);
      refusal(harness, step, step.waiting().get(2), 29);
      refusal(harness, step, step.waiting().get(2), 28);
    });
    harness.step(step -> refusal(harness, step, step.waiting().get(0), 28));
    harness.abort(1);
    harness.scheduler.setCaps(new LiveCaps(2, 20, 8));
    harness.step(step -> refusal(harness, step, step.waiting().get(0), 28));
    harness.scheduler.setCaps(new LiveCaps(2, 32, 8));
    harness.step(step -> {
      refusal(harness, step, step.waiting().get(0), 28);
      assertThat(step.schedule(step.waiting().get(0), 24)).isEqualTo(Grant.GRANTED);
    });

    assertThat(grants).containsExactly(Grant.BLOCKED, Grant.NO_SHAPE, Grant.NO_ADAPTER,
        Grant.NO_SLOTS, Grant.NO_TOKENS, Grant.NO_BLOCKS);
  }

  @Test void everyAnswerIsCounted() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 40, 3));

    harness.step(step -> {
      step.schedule(step.waiting().get(0), 33);
      step.schedule(step.waiting().get(0), 33);
      step.schedule(step.waiting().get(0), 32);
    });

    assertThat(harness.scheduler.stats().numGrants(Grant.NO_TOKENS)).isEqualTo(2);
    assertThat(harness.scheduler.stats().numGrants(Grant.GRANTED)).isEqualTo(1);
  }

  // ---- arguments that nobody can mean

  @Test void noTokenAndMoreThanPendingAreErrors() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    for (int numTokens : new int[] {Integer.MIN_VALUE, -1, 0, 6, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> harness.plan(step -> step.schedule(step.waiting().get(0), numTokens)))
          .withMessage("request 1 sample 0: " + numTokens + " tokens of 5 pending at position 0");
    }
    harness.run().assertRanAsIfAlone(request(1, 5, 3));
  }

  @Test void sequenceThatEndedIsAnError() {
    SequenceView[] view = new SequenceView[1];
    SchedulerHarness harness = SchedulerHarness.builder()
        .policy(policy -> policy.onAdd = sequence -> view[0] = sequence).build();
    harness.add(request(1, 5, 1)).run();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.plan(step -> step.schedule(view[0], 1)))
        .withMessage("a sequence that does not live in this scheduler");
  }

  @Test void sequenceOfAnotherSchedulerIsAnError() {
    SchedulerHarness other = SchedulerHarness.create().add(request(1, 5, 3));
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    SequenceView foreign = other.sequence(1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.plan(step -> step.schedule(foreign, 5)))
        .withMessage("a sequence that does not live in this scheduler");
  }

  @Test void preemptingWhoDoesNotRunIsAnError() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.plan(step -> step.preempt(step.waiting().get(0))))
        .withMessage("request 1 sample 0 does not run, it is WAITING");
  }

  @Test void skippingWhoDoesNotWaitIsAnError() {
    SchedulerHarness harness = SchedulerHarness.create().add(request(1, 5, 3));
    harness.step();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> harness.plan(step -> step.skip(step.running().get(0))))
        .withMessage("request 1 sample 0 does not wait, it is RUNNING");
  }

  private static Request adapted(long id, int adapterId) {
    return asking(id, 5, SamplingParameters.greedy(4)).adapterId(adapterId).build();
  }

  private static Request masked(long id, TokenMask mask) {
    return asking(id, 5, SamplingParameters.greedy(4)).tokenMask(mask).build();
  }
}
