package dev.weft.schedulerapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

final class StepResultTest {
  @Test void newResultReportsTransfersAlone() {
    StepResult result = new StepResult(2, 0, 0);

    assertThat(result.stepId()).isEqualTo(StepResult.TRANSFERS_ONLY).isEqualTo(-1);
    assertThat(result.numRows()).isZero();
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    assertThat(result.numFinishedTransfers()).isZero();
  }

  @Test void tokensOfARowKeepTheirOrder() {
    StepResult result = new StepResult(2, 2, 0);
    result.reset(5, 2);

    result.addToken(1, 30);
    result.addToken(0, 10);
    result.addToken(1, 31);

    assertThat(result.stepId()).isEqualTo(5);
    assertThat(result.numRows()).isEqualTo(2);
    assertThat(result.numTokens(0)).isEqualTo(1);
    assertThat(result.token(0, 0)).isEqualTo(10);
    assertThat(result.numTokens(1)).isEqualTo(2);
    assertThat(result.token(1, 0)).isEqualTo(30);
    assertThat(result.token(1, 1)).isEqualTo(31);
  }

  @Test void rowTakesOneTokenMoreThanDrafts() {
    StepResult result = new StepResult(2, 1, 0);
    result.reset(5, 2);
    result.addToken(0, 10);
    result.addToken(0, 11);

    assertThatIllegalStateException().isThrownBy(() -> result.addToken(0, 12))
        .withMessage("step 5 row 0 of 2: token 2 of 2");
    assertThat(result.numTokens(0)).isEqualTo(2);
    assertThat(result.numTokens(1)).isZero();
  }

  @Test void tokenOfARowBehindTheLastIsRefused() {
    StepResult result = new StepResult(4, 0, 0);
    result.reset(5, 2);

    assertThatIllegalStateException().isThrownBy(() -> result.addToken(2, 10))
        .withMessage("step 5 row 2 of 2: token 0 of 1");
  }

  @Test void resetForgetsTheFormerStep() {
    StepResult result = new StepResult(2, 1, 1);
    result.reset(5, 2);
    result.addToken(0, 10);
    result.setLogprob(0, -1);
    result.setTopLogprob(0, 0, 10, -1);
    result.failRow(1);
    result.failStep("on purpose");
    result.setDeviceNanos(99);
    result.addFinishedTransfer(7);

    result.reset(6, 1);
    result.addToken(0, 20);

    assertThat(result.stepId()).isEqualTo(6);
    assertThat(result.numRows()).isEqualTo(1);
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    assertThat(result.failureMessage()).isEmpty();
    assertThat(result.deviceNanos()).isZero();
    assertThat(result.numFinishedTransfers()).isZero();
    assertThat(result.numTokens(0)).isEqualTo(1);
    assertThat(result.logprob(0, 0)).isNaN();
    assertThat(result.topToken(0, 0, 0)).isEqualTo(-1);
    result.reset(7, 2);
    assertThat(result.numTokens(0)).isZero();
    assertThat(result.isFailedRow(1)).isFalse();
  }

  @Test void logprobsBelongToTheTokenAddedLast() {
    StepResult result = new StepResult(2, 1, 2);
    result.reset(5, 2);

    result.addToken(1, 30);
    result.setLogprob(1, -0.5f);
    result.setTopLogprob(1, 0, 31, -0.25f);
    result.setTopLogprob(1, 1, 30, -0.5f);
    result.addToken(1, 40);
    result.setLogprob(1, -1.5f);

    assertThat(result.logprob(1, 0)).isEqualTo(-0.5f);
    assertThat(result.topToken(1, 0, 0)).isEqualTo(31);
    assertThat(result.topLogprob(1, 0, 0)).isEqualTo(-0.25f);
    assertThat(result.topToken(1, 0, 1)).isEqualTo(30);
    assertThat(result.topLogprob(1, 0, 1)).isEqualTo(-0.5f);
    assertThat(result.logprob(1, 1)).isEqualTo(-1.5f);
    assertThat(result.topToken(1, 1, 0)).isEqualTo(-1);
  }

  @Test void logprobsThatWereNotAskedForAreNotNumbers() {
    StepResult result = new StepResult(1, 0, 2);
    result.reset(5, 1);

    result.addToken(0, 10);

    assertThat(result.logprob(0, 0)).isNaN();
    assertThat(result.topToken(0, 0, 0)).isEqualTo(-1);
    assertThat(result.topToken(0, 0, 1)).isEqualTo(-1);
  }

  @Test void logprobOfARowWithoutATokenIsRefused() {
    StepResult result = new StepResult(2, 0, 1);
    result.reset(5, 2);
    result.addToken(0, 10);

    assertThatIllegalStateException().isThrownBy(() -> result.setLogprob(1, -1))
        .withMessage("step 5 row 1 of 2 has no token yet");
    assertThatIllegalStateException().isThrownBy(() -> result.setTopLogprob(1, 0, 3, -1))
        .withMessage("step 5 row 1 of 2 has no token yet");
    assertThat(result.logprob(0, 0)).isNaN();
    assertThat(result.topToken(0, 0, 0)).isEqualTo(-1);
  }

