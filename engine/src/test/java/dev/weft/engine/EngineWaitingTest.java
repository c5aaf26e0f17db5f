package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.TokenMask;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What an engine does when nothing can run. */
final class EngineWaitingTest {
  private final StubbornExecutor executor = new StubbornExecutor(spec(2));
  private final EngineHarness harness = new EngineHarness(executor);

  @Test void onlyBlockedRequestsLetItReturn() throws InterruptedException {
    harness.add(request(1, 5, 5).blockedBy(BlockReason.HOST).build());
    harness.add(request(2, 5, 5).build());

    harness.engine.runUntilIdle();

    assertThat(harness.engine.isIdle()).isFalse();
    assertThat(harness.reasons).containsOnlyKeys(2L);
    harness.engine.scheduler().unblock(1);
    harness.engine.runUntilIdle();
    assertThat(harness.reasons).containsEntry(1L, FinishReason.LENGTH);
    harness.assertAllEnded();
  }

  @Test void blockedRequestExpiresAtTheNextCall() throws InterruptedException {
    harness.add(request(1, 5, 5).blockedBy(BlockReason.HOST).deadlineNanos(2_000).build());
    harness.engine.runUntilIdle();
    assertThat(harness.reasons).isEmpty();

    harness.nowNanos = 2_000;
    harness.engine.runUntilIdle();

    assertThat(harness.reasons).containsEntry(1L, FinishReason.DEADLINE);
    harness.assertAllEnded();
  }

  @ParameterizedTest @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void pausedEngineReturnsWhenNothingIsInFlight(PauseMode mode) throws InterruptedException {
    harness.addMany(8);
    harness.engine.runOnce();
    harness.engine.scheduler().pause(mode);

    harness.engine.runUntilIdle();

    assertThat(harness.engine.isIdle()).isFalse();
    assertThat(harness.engine.stats().numInFlight()).isZero();
    assertThat(harness.engine.stats().numRunning() == 0).isEqualTo(mode == PauseMode.NEW);
    harness.engine.scheduler().resume();
    harness.engine.runUntilIdle();
    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(8);
    harness.assertAllEnded();
  }

  @Test void maskThatIsNotReadyIsAskedAgainWithoutSpinning() throws InterruptedException {
    LateMask mask = new LateMask();
    harness.add(request(1, 5, 1).tokenMask(mask).build());

    harness.engine.runUntilIdle();

    assertThat(harness.reasons).containsEntry(1L, FinishReason.LENGTH);
    int numCallsOfOracle = 1;
    assertThat(mask.numCalls).isEqualTo(LateMask.NUM_REFUSALS + 1 + numCallsOfOracle);
    assertThat(executor.numAwaits).as("awaits, of the one step").isEqualTo(1);
    harness.assertAllEnded();
  }

  /** Permits everything, after a while. */
  private static final class LateMask implements TokenMask {
    private static final int NUM_REFUSALS = 5;
    private int numCalls;

    @Override public boolean fill(TokenSequence tokens, int sampleIndex, long[] words) {
      numCalls++;
      Arrays.fill(words, -1);
      return numCalls > NUM_REFUSALS;
    }
  }
}
