package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceSeed;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Each promise about output is broken once on purpose, and the oracle notices. */
class TokenOracleTest {
  private static final int VOCABULARY_SIZE = 50;
  private static final int MAX_MODEL_LEN = 32;
  private static final long SEED = 9;
  private static final Request REQUEST = Request.builder(1, 5, 6, 7).sampling(
      SamplingParameters.builder().maxNewTokens(4).temperature(1).seed(SEED).numSamples(2).build())
          .build();

  private final TokenOracle oracle = new TokenOracle(VOCABULARY_SIZE, MAX_MODEL_LEN);

  @Test void rightAnswersPass() {
    add();
    for (int sample = 0; sample < 2; sample++) {
      say(sample, 0, 4);
      oracle.onFinish(1, sample, FinishReason.LENGTH, 4, 0);
    }

    oracle.checkAllEnded();
    assertThat(oracle.numTokens()).isEqualTo(8);
    assertThat(oracle.numFinished(FinishReason.LENGTH)).isEqualTo(2);
  }

  @Test void samplesDrawFromSeedsOfTheirOwn() {
    assertThat(right(0)).isNotEqualTo(right(1));
    assertThat(SequenceSeed.ofSample(SEED, 1)).isNotEqualTo(SEED);
  }

  @Test void aWrongTokenIsSeen() {
    add();
    int wrong = (right(0)[0] + 1) % VOCABULARY_SIZE;

    fails("I51", () -> oracle.onToken(1, 0, 0, wrong, 0));
  }

  @Test void aRepeatedTokenIsSeen() {
    add();
    say(0, 0, 1);

    fails("I51", () -> say(0, 0, 1));
  }

  @Test void aLostTokenIsSeen() {
    add();

    fails("I51", () -> say(0, 1, 2));
  }

  @Test void aTokenBehindTheEndIsSeen() {
    add();
    say(0, 0, 4);

    fails("I51", () -> oracle.onToken(1, 0, 4, 0, 0));
    oracle.onFinish(1, 0, FinishReason.LENGTH, 4, 0);
    fails("I52", () -> oracle.onToken(1, 0, 4, 0, 0));
  }

  @Test void anEndBeforeTheEndIsSeen() {
    add();
    say(0, 0, 2);

    fails("L1", () -> oracle.onFinish(1, 0, FinishReason.LENGTH, 2, 0));
  }

  @Test void anAnswerCutOffIsNoCompleteAnswer() {
    add();
    say(0, 0, 2);
    oracle.onFinish(1, 0, FinishReason.ABORT, 2, 0);
    say(1, 0, 4);

    fails("L1", () -> oracle.onFinish(1, 1, FinishReason.ABORT, 4, 0));
  }

  @Test void aHostMayStopAndKeepLess() {
    add();
    say(0, 0, 2);
    oracle.expectStop(1, 0);

    oracle.onFinish(1, 0, FinishReason.STOP, 1, 0);
    fails("L1", () -> oracle.onFinish(1, 1, FinishReason.STOP, 0, 0));
  }

  @Test void endingTwiceIsSeen() {
    add();
    oracle.onFinish(1, 0, FinishReason.ABORT, 0, 0);

    fails("L1", () -> oracle.onFinish(1, 0, FinishReason.ABORT, 0, 0));
  }

  @Test void neverEndingIsSeen() {
    add();
    oracle.onFinish(1, 0, FinishReason.ABORT, 0, 0);

    fails("L1", oracle::checkAllEnded);
  }

  @Test void aWrongCountAtTheEndIsSeen() {
    add();
    say(0, 0, 2);

    fails("I51", () -> oracle.onFinish(1, 0, FinishReason.ABORT, 1, 0));
  }

  @Test void anotherSeedIsSeen() {
    oracle.expect(REQUEST);

    fails("I51", () -> oracle.onAdd(REQUEST, SEED + 1, 0));
  }

  @Test void aRequestThatNobodySentIsSeen() {
    fails("L1", () -> oracle.onAdd(REQUEST, 0, 0));
  }

  @Test void aPreemptionOfTheDeadIsSeen() {
    fails("I48", () -> oracle.onPreempt(1, 0, -1, PreemptReason.POLICY, 3, 1, 0));
  }

  private void add() {
    oracle.expect(REQUEST);
    oracle.onAdd(REQUEST, SEED, 0);
  }

  private static int[] right(int sampleIndex) {
    return new SoloRun(new HashModel(VOCABULARY_SIZE), REQUEST, sampleIndex, SEED, MAX_MODEL_LEN)
        .complete();
  }

  private void say(int sampleIndex, int from, int to) {
    for (int i = from; i < to; i++) {
      oracle.onToken(1, sampleIndex, i, right(sampleIndex)[i], 0);
    }
  }

  private static void fails(String invariant, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(AssertionError.class).hasMessageStartingWith(invariant);
  }
}