  @Test void oneAlternativeTooManyIsRefused() {
    StepResult result = new StepResult(1, 1, 2);
    result.reset(5, 1);
    result.addToken(0, 10);

    assertThatIllegalStateException().isThrownBy(() -> result.setTopLogprob(0, 2, 3, -1))
        .withMessage("step 5 row 0: alternative 2 of 2");
  }

  @Test void failureOfARowBehindTheLastIsRefused() {
    StepResult result = new StepResult(4, 0, 0);
    result.reset(5, 2);

    assertThatIllegalStateException().isThrownBy(() -> result.failRow(2))
        .withMessage("step 5 row 2 of 2");
  }

  @Test void moreRowsThanFitAreRefusedAndChangeNothing() {
    StepResult result = new StepResult(2, 0, 0);
    result.reset(5, 2);
    result.addToken(0, 10);

    assertThatIllegalArgumentException().isThrownBy(() -> result.reset(6, 3))
        .withMessage("step 6: numRows is 3, must be 0 to 2");
    assertThat(result.stepId()).isEqualTo(5);
    assertThat(result.numTokens(0)).isEqualTo(1);
  }

  @Test void failuresOfRowsAndStepsAreSeparate() {
    StepResult result = new StepResult(2, 0, 0);
    result.reset(5, 2);

    result.failRow(1);
    assertThat(result.isFailedRow(0)).isFalse();
    assertThat(result.isFailedRow(1)).isTrue();
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    result.failStep("on purpose");
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.FAILED);
    assertThat(result.failureMessage()).isEqualTo("on purpose");
  }

  @Test void aCopyHoldsWhatTheOtherHoldsUnderOtherLimits() {
    StepResult source = filled(new StepResult(3, 2, 1));
    StepResult copy = new StepResult(2, 1, 4);
    copy.reset(5, 2);
    copy.addToken(1, 99);

    copy.copyFrom(source);

    assertThat(copy.stepId()).isEqualTo(6);
    assertThat(copy.numRows()).isEqualTo(2);
    assertThat(copy.outcome()).isEqualTo(StepResult.Outcome.FAILED);
    assertThat(copy.failureMessage()).isEqualTo("on purpose");
    assertThat(copy.deviceNanos()).isEqualTo(99);
    assertThat(copy.finishedTransfer(0)).isEqualTo(7);
    assertThat(copy.numTokens(0)).isZero();
    assertThat(copy.isFailedRow(0)).isTrue();
    assertThat(copy.isFailedRow(1)).isFalse();
    assertThat(copy.numTokens(1)).isEqualTo(2);
    assertThat(copy.token(1, 1)).isEqualTo(11);
    assertThat(copy.logprob(1, 0)).isNaN();
    assertThat(copy.logprob(1, 1)).isEqualTo(-2);
    assertThat(copy.topToken(1, 1, 0)).isEqualTo(12);
    assertThat(copy.topLogprob(1, 1, 0)).isEqualTo(-1);
    assertThat(copy.topToken(1, 1, 1)).isEqualTo(-1);
  }

  @Test void aCopyThatDoesNotFitIsRefused() {
    StepResult source = filled(new StepResult(3, 2, 1));
    StepResult result = new StepResult(1, 1, 1);

    assertThatIllegalArgumentException().isThrownBy(() -> result.copyFrom(source))
        .withMessage("step 6: numRows is 2, must be 0 to 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StepResult(2, 0, 1).copyFrom(source))
        .withMessage("step 6 row 1: 2 tokens of 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StepResult(2, 1, 0).copyFrom(source))
        .withMessage("step 6 row 1: more than 0 alternatives");
    assertThat(result.stepId()).isEqualTo(StepResult.TRANSFERS_ONLY);
  }

  /** Step 6: row 0 failed, row 1 has tokens 10 and 11, the second with log-probabilities. */
  private static StepResult filled(StepResult result) {
    result.reset(6, 2);
    result.failRow(0);
    result.addToken(1, 10);
    result.addToken(1, 11);
    result.setLogprob(1, -2);
    result.setTopLogprob(1, 0, 12, -1);
    result.failStep("on purpose");
    result.setDeviceNanos(99);
    result.addFinishedTransfer(7);
    return result;
  }

  @Test void anyNumberOfTransfersCanFinish() {
    StepResult result = new StepResult(1, 0, 0);
    result.reset(StepResult.TRANSFERS_ONLY, 0);

    for (int transfer = 0; transfer < 100; transfer++) {
      result.addFinishedTransfer(1000 + transfer);
    }

    assertThat(result.numFinishedTransfers()).isEqualTo(100);
    assertThat(result.finishedTransfer(0)).isEqualTo(1000);
    assertThat(result.finishedTransfer(99)).isEqualTo(1099);
  }

  @Test void resultOfLimitsHoldsTheLargestStep() {
    SchedulerLimits limits =
        SchedulerLimits.builder().maxNumSeqs(3).maxNumDraftTokens(2).build();
    StepResult result = StepResult.of(limits);
    result.reset(1, 3);

    for (int i = 0; i < 3; i++) {
      result.addToken(2, i);
    }
    result.setTopLogprob(2, SamplingParameters.MAX_NUM_LOGPROBS - 1, 8, -9);

    assertThat(result.numTokens(2)).isEqualTo(3);
    assertThat(result.topToken(2, 2, 19)).isEqualTo(8);
  }
}
