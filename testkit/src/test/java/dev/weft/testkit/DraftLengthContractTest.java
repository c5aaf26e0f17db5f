package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepFeedback;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The contract of draft lengths notices who breaks it. */
class DraftLengthContractTest {
  @Test void aLengthOutOfRangeIsSeen() {
    DraftLengthContract contract = contract(() -> lengths -> setAll(lengths, 5));

    assertThatThrownBy(contract::lengthsAreInRangeWhateverHappens)
        .hasMessageContaining("length is 5, must be 0 to");
    assertThatThrownBy(contract::whoOptsOutGetsNoDrafts).hasMessageContaining("must be 0 to 0");
  }

  @Test void aPolicyThatRemembersOtherRunsIsSeen() {
    SplitMix shared = new SplitMix(1);
    DraftLengthContract contract = contract(() -> lengths -> {
      for (int i = 0; i < lengths.numSequences(); i++) {
        lengths.set(i, shared.below(lengths.maxNumDraftTokens(i) + 1));
      }
    });

    assertThatThrownBy(contract::equalHistoriesGiveEqualLengths).hasMessageContaining("seed 0");
  }

  @Test void aPolicyThatNeverComesBackIsSeen() {
    DraftLengthContract contract = contract(() -> new Latch(true));

    assertThatThrownBy(contract::itComesBackWhenDraftsAreAcceptedAgain)
        .hasMessageContaining("I65: length of 0");
  }

  @Test void aPolicyThatKeepsAHandleIsSeen() {
    DraftLengthContract contract = contract(() -> new Latch(false));

    assertThatThrownBy(contract::aNewSequenceHasNothingOfTheOneBeforeItOnTheHandle)
        .hasMessageContaining("on the used handle");
  }

  @Test void aPolicyThatNeverComesDownIsSeen() {
    DraftLengthContract contract = contract(() -> lengths -> {
      for (int i = 0; i < lengths.numSequences(); i++) {
        lengths.set(i, lengths.maxNumDraftTokens(i));
      }
    });

    assertThatThrownBy(contract::itComesDownWhenNothingIsAccepted)
        .hasMessageContaining("I65: drafts a step");
  }

  @Test void garbageIsSeen() {
    int[][] kept = new int[1][];
    DraftLengthContract contract = contract(() -> lengths -> {
      kept[0] = new int[lengths.numSequences()];
      setAll(lengths, 0);
    });

    assertThatThrownBy(contract::aDecisionMakesNoGarbage).hasMessageContaining("bytes");
  }

  private static void setAll(DraftLengths lengths, int length) {
    for (int i = 0; i < lengths.numSequences(); i++) {
      lengths.set(i, length);
    }
  }

  private static DraftLengthContract contract(Supplier<DraftLengthPolicy> policies) {
    return new DraftLengthContract() {
      @Override protected DraftLengthPolicy create() {
        return policies.get();
      }
    };
  }

  /** One rejection, and a sequence never drafts again. */
  private static final class Latch implements DraftLengthPolicy {
    private final boolean[] isOff = new boolean[64];
    private final boolean forgets;

    private Latch(boolean forgets) {
      this.forgets = forgets;
    }

    @Override public void choose(DraftLengths lengths) {
      for (int i = 0; i < lengths.numSequences(); i++) {
        boolean off = isOff[lengths.sequence(i).handle()];
        lengths.set(i, off ? 0 : lengths.maxNumDraftTokens(i));
      }
    }

    @Override public void onStep(StepFeedback feedback) {
      for (int row = 0; row < feedback.numRows(); row++) {
        isOff[feedback.sequence(row).handle()] |=
            feedback.numAcceptedTokens(row) < feedback.numDraftTokens(row);
      }
    }

    @Override public void onFinish(SequenceView sequence) {
      isOff[sequence.handle()] &= !forgets;
    }
  }
}
