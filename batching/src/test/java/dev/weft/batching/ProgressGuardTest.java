package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.schedulerapi.TokenMask;
import dev.weft.schedulerapi.WaitingOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans worked out by hand: blocks of 4 positions, 4 running sequences, 16 tokens a step. */
final class ProgressGuardTest {
  private static final SchedulingPolicy IDLE = step -> {};

  @Test void oldestGetsARowAfterSoManyEmptySteps() {
    TestServer server = TestServer.of(new ProgressGuard(IDLE, 3), 100);
    server.add(1, 4, 2).add(2, 4, 2);

    assertThat(server.step()).isEmpty();
    assertThat(server.step()).isEmpty();
    assertThat(server.step()).isEqualTo("1:4");
    assertThat(server.step()).isEqualTo("1:1"); // The policy still gives nothing.
    assertThat(server.step()).isEqualTo("2:4");
  }

  @Test void oldestTakesBlocksFromTheNewest() {
    // Admits everybody who has nothing, and nobody else ever gets a row.
    SchedulingPolicy greedy = step -> {
      for (int i = 0; i < step.waiting().size() && step.running().size() < 3; i++) {
        step.schedule(step.waiting().get(i), 4);
      }
    };
    TestServer server = TestServer.of(new ProgressGuard(greedy, 1), 3);
    server.add(1, 8, 1).add(2, 8, 1).add(3, 8, 1);

    assertThat(server.step()).isEqualTo("1:4 2:4 3:4");
    assertThat(server.step()).isEqualTo("1:4 -3");
  }

  @Test void blockedOldestIsPassed() {
    TokenMask never = (tokens, sampleIndex, words) -> false;
    TestServer server = TestServer.of(new ProgressGuard(IDLE, 1), 100);
    server.add(TestServer.request(1, 4, 2).tokenMask(never)).add(2, 4, 2);

    assertThat(server.step()).isEqualTo("2:4");
  }

  @Test void stepInFlightIsAwaited() {
    // Gives a row to whoever has none yet.
    SchedulingPolicy once = step -> {
      for (int i = 0; i < step.waiting().size(); i++) {
        step.schedule(step.waiting().get(i), step.numPendingTokens(step.waiting().get(i)));
      }
    };
    TestServer server = TestServer.of(new ProgressGuard(once, 1), 100,
        TestServer.limits().maxInFlight(2).build());
    server.add(1, 4, 8);

    assertThat(server.plan()).isEqualTo("1:4");
    assertThat(server.plan()).isEmpty();
    server.complete();
    assertThat(server.plan()).isEqualTo("1:1");
  }

  @Test void policyThatThrowsIsCountedAsEmpty() {
    SchedulingPolicy broken = step -> {
      throw new IllegalStateException("broken");
    };
    TestServer server = TestServer.of(new ProgressGuard(broken, 2), 100);
    server.add(1, 4, 2);

    assertThatThrownBy(server::step).hasRootCauseMessage("broken");
    assertThat(server.scheduler().running().size()).isZero();
    assertThatThrownBy(server::step).hasRootCauseMessage("broken");
    assertThat(server.scheduler().running().size()).isOne();
  }

  @Test void policyThatWorksIsLeftAlone() {
    TestServer server =
        TestServer.of(new ProgressGuard(ContinuousBatchingPolicy.fcfs(), 1), 100);
    server.add(1, 10, 3).add(2, 10, 3);

    assertThat(server.step()).isEqualTo("1:10 2:6");
    assertThat(server.step()).isEqualTo("1:1 2:4");
  }

  @Test void everythingElseIsPassedOn() {
    List<String> calls = new ArrayList<>();
    WaitingOrder newestFirst = (entering, waiting) -> true;
    SchedulingPolicy recorder = new SchedulingPolicy() {
      @Override public void plan(StepBuilder step) {}

      @Override public WaitingOrder waitingOrder() {
        return newestFirst;
      }

      @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
        return sequence.requestId() != 2;
      }

      @Override public void onAdd(SequenceView sequence) {
        calls.add("add " + sequence.requestId());
      }

      @Override public void onStep(StepFeedback feedback) {
        calls.add("step " + feedback.numRows());
      }

      @Override public void onFinish(SequenceView sequence, FinishReason reason) {
        calls.add("finish " + sequence.requestId());
      }
    };
    ProgressGuard guard = new ProgressGuard(recorder, 1);
    TestServer server = TestServer.of(guard, 100);
    server.add(1, 4, 1);

    assertThatThrownBy(() -> server.add(2, 4, 1)).hasMessageContaining("policy");
    server.step();
    assertThat(calls).containsExactly("add 1", "step 1", "finish 1");
    assertThat(guard.waitingOrder()).isSameAs(newestFirst);
  }
}
