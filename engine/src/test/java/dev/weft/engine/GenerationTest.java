package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the handle of a request says, and how it ends one. The test drives, step by step. */
final class GenerationTest {
  private final EngineHarness harness =
      new EngineHarness(HashModelExecutor.completingAtOnce(spec(1)));

  private Generation add(int numNewTokens) {
    harness.add(request(1, 5, numNewTokens).build());
    return harness.generations.get(1L);
  }

  private static SamplingParameters samples(int numSamples, int numNewTokens) {
    return SamplingParameters.builder().maxNewTokens(numNewTokens).temperature(1)
        .numSamples(numSamples).build();
  }

  private void runUntil(Generation generation, int sampleIndex, int numTokens) {
    while (generation.numTokens(sampleIndex) < numTokens) {
      assertThat(harness.engine.runOnce()).isTrue();
    }
  }

  @Test void tokensCanBeReadWhileMoreAreComputed() throws InterruptedException {
    Generation generation = add(5);
    List<Integer> read = new ArrayList<>();

    while (generation.result() == null) {
      harness.engine.runStep();
      while (read.size() < generation.numTokens(0)) {
        read.add(generation.token(0, read.size()));
      }
      assertThat(read.size()).isEqualTo((int) harness.oracle.numTokens());
    }

    assertThat(generation.result().tokens(0)).hasSize(5)
        .containsExactly(read.stream().mapToInt(Integer::intValue).toArray());
    assertThatThrownBy(() -> generation.token(0, 5)).isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("output token 5 of 5");
    assertThatThrownBy(() -> generation.numTokens(1))
        .isInstanceOf(IndexOutOfBoundsException.class).hasMessage("request 1: sample 1 of 1");
  }

  @Test void resultSaysWhatHappenedAndWhen() throws InterruptedException {
    Generation generation = add(3);
    assertThat(generation.result()).isNull();
    assertThat(generation.reason(0)).isNull();
    harness.nowNanos += 10;
    harness.engine.runOnce(); // Admitted.
    harness.nowNanos += 100;
    harness.engine.runOnce(); // First token.
    harness.nowNanos += 1_000;
    harness.engine.runUntilIdle();

    GenerationResult result = generation.result();

    assertThat(result.requestId()).isEqualTo(1);
    assertThat(result.isComplete()).isTrue();
    assertThat(result.reason(0)).isEqualTo(generation.reason(0)).isEqualTo(FinishReason.LENGTH);
    assertThat(result.numPromptTokens()).isEqualTo(5);
    assertThat(result.numCachedTokens()).isZero();
    assertThat(result.queueNanos()).hasValue(10);
    assertThat(result.firstTokenNanos()).hasValue(110);
    assertThat(result.totalNanos()).isEqualTo(1_110);
    assertThat(result.message()).isEmpty();
    assertThat(result).hasToString("request 1: LENGTH after 3 tokens");
  }

