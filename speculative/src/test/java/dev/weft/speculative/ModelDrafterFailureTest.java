package dev.weft.speculative;

import static dev.weft.speculative.DraftExecutors.concat;
import static dev.weft.speculative.DraftExecutors.continuation;
import static dev.weft.speculative.DraftExecutors.spec;
import static dev.weft.speculative.DraftExecutors.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.HandDraftBatch;
import org.junit.jupiter.api.Test;

/** A draft executor that is late, fails or dies costs drafts and nothing else. */
class ModelDrafterFailureTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy(1);
  private static final long TIME_LIMIT = 1_000;

  private final GatedExecutor executor =
      new GatedExecutor(spec().numSlots(2).maxNumRows(2).build());
  private final DraftModel model = new DraftModel(executor, executor::nanoTime, TIME_LIMIT);
  private final ModelDrafter drafter = new ModelDrafter(model, 4);

  private int[] propose(int handle, int... tokens) {
    return new HandDraftBatch().with(handle, 4, tokens).proposalsOf(drafter)[0];
  }

  private static int[] expected(int... tokens) {
    return continuation(GREEDY, 0, 4, tokens);
  }

  @Test void whatIsReadyWhenTheTimeIsOverIsProposed() {
    executor.numStepsAllowed = 2;

    assertThat(propose(0, text(0, 9))).isEqualTo(continuation(GREEDY, 0, 2, text(0, 9)));
    assertThat(executor.nowNanos).isEqualTo(TIME_LIMIT);
  }

  @Test void theTimeIsThatOfTheWholeCall() {
    executor.nanosPerStep = 400;

    assertThat(propose(0, text(0, 9))).isEqualTo(continuation(GREEDY, 0, 2, text(0, 9)));
    assertThat(executor.nowNanos).isEqualTo(TIME_LIMIT);
  }

  @Test void aLateStepIsNotTakenForAnotherOne() {
    int[] known = text(0, 9);
    for (int numInTime = 0; numInTime < 8; numInTime++) {
      executor.numStepsAllowed = numInTime % 4;
      assertThat(propose(0, known)).as("call %d", numInTime).hasSize(numInTime % 4);
      executor.numStepsAllowed = Integer.MAX_VALUE;

      known = concat(known, 3, 4);
      assertThat(propose(0, known)).isEqualTo(expected(known));
      known = concat(known, expected(known)[0], 7);
    }
  }

  @Test void aCallWaitsNoLongerThanItsLimitForAStepThatNeverComes() {
    executor.numStepsAllowed = 0;
    for (int call = 1; call <= 3; call++) {
      assertThat(propose(0, text(0, 9))).isEmpty();
      assertThat(executor.nowNanos).isEqualTo(call * TIME_LIMIT);
    }
    assertThat(executor.numSubmitted).isEqualTo(1);
  }

  @Test void aSlotGivenAwayWhileAStepIsLateServesTheNewSequence() {
    executor.numStepsAllowed = 1;
    assertThat(propose(0, text(0, 30))).hasSize(1);
    HandDraftBatch.finish(drafter, 0, 1, text(0, 30));
    executor.numStepsAllowed = Integer.MAX_VALUE;

    assertThat(propose(0, text(5, 12))).isEqualTo(expected(text(5, 12)));
    assertThat(propose(1, text(6, 12))).isEqualTo(expected(text(6, 12)));
    assertThat(propose(2, text(7, 12))).isEqualTo(expected(text(7, 12)));
  }

  @Test void aSlotBeingDetachedLateIsAttachedAfterwards() {
    propose(0, text(0, 9));
    propose(1, text(1, 9));
    executor.numStepsAllowed = 0;
    assertThat(propose(2, text(2, 9))).isEmpty();
    executor.numStepsAllowed = Integer.MAX_VALUE;

    assertThat(propose(2, text(2, 10))).isEqualTo(expected(text(2, 10)));
  }

  @Test void aFailedStepIsComputedAgain() {
    propose(0, text(0, 9)); // steps 1 to 4
    for (int failing = 0; failing < 4; failing++) {
      int[] known = text(0, 30 + failing);
      executor.inner.failStep(executor.numSubmitted + 1 + failing);

      assertThat(propose(0, known)).isEqualTo(continuation(GREEDY, 0, failing, known));
      assertThat(propose(0, known)).isEqualTo(expected(known));
    }
    assertThat(model.failureMessage()).isEmpty();
  }

  @Test void aFailedRowCostsItsSequenceAlone() {
    executor.inner.failRow(2, 0);

    int[][] drafts = new HandDraftBatch().with(0, 4, text(0, 9)).with(1, 4, text(1, 9))
        .proposalsOf(drafter);

    assertThat(drafts[0]).isEqualTo(continuation(GREEDY, 0, 1, text(0, 9)));
    assertThat(drafts[1]).isEqualTo(expected(text(1, 9)));
    assertThat(propose(0, text(0, 9))).isEqualTo(expected(text(0, 9)));
  }

  @Test void aDeadExecutorDraftsNothingAnyMore() {
    executor.inner.dieAt(3);

    assertThat(propose(0, text(0, 9))).hasSize(2);
    assertThat(propose(0, text(0, 10))).isEmpty();
    assertThat(model.failureMessage()).isNotEmpty();
    assertThat(executor.nowNanos).isZero();
  }

  @Test void anExecutorThatThrowsIsTakenForDead() {
    executor.onSubmit = new IllegalStateException("broken cable");

    assertThat(propose(0, text(0, 9))).isEmpty();
    executor.onSubmit = null;
    assertThat(propose(0, text(0, 9))).isEmpty();
    assertThat(model.failureMessage()).contains("broken cable");
  }

  @Test void anInterruptEndsTheWaitAndIsKept() {
    executor.interrupts = true;
    assertThat(propose(0, text(0, 9))).isEmpty();
    assertThat(Thread.interrupted()).isTrue();

    executor.interrupts = false;
    assertThat(propose(0, text(0, 9))).isEqualTo(expected(text(0, 9)));
  }
}
