package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.testkit.DraftLengthRun;
import org.junit.jupiter.api.Test;

final class SloDraftLengthTest {
  /** A step of one sequence takes 1 ms; the device has no time to spare. */
  private static final LinearStepTime BUSY = new LinearStepTime(1e6, 0, 10_000, 0);

  private static DraftLengthRun run(SloDraftLength policy, int maxNumTokens, double... millis) {
    DraftLengthRun run = new DraftLengthRun(
        SchedulerLimits.builder().maxNumSeqs(64).maxNumBatchedTokens(maxNumTokens)
            .maxNumDraftTokens(8).build(),
        policy, new DraftLengthRun.Device() {
          @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
            return Math.min(3, numDrafts);
          }

          @Override public long nanos(DraftLengthRun step) {
            return 1_000_000;
          }
        });
    for (int handle = 0; handle < millis.length; handle++) {
      run.begin(handle, handle, 10, 8,
          new RequestHints(0, 0, Math.round(millis[handle] * 1e6), 0, new long[0]));
    }
    return run;
  }

  /** Who wants a token each 0.4 ms needs 2.5 a step; who wants one each 2 ms needs no draft. */
  @Test void onlyThoseBehindGetDraftsFromABusyDevice() {
    DraftLengthRun run = run(new SloDraftLength(BUSY, 0, 8), 2048, 0.4, 2, 0);
    int numSteps = 500;
    long before = run.nowNanos();
    for (int step = 0; step < numSteps; step++) {
      run.step();
    }
    double millis = (run.nowNanos() - before) / 1e6;

    assertThat((run.numTokens(0) - 11) * 0.4).as("tokens in time").isGreaterThan(millis * 0.97);
    assertThat(run.numTokens(0) - 11).as("no more than needed").isLessThan(3 * numSteps - 50);
    assertThat(run.numTokens(1) - 11).as("probes alone").isLessThan(numSteps + 60);
    assertThat(run.numTokens(2) - 11).as("probes alone").isLessThan(numSteps + 60);
  }

  @Test void timeToSpareGoesToTheMostProbableDrafts() {
    DraftLengthRun run = run(new SloDraftLength(BUSY, 0.0601, 8), 2048, 0, 0);
    for (int step = 0; step < 3 * Probes.INTERVAL + 5; step++) {
      run.step();
    }

    assertThat(run.length(0)).isEqualTo(3);
    assertThat(run.length(1)).isEqualTo(3);
  }

  @Test void needsComeFirst() {
    DraftLengthRun run = run(new SloDraftLength(BUSY, 0.0301, 8), 2048, 0, 0.25);
    for (int step = 0; step < 3 * Probes.INTERVAL + 5; step++) {
      run.step();
    }

    assertThat(run.length(1)).isEqualTo(3);
    assertThat(run.length(0)).isZero();
  }

  @Test void theTokensOfAStepAreShared() {
    DraftLengthRun run = run(new SloDraftLength(BUSY, 0, 8), 8, 0.1, 0.1, 0.1, 0.1);
    for (int step = 0; step < Probes.INTERVAL - 1; step++) {
      run.step();
      assertThat(run.length(0) + run.length(1) + run.length(2) + run.length(3)).isEqualTo(4);
      assertThat(run.length(3)).isEqualTo(1);
    }
  }

  @Test void wrongGrowthIsRefused() {
    assertThatThrownBy(() -> new SloDraftLength(BUSY, -0.1, 8))
        .hasMessage("growth is -0.1, must be 0 to 10");
    assertThatThrownBy(() -> new SloDraftLength(BUSY, Double.NaN, 8))
        .hasMessage("growth is NaN, must be 0 to 10");
  }
}