  @Test void moreThanAPageOfTokensComesWhole() throws InterruptedException {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(EngineHarness.VOCABULARY_SIZE)
        .maxModelLen(1024).blockSize(16).numBlocks(80).numSlots(2).maxNumRows(2).build();
    List<Integer> heard = new ArrayList<>();
    WeftEngine engine = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec))
        .listener(new SchedulerListener() {
          @Override public void onToken(long requestId, int sampleIndex, int outputIndex,
              int token, long nowNanos) {
            heard.add(token);
          }
        }).build();
    Generation generation = engine.submit(request(1, 5, 800).build()).generation();

    engine.runUntilIdle();

    assertThat(generation.result().tokens(0)).hasSize(800)
        .containsExactly(heard.stream().mapToInt(Integer::intValue).toArray());
    assertThat(generation.token(0, 256)).isEqualTo(heard.get(256));
    engine.close();
  }

  // ---- stop

  private void stop(Generation generation, int sampleIndex, int numTokens) {
    harness.oracle.expectStop(generation.request().id(), sampleIndex);
    generation.stop(sampleIndex, numTokens);
  }

  @ParameterizedTest @ValueSource(ints = {0, 1, 2, 3})
  void stopKeepsExactlySoManyTokens(int numTokens) throws InterruptedException {
    Generation generation = add(20);
    runUntil(generation, 0, 3);

    stop(generation, 0, numTokens);
    harness.engine.runUntilIdle();

    assertThat(generation.result().reason(0)).isEqualTo(FinishReason.STOP);
    assertThat(generation.result().isComplete()).isTrue();
    assertThat(generation.result().tokens(0)).hasSize(numTokens);
    assertThat(generation.numTokens(0)).isEqualTo(numTokens);
    harness.assertAllEnded();
  }

  @Test void onlyTheFirstStopCounts() throws InterruptedException {
    Generation generation = add(20);
    runUntil(generation, 0, 3);

    stop(generation, 0, 2);
    generation.stop(0, 3);
    harness.engine.runUntilIdle();
    generation.stop(0, 1);
    harness.engine.runUntilIdle();

    assertThat(generation.result().numTokens(0)).isEqualTo(2);
  }

  @Test void stopBeforeTheFirstTokenIsWithoutEffectAndUsesNothingUp() throws InterruptedException {
    Generation generation = add(20);
    generation.stop(0, 0);
    runUntil(generation, 0, 3);

    stop(generation, 0, 1);
    harness.engine.runUntilIdle();

    assertThat(generation.result().reason(0)).isEqualTo(FinishReason.STOP);
    assertThat(generation.result().numTokens(0)).isEqualTo(1);
  }

  @Test void stopBehindWhatWasSaidIsRefused() {
    Generation generation = add(20);
    runUntil(generation, 0, 3);

    assertThatIllegalArgumentException().isThrownBy(() -> generation.stop(0, 4))
        .withMessage("request 1 sample 0: numTokens is 4, must be 0 to 3");
    assertThatIllegalArgumentException().isThrownBy(() -> generation.stop(0, -1));
  }

  @Test void oneSampleStopsAndTheOthersGoOn() throws InterruptedException {
    harness.add(request(1, 5, 1).sampling(samples(4, 6)).build());
    Generation generation = harness.generations.get(1L);
    runUntil(generation, 2, 2);

    stop(generation, 2, 1);
    harness.engine.runUntilIdle();

    GenerationResult result = generation.result();
    assertThat(result.numSamples()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      assertThat(result.reason(i)).isEqualTo(i == 2 ? FinishReason.STOP : FinishReason.LENGTH);
      assertThat(result.tokens(i)).hasSize(i == 2 ? 1 : 6);
    }
    assertThat(result.isComplete()).isTrue();
    harness.assertAllEnded();
  }

  // ---- cancel

  @Test void samplesCancelledBeforeTheirPromptIsComputedAllEnd() throws InterruptedException {
    harness.add(request(1, 40, 1).sampling(samples(4, 6)).build()); // Three chunks of prompt.
    Generation generation = harness.generations.get(1L);
    harness.engine.runOnce();

    generation.cancel();
    harness.engine.runUntilIdle();

    for (int i = 0; i < 4; i++) {
      assertThat(generation.reason(i)).isEqualTo(FinishReason.ABORT);
      assertThat(generation.numTokens(i)).isZero();
    }
    assertThat(generation.result().isComplete()).isFalse();
    assertThat(generation.result().firstTokenNanos()).isEmpty();
    harness.assertAllEnded();
  }

  @Test void requestCancelledBeforeTheFirstRoundEndsUnseen() {
    Generation generation = add(3);
    generation.cancel();

    harness.engine.runOnce();

    assertThat(generation.reason(0)).isEqualTo(FinishReason.ABORT);
    assertThat(generation.result().queueNanos()).isEmpty();
    assertThat(generation.result().message()).isEqualTo("cancelled before it was queued");
    assertThat(harness.engine.stats().numFinished(FinishReason.ABORT)).isZero();
    assertThat(harness.engine.isIdle()).isTrue();
  }

  @Test void wishAfterTheEndChangesNothingAndIsKeptNowhere() throws InterruptedException {
    Generation generation = add(3);
    harness.engine.runUntilIdle();
    harness.engine.close();

    generation.cancel();
    generation.stop(0, 1);

    assertThat(generation.result().reason(0)).isEqualTo(FinishReason.LENGTH);
    assertThat(generation.numTokens(0)).isEqualTo(3);
    assertThat(generation.markSignalled()).as("not in the list of the signalled").isTrue();
  }

  @Test void wishThatMeetsTheEndIsKeptNowhere() {
    Generation generation = add(3);
    harness.engine.close();

    harness.engine.intake().signal(generation); // By one who has seen it live just before.

    assertThat(harness.engine.intake().hasNews()).isFalse();
    assertThat(harness.engine.intake().leftovers()).isEmpty();
  }

  @Test void idIsFreeAgainOnceTheEndIsSeen() throws InterruptedException {
    Generation first = add(3);
    harness.engine.runUntilIdle();

    Generation second = add(4);
    first.cancel(); // Not the second's business.
    harness.engine.runUntilIdle();

    assertThat(second.result().reason(0)).isEqualTo(FinishReason.LENGTH);
    assertThat(second.numTokens(0)).isEqualTo(4);
  }

  // ---- log-probabilities

  @Test void logprobsAreThoseOfTheResults() throws InterruptedException {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(EngineHarness.VOCABULARY_SIZE)
        .maxModelLen(64).blockSize(4).numBlocks(24).numSlots(2).maxNumRows(2).maxNumLogprobs(3)
        .build();
    List<TokenLogprobs> heard = new ArrayList<>();
    WeftEngine engine = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec))
        .listener(new SchedulerListener() {
          @Override public void onLogprobs(long requestId, int sampleIndex, int outputIndex,
              StepResult result, int row, int tokenIndex) {
            heard.add(logprobs(result, row, tokenIndex));
          }
        }).build();
    Generation generation = engine.submit(request(1, 5, 1).sampling(SamplingParameters.builder()
        .maxNewTokens(40).numLogprobs(2).build()).build()).generation();

    engine.runUntilIdle();

    assertThat(heard).hasSize(40); // More than there is room for at first, twice.
    for (int i = 0; i < 40; i++) {
      TokenLogprobs logprobs = generation.result().logprobs(0, i);
      assertThat(logprobs).usingRecursiveComparison().isEqualTo(heard.get(i));
      assertThat(logprobs).usingRecursiveComparison().isEqualTo(generation.logprobs(0, i));
    }
    engine.close();
  }

  private static TokenLogprobs logprobs(StepResult result, int row, int tokenIndex) {
    int[] tokens = new int[2];
    float[] values = new float[2];
    for (int rank = 0; rank < 2; rank++) {
      tokens[rank] = result.topToken(row, tokenIndex, rank);
      values[rank] = result.topLogprob(row, tokenIndex, rank);
    }
    return new TokenLogprobs(
        result.token(row, tokenIndex), result.logprob(row, tokenIndex), tokens, values);
  }

  @Test void logprobsThatNobodyAskedForAreNotThere() throws InterruptedException {
    Generation generation = add(3);
    harness.engine.runUntilIdle();

    assertThatIllegalStateException().isThrownBy(() -> generation.logprobs(0, 0))
        .withMessageContaining("NO_LOGPROBS");
    assertThatThrownBy(() -> generation.logprobs(0, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
