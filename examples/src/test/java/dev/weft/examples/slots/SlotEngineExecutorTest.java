package dev.weft.examples.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.Generation;
import dev.weft.engine.Health;
import dev.weft.engine.WeftEngine;
import dev.weft.schedulerapi.ExecutorState;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.testkit.PlanWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The slot engine behind the scheduler: what it says there, and what its failures become. */
class SlotEngineExecutorTest {
  private static final int NUM_SLOTS = 3;
  private static final int MAX_TOKENS = 64;
  private static final int NUM_OUTPUT = 12;

  @Test void requestsGetWhatTheEngineSaysAlone() throws InterruptedException {
    SlotEngine alone = new SlotEngine(1, MAX_TOKENS);
    try (WeftEngine engine = engineOver(new SlotEngine(NUM_SLOTS, MAX_TOKENS))) {
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        generations.add(submit(engine, prompt(i)));
      }
      engine.runUntilIdle();

      for (int i = 0; i < generations.size(); i++) {
        assertThat(generations.get(i).await().tokens(0)).isEqualTo(greedy(alone, prompt(i)));
      }
    }
  }

  @Test void logitsThatAreNoNumbersEndTheirSequenceAlone() throws InterruptedException {
    int poison = 'q';
    SlotEngine slots = new SlotEngine(NUM_SLOTS, MAX_TOKENS) {
      @Override float[] prefill(int slot, int[] piece) {
        float[] logits = super.prefill(slot, piece);
        logits[5] = piece[piece.length - 1] == poison ? Float.NaN : logits[5];
        return logits;
      }
    };
    try (WeftEngine engine = engineOver(slots)) {
      Generation bad = submit(engine, 'a', 'b', poison);
      Generation good = submit(engine, prompt(0));
      engine.runUntilIdle();

      assertThat(bad.await().reason(0)).isEqualTo(FinishReason.ERROR);
      assertThat(good.await().reason(0)).isEqualTo(FinishReason.LENGTH);
      assertThat(good.await().tokens(0))
          .isEqualTo(greedy(new SlotEngine(1, MAX_TOKENS), prompt(0)));
    }
  }

  @Test void anExceptionEndsTheRequestsOfItsStepAndTheEngineGoesOn() throws InterruptedException {
    try (WeftEngine engine = engineOver(throwing(new IllegalStateException("out of paper")))) {
      Generation bad = submit(engine, 'a', 'b', 'q');
      engine.runUntilIdle();
      Generation good = submit(engine, prompt(0));
      engine.runUntilIdle();

      assertThat(bad.await().reason(0)).isEqualTo(FinishReason.ERROR);
      assertThat(good.await().tokens(0))
          .isEqualTo(greedy(new SlotEngine(1, MAX_TOKENS), prompt(0)));
    }
  }

  @Test void anErrorKillsTheExecutor() throws InterruptedException {
    try (WeftEngine engine = engineOver(throwing(new AssertionError("on fire")))) {
      Generation bad = submit(engine, 'a', 'b', 'q');
      engine.runUntilIdle();

      assertThat(bad.await().reason(0)).isEqualTo(FinishReason.ERROR);
      assertThat(engine.health().state()).isEqualTo(Health.State.FAILED);
      assertThat(engine.health().message()).contains("died in step 1").contains("on fire");
    }
  }

  /** Whoever waits for a step must not wait for ever when there will be none. */
  @Test @Timeout(60) void dyingWakesWhoeverWaits() throws InterruptedException {
    StepExecutor executor =
        new SlotEngineExecutor(throwing(new AssertionError("on fire")), NUM_SLOTS, MAX_TOKENS);
    Request request = Request.builder(1, 'a', 'b', 'q').build();
    executor.submit(new PlanWriter().attach(0, request, 0).sampledRow(0, 0, 'a', 'b', 'q').write());

    assertThat(executor.await(Long.MAX_VALUE / 2)).isFalse();
    assertThat(executor.state()).isEqualTo(ExecutorState.DEAD);
    assertThat(executor.lastGoodStepId()).isZero();
    executor.close();
    assertThat(executor.state()).isEqualTo(ExecutorState.CLOSED);
  }

  private static SlotEngine throwing(Throwable failure) {
    return new SlotEngine(NUM_SLOTS, MAX_TOKENS) {
      @Override float[] prefill(int slot, int[] piece) {
        if (piece[piece.length - 1] == 'q') {
          if (failure instanceof Error error) {
            throw error;
          }
          throw (RuntimeException) failure;
        }
        return super.prefill(slot, piece);
      }
    };
  }

  private static WeftEngine engineOver(SlotEngine slots) {
    return WeftEngine.builder(new SlotEngineExecutor(slots, NUM_SLOTS, MAX_TOKENS)).build();
  }

  private static Generation submit(WeftEngine engine, int... prompt) {
    return engine.submit(Request.builder(engine.nextRequestId(), prompt)
        .sampling(SamplingParameters.greedy(NUM_OUTPUT)).build()).generation();
  }

  private static int[] prompt(int index) {
    int[] prompt = new int[2 + 5 * index % 37];
    Arrays.setAll(prompt, i -> 'a' + (i * (index + 3) + index) % 16);
    return prompt;
  }

  private static int[] greedy(SlotEngine engine, int[] prompt) {
    engine.truncate(0, 0);
    int[] output = new int[NUM_OUTPUT];
    float[] logits = engine.prefill(0, prompt);
    for (int i = 0; i < NUM_OUTPUT; i++) {
      output[i] = largest(logits);
      logits = engine.decode(new int[] {0}, new int[] {output[i]})[0];
    }
    return output;
  }

  private static int largest(float[] logits) {
    int largest = 0;
    for (int token = 1; token < logits.length; token++) {
      largest = logits[token] > logits[largest] ? token : largest;
    }
    return largest;
  }
}
