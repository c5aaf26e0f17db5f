package dev.weft.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.HashModelExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A consumer that found a stop string says how much is the answer, and goes away. */
final class StopTest {
  private final WeftEngine engine =
      WeftEngine.builder(HashModelExecutor.completingAtOnce(EngineHarness.spec(1))).build();
  private final Generation generation = engine.submit(Request.builder(1, 5, 6, 7).sampling(
      SamplingParameters.builder().maxNewTokens(40).numSamples(2).build()).build()).generation();

  @AfterEach void close() {
    engine.close();
  }

  @Test void anIteratorThatIsClosedAfterAStopCancelsNothing() throws InterruptedException {
    try (TokenIterator tokens = generation.tokens(0)) {
      runSteps(4);
      tokens.nextInt();
      tokens.nextInt();
      generation.stop(0, 2);
    }

    engine.runUntilIdle();

    GenerationResult result = generation.await();
    assertThat(result.reason(0)).isEqualTo(FinishReason.STOP);
    assertThat(result.numTokens(0)).isEqualTo(2);
    assertThat(result.reason(1)).isEqualTo(FinishReason.LENGTH);
    assertThat(result.numTokens(1)).isEqualTo(40);
  }

  @Test void cancellingEndsOnlyTheSamplesThatNobodyStopped() throws InterruptedException {
    runSteps(4);
    generation.stop(0, 1);
    generation.cancel();

    engine.runUntilIdle();

    GenerationResult result = generation.await();
    assertThat(result.reason(0)).isEqualTo(FinishReason.STOP);
    assertThat(result.reason(1)).isEqualTo(FinishReason.ABORT);
    assertThat(result.isComplete()).isFalse();
  }

  @Test void anIteratorThatIsClosedEarlyCancels() throws InterruptedException {
    runSteps(4);
    generation.tokens(0).close();

    engine.runUntilIdle();

    assertThat(generation.await().reason(0)).isEqualTo(FinishReason.ABORT);
    assertThat(generation.await().reason(1)).isEqualTo(FinishReason.ABORT);
  }

  private void runSteps(int numSteps) throws InterruptedException {
    for (int i = 0; i < numSteps; i++) {
      assertThat(engine.runStep()).isTrue();
    }
  }
}
