package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.DraftLengths;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.testkit.DraftLengthRun;
import dev.weft.testkit.SplitMix;
import org.junit.jupiter.api.Test;

final class MeasuredStepTimeTest {
  private static final LinearStepTime TRUTH = new LinearStepTime(3e6, 5_000, 40_000, 20);

  private final MeasuredStepTime measured = new MeasuredStepTime();
  private final SplitMix random = new SplitMix(1);
  private double noise;
  private double factor = 1;
  private boolean isMeasured = true;

  /** Steps of 1 to 64 sequences with 0 to 4 drafts each. */
  private void steps(int numSteps) {
    DraftLengthRun run = new DraftLengthRun(
        SchedulerLimits.builder().maxNumSeqs(64).maxNumWaiting(1).maxNumDraftTokens(4).build(),
        new Random(), new DraftLengthRun.Device() {
          @Override public int numAccepted(long requestId, int numOutputTokens, int numDrafts) {
            return random.below(numDrafts + 1);
          }

          @Override public long nanos(DraftLengthRun step) {
            double context = 0;
            int numTokens = 0;
            for (int row = 0; row < step.numSequences(); row++) {
              numTokens += 1 + step.numDrafts(step.handle(row));
              context += step.numTokens(step.handle(row)) + 1;
            }
            double nanos = factor * TRUTH.nanos(step.numSequences(), numTokens, context);
            return isMeasured
                ? Math.round(nanos * (1 + noise * (random.below(2001) - 1000) / 1000)) : 0;
          }
        });
    for (int i = 0; i < numSteps; i++) {
      while (run.numSequences() > 0) {
        run.end(run.numSequences() - 1);
      }
      int numSequences = random.between(1, 64);
      for (int handle = 0; handle < numSequences; handle++) {
        run.begin(handle, handle, random.between(100, 2000), 4, RequestHints.NONE);
      }
      run.step();
    }
  }

  private final class Random implements DraftLengthPolicy {
    @Override public void choose(DraftLengths lengths) {
      for (int i = 0; i < lengths.numSequences(); i++) {
        lengths.set(i, random.below(5));
      }
    }

    @Override public void onStep(StepFeedback feedback) {
      measured.onStep(feedback);
    }
  }

  private void assertNear(double share) {
    for (int numSequences : new int[] {1, 16, 64}) {
      double truth = factor * TRUTH.nanos(numSequences, 3 * numSequences, 1000 * numSequences);
      assertThat(measured.nanos(numSequences, 3 * numSequences, 1000 * numSequences))
          .as("%s sequences", numSequences).isCloseTo(truth, within(share * truth));
    }
    double token = measured.nanos(32, 101, 32_000) - measured.nanos(32, 100, 32_000);
    assertThat(token).as("a token")
        .isCloseTo(factor * TRUTH.nanosPerToken(), within(5 * share * 40_000));
  }

  @Test void aLineIsLearntExactly() {
    steps(200);

    assertNear(0.02);
    assertThat(measured.numMeasuredSteps()).isEqualTo(200);
  }

  @Test void noiseAveragesOut() {
    noise = 0.1;
    steps(400);

    assertNear(0.08);
  }

  @Test void aDeviceThatSlowsDownIsFollowed() {
    steps(200);
    factor = 1.7;
    steps(600);

    assertNear(0.05);
  }

  @Test void oneStepThatTookLongTeachesLittle() {
    steps(200);
    factor = 1000;
    steps(1);
    factor = 1;

    assertNear(0.2);
  }

  @Test void stepsWithoutATimeTeachNothing() {
    isMeasured = false;
    steps(10);

    assertThat(measured.nanos(1, 2, 3))
        .isCloseTo(LinearStepTime.H100_8B.nanos(1, 2, 3), within(1.0));
    assertThat(measured.numMeasuredSteps()).isZero();
  }

  @Test void wrongNumbersAreRefused() {
    assertThatThrownBy(() -> new LinearStepTime(0, 0, 0, 0))
        .hasMessage("nanosPerStep is 0.0, must be above 0 and finite");
    assertThatThrownBy(() -> new LinearStepTime(1, Double.NaN, 0, 0))
        .hasMessage("nanosPerSequence is NaN, must be 0 or more and finite");
    assertThatThrownBy(() -> new LinearStepTime(1, 0, -1, 0))
        .hasMessage("nanosPerToken is -1.0, must be 0 or more and finite");
    assertThatThrownBy(() -> new DraftCost(-1, 0))
        .hasMessage("nanosPerRound is -1.0, must be 0 or more and finite");
    assertThatThrownBy(() -> new DraftCost(0, Double.POSITIVE_INFINITY))
        .hasMessage("nanosPerDraft is Infinity, must be 0 or more and finite");
  }
}
