package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.weft.engine.Submission.Status;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.LiveCaps;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.testkit.FirstComePolicy;
import dev.weft.testkit.HashModelExecutor;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What submitters are answered, and what becomes of those that were accepted and find no room. */
final class SubmissionTest {
  private static final int MAX_NUM_WAITING = 4;
  private final EngineHarness harness = new EngineHarness(builder());
  private final WeftEngine engine = harness.engine;

  private static WeftEngineBuilder builder() {
    return WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(1)))
        .limits(WeftEngineBuilder.limitsFor(spec(1)).maxNumWaiting(MAX_NUM_WAITING).build());
  }

  private static Request plain(long id) {
    return request(id, 5, 8).build();
  }

  private static Request withSamples(long id, int numSamples) {
    return request(id, 5, 8).sampling(SamplingParameters.builder().maxNewTokens(8).temperature(1)
        .numSamples(numSamples).build()).build();
  }

  private void addWaiting(int numRequests) {
    for (int id = 1; id <= numRequests; id++) {
      harness.add(plain(id));
    }
  }

  private void pause() {
    engine.control(scheduler -> {
      scheduler.pause(PauseMode.NEW);
      return null;
    });
    engine.runOnce();
  }

  /** Lowers the cap right after the requests were accepted, before they are taken in. */
  private void addAndLowerCap(int maxNumWaiting, Request... requests) {
    engine.control(scheduler -> {
      for (Request request : requests) {
        harness.add(request);
      }
      scheduler.setCaps(new LiveCaps(4, 16, maxNumWaiting));
      return null;
    });
  }

  private void assertFull(Request request) {
    Submission full = engine.submit(request);
    assertThat(full.status()).isEqualTo(Status.FULL);
    assertThat(full.refusal()).isEqualTo(Refusal.FULL);
    assertThat(full.isAccepted()).isFalse();
    assertThat(full.retryAfter()).isPositive();
    assertThatIllegalStateException().isThrownBy(full::generation).withMessage(full.toString());
  }

  // ---- the bound

  @Test void soManyMayWaitAndNotOneMore() throws InterruptedException {
    addWaiting(MAX_NUM_WAITING);

    assertFull(plain(5));
    assertThat(engine.submit(plain(5)).message()).isEqualTo(
        "request 5: 4 sequences wait and it brings 1, at most 4 may wait");
    assertThat(engine.numLiveRequests()).isEqualTo(4);
    engine.runOnce(); // 3 are admitted, for whose prompts a step has room.
    assertThat(engine.stats().numWaiting()).isEqualTo(0);
    harness.add(plain(5));

    engine.runUntilIdle();
    harness.assertAllEnded();
  }

  @Test void samplesThatHaveNotBegunCount() throws InterruptedException {
    pause();
    harness.add(withSamples(1, 3));
    assertFull(withSamples(2, 2));
    engine.runOnce(); // In the scheduler now; two of the samples have not begun.

    assertFull(withSamples(2, 2));
    harness.add(plain(2));
    assertFull(plain(3));

    engine.control(scheduler -> {
      scheduler.resume();
      return null;
    });
    engine.runUntilIdle();
    harness.assertAllEnded();
  }

  @Test void preemptedSequencesCount() throws InterruptedException {
    addWaiting(3);
    engine.runOnce();
    assertThat(engine.stats().numRunning()).isEqualTo(3);
    engine.control(scheduler -> {
      scheduler.pause(PauseMode.NEW);
      return scheduler.resetPrefixCache(true, harness.nowNanos);
    });
    engine.runOnce();

    harness.add(plain(4));
    assertFull(plain(5));

    engine.control(scheduler -> {
      scheduler.resume();
      return null;
    });
    engine.runUntilIdle();
    harness.assertAllEnded();
  }

  @Test void refusalsLeaveNoTrace() throws InterruptedException {
    harness.add(plain(1));
    for (int i = 0; i < 100; i++) {
      assertThat(engine.submit(plain(1)).refusal()).isEqualTo(Refusal.DUPLICATE_ID);
      assertThat(engine.submit(request(2, 64, 1).build()).status()).isEqualTo(Status.INVALID);
      assertFull(withSamples(2, 4));
    }
    assertThat(engine.numLiveRequests()).isEqualTo(1);
    engine.runUntilIdle();

    addWaiting(MAX_NUM_WAITING);
    engine.runUntilIdle();
    harness.assertAllEnded();
  }

  // ---- tenants

  @Test void everyTenantHasItsBound() throws InterruptedException {
    EngineHarness perTenant = new EngineHarness(builder().maxNumWaitingPerTenant(1));
    Request.Builder second = request(2, 5, 8).tenant("a");
    perTenant.add(request(1, 5, 8).tenant("a").build());

    Submission full = perTenant.engine.submit(second.build());
    assertThat(full.status()).isEqualTo(Status.FULL);
    assertThat(full.message())
        .isEqualTo("request 2: 1 requests of tenant \"a\" wait, no more may");
    perTenant.add(request(3, 5, 8).tenant("b").build());
    perTenant.engine.runOnce(); // Both are admitted, so none waits.
    perTenant.add(second.build());

    perTenant.engine.runUntilIdle();
    perTenant.assertAllEnded();
  }

  @Test void placeOfATenantComesBackHoweverItsRequestEnds() throws InterruptedException {
    EngineHarness perTenant = new EngineHarness(builder().maxNumWaitingPerTenant(1));
    for (int i = 0; i < 3; i++) {
      perTenant.add(request(1, 5, 8).tenant("a").deadlineNanos(perTenant.nowNanos + 10).build());
      assertThat(perTenant.engine.submit(request(1, 5, 8).tenant("b").build()).refusal())
          .isEqualTo(Refusal.DUPLICATE_ID);
      if (i == 0) {
        perTenant.generations.get(1L).cancel();
      } else if (i == 1) {
        perTenant.nowNanos += 10;
      }
      perTenant.engine.runUntilIdle();
    }
    perTenant.add(request(2, 5, 8).tenant("b").build());
    perTenant.engine.runUntilIdle();
    perTenant.assertAllEnded();
  }

  // ---- deadlines

  @Test void expiredRequestIsRefusedAtOnce() {
    Submission expired = engine.submit(request(1, 5, 8).deadlineNanos(1_000).build());

    assertThat(expired.status()).isEqualTo(Status.INVALID);
    assertThat(expired.refusal()).isEqualTo(Refusal.EXPIRED);
    assertThat(expired.message()).isEqualTo("request 1: deadlineNanos is 1000, now is 1000");
  }

  @Test void requestExpiresInTheQueue() {
    harness.add(request(1, 5, 8).deadlineNanos(1_001).build());
    harness.nowNanos = 1_001;

    engine.runOnce();

    assertThat(harness.generations.get(1L).reason(0)).isEqualTo(FinishReason.DEADLINE);
    assertThat(engine.isIdle()).isTrue();
  }

  // ---- no room for what was accepted

  /** Requests 2 and 3 are accepted, then the cap is lowered: the scheduler has room for 1 only. */
  private void holdBackTwo() {
    pause();
    addAndLowerCap(1, plain(1), plain(2), request(3, 5, 8).deadlineNanos(2_000).build());
    engine.runOnce();
    assertThat(engine.stats().numWaiting()).isEqualTo(1);
    assertThat(engine.numLiveRequests()).isEqualTo(3);
  }

  @Test void whoIsCancelledBehindOneHeldBackEndsInTheNextRound() {
    holdBackTwo();

    harness.generations.get(3L).cancel();
    engine.runOnce();

    assertThat(harness.generations.get(3L).reason(0)).isEqualTo(FinishReason.ABORT);
    assertThat(engine.numLiveRequests()).isEqualTo(2);
  }

  @Test void whoExpiresBehindOneHeldBackEndsInTheNextRound() {
    holdBackTwo();

    harness.nowNanos = 2_000;
    engine.runOnce();

    assertThat(harness.generations.get(3L).reason(0)).isEqualTo(FinishReason.DEADLINE);
    assertThat(engine.numLiveRequests()).isEqualTo(2);
  }

  @Test void whoIsHeldBackRunsWhenThereIsRoom() throws InterruptedException {
    holdBackTwo();
    engine.runUntilIdle(); // Returns, because of the pause.
    assertThat(engine.numLiveRequests()).isEqualTo(3);

    engine.control(scheduler -> {
      scheduler.resume();
      return null;
    });
    engine.runUntilIdle();

    assertThat(harness.oracle.numFinished(FinishReason.LENGTH)).isEqualTo(3);
    harness.assertAllEnded();
  }

  @Test void samplesForWhichThereWillBeNoRoomAreRefused() throws InterruptedException {
    addAndLowerCap(2, withSamples(1, 3));
    engine.runOnce();

    Generation generation = harness.generations.get(1L);
    assertThat(generation.reason(0)).isEqualTo(FinishReason.REFUSED);
    assertThat(generation.result().message())
        .isEqualTo("request 1: 0 sequences wait and it brings 3, at most 2 may wait");
    harness.add(plain(2));
    engine.runUntilIdle();
    harness.assertAllEnded();
  }

  @Test void requestThatThePolicyDoesNotAcceptIsRefusedWithItsReason() {
    EngineHarness choosy = new EngineHarness(builder().policy(new SchedulingPolicy() {
      @Override public void plan(StepBuilder step) {
        new FirstComePolicy().plan(step);
      }

      @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
        return sequence.requestId() != 1;
      }
    }));
    choosy.add(plain(1)).add(plain(2));
    choosy.engine.runOnce();

    assertThat(choosy.generations.get(1L).reason(0)).isEqualTo(FinishReason.REFUSED);
    assertThat(choosy.generations.get(1L).result().message())
        .isEqualTo("request 1: the policy does not accept it");
    assertThat(choosy.generations.get(2L).reason(0)).isNull();
  }

  // ---- hints and closed doors

  @Test void hintIsTheTimeBetweenTwoEnds() throws InterruptedException {
    addWaiting(MAX_NUM_WAITING);
    assertThat(engine.submit(plain(9)).retryAfter()).isEqualTo(Duration.ofSeconds(1));
    engine.runUntilIdle();
    for (int i = 0; i < 20; i++) {
      harness.nowNanos += 5_000_000;
      harness.add(plain(10 + i));
      engine.runUntilIdle();
    }
    addWaiting(MAX_NUM_WAITING);

    assertThat(engine.submit(plain(9)).retryAfter())
        .isBetween(Duration.ofMillis(4), Duration.ofMillis(6));
  }

  @Test void whoComesTooLateIsToldWhy() {
    engine.drain(Duration.ofSeconds(1));

    Submission late = engine.submit(plain(1));

    assertThat(late.status()).isEqualTo(Status.CLOSED);
    assertThat(late.refusal()).isEqualTo(Refusal.SHUT_DOWN);
    assertThat(late.message()).isEqualTo("request 1: the engine drains");
    assertThat(late.retryAfter()).isZero();
    assertThat(late).hasToString("CLOSED: request 1: the engine drains");
  }

  @Test void idsAreNeverHandedOutTwice() {
    assertThat(engine.nextRequestId()).isEqualTo(1);
    assertThat(engine.nextRequestId()).isEqualTo(2);
  }
}
