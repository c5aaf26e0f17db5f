package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.testkit.DraftLengthRun;
import org.junit.jupiter.api.Test;

final class GoodputDraftLengthTest {
  private static final int WARM_UP = 3 * Probes.INTERVAL;
  private static final StepTimeModel DEVICE =
      (numSequences, numTokens, numContextTokens) -> Load.nanos(numTokens);

  @Test void itFindsTheRunThatIsAccepted() {
    Load load = new Load(new GoodputDraftLength(DEVICE, DraftCost.NONE, 8)).of(30);
    load.numAccepted = 2;
    load.steps(WARM_UP + 5);

    assertThat(load.run.length(7)).isEqualTo(2);
  }

  @Test void wherePositionsCostAsMuchAsTheyGainNobodyDrafts() {
    Load load = new Load(new GoodputDraftLength(DEVICE, DraftCost.NONE, 8)).of(100);
    load.numAccepted = 0;
    load.steps(WARM_UP + 5);

    assertThat(load.isDrafting()).isFalse();
  }

  @Test void draftingThatCostsMoreThanItGainsIsLeft() {
    Load cheap = new Load(new GoodputDraftLength(DEVICE, new DraftCost(100_000, 0), 8)).of(4);
    Load dear = new Load(new GoodputDraftLength(DEVICE, new DraftCost(20_000_000, 0), 8)).of(4);

    assertThat(cheap.steps(WARM_UP + 5).isDrafting()).isTrue();
    assertThat(dear.steps(WARM_UP + 5).isDrafting()).isFalse();
  }

  @Test void aRoundLessForAllIsPreferredToOneMoreForAFew() {
    Load load = new Load(new GoodputDraftLength(DEVICE, new DraftCost(2_000_000, 0), 8)).of(12);
    load.numAccepted = 1;
    load.steps(WARM_UP + 5);

    assertThat(load.run.length(0)).isEqualTo(1);
  }

  /** Half of the sequences are never right: they get none, and the others all. */
  @Test void draftsGoToThoseWhoUseThem() {
    DraftLengthRun run = new DraftLengthRun(
        SchedulerLimits.builder().maxNumSeqs(100).maxNumDraftTokens(8).build(),
        new GoodputDraftLength(new LinearStepTime(1e6, 0, 20_000, 0), DraftCost.NONE, 8),
        new DraftLengthRun.Device() {
          @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
            return requestId % 2 == 0 ? numDrafts : 0;
          }

          @Override public long nanos(DraftLengthRun step) {
            return 1;
          }
        });
    for (int handle = 0; handle < 80; handle++) {
      run.begin(handle, handle, 10, 8, RequestHints.NONE);
    }
    for (int step = 0; step < 20 * Probes.INTERVAL + 5; step++) {
      run.step();
    }

    assertThat(run.length(40)).isEqualTo(8);
    assertThat(run.length(41)).isZero();
  }

  @Test void theTokensOfAStepAreNotExceeded() {
    DraftLengthRun run = new DraftLengthRun(
        SchedulerLimits.builder().maxNumSeqs(32).maxNumBatchedTokens(50).maxNumDraftTokens(8)
            .build(),
        new GoodputDraftLength(new LinearStepTime(1e9, 0, 1, 0), DraftCost.NONE, 8),
        new DraftLengthRun.Device() {
          @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
            return numDrafts;
          }

          @Override public long nanos(DraftLengthRun step) {
            return 1_000_000;
          }
        });
    for (int handle = 0; handle < 20; handle++) {
      run.begin(handle, handle, 10, 8, RequestHints.NONE);
    }
    for (int step = 0; step < Probes.INTERVAL - 1; step++) {
      run.step();
      int numTokens = 0;
      for (int handle = 0; handle < 20; handle++) {
        numTokens += 1 + run.length(handle);
      }
      assertThat(numTokens).isLessThanOrEqualTo(50);
    }
  }

  @Test void wrongLengthsAreRefused() {
    assertThatThrownBy(() -> new GoodputDraftLength(DEVICE, DraftCost.NONE, 0))
        .hasMessage("maxNumDraftTokens is 0, must be 1 to 1024");
  }
}
