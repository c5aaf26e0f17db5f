package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class SchedulerBuilderTest {
  private static SchedulerLimits.Builder limits() {
    return SchedulerLimits.builder().maxNumSeqs(8).maxNumBatchedTokens(64).maxModelLen(128)
        .maxInFlight(2).maxNumDraftTokens(3).vocabularySize(500);
  }

  private static ExecutorSpec.Builder spec() {
    return ExecutorSpec.builder().maxNumRows(8).maxNumBatchedTokens(64).maxModelLen(128)
        .maxInFlight(2).maxNumDraftTokens(3).vocabularySize(500).blockSize(4).numBlocks(21);
  }

  private static Scheduler build(SchedulerLimits.Builder limits, ExecutorSpec.Builder spec,
      int numBlocks) {
    return Scheduler.builder(
        limits.build(), spec.build(), TestKvCache.withPrefixes(numBlocks, 4)).build();
  }

  static Stream<Arguments> mismatches() {
    return Stream.of(
        mismatch("maxNumSeqs is 8, must be at most maxNumRows of the executor, 7",
            spec -> spec.maxNumRows(7)),
        mismatch("maxNumBatchedTokens is 64, must be at most that of the executor, 63",
            spec -> spec.maxNumBatchedTokens(63)),
        mismatch("maxModelLen is 128, must be at most that of the executor, 127",
            spec -> spec.maxModelLen(127)),
        mismatch("maxInFlight is 2, must be at most that of the executor, 1",
            spec -> spec.maxInFlight(1)),
        mismatch("maxNumDraftTokens is 3, must be at most that of the executor, 2",
            spec -> spec.maxNumDraftTokens(2)),
        mismatch("vocabularySize is 500, must be at most that of the executor, 499",
            spec -> spec.vocabularySize(499)),
        mismatch("numBlocks of the cache, null block included, is 21, must be at most that of the "
            + "executor, 20", spec -> spec.numBlocks(20)),
        mismatch("blockSize of the cache is 4, that of the executor 8", spec -> spec.blockSize(8)));
  }

  private static Arguments mismatch(String message, Consumer<ExecutorSpec.Builder> change) {
    return Arguments.of(message, change);
  }

  @ParameterizedTest @MethodSource("mismatches")
  void partsThatDoNotFitAreNamed(String message, Consumer<ExecutorSpec.Builder> change) {
    ExecutorSpec.Builder spec = spec();
    change.accept(spec);

    assertThatIllegalArgumentException().isThrownBy(() -> build(limits(), spec, 20))
        .withMessage(message);
  }

  @Test void partsThatJustFitAreTaken() {
    assertThat(build(limits(), spec(), 20).limits()).isEqualTo(limits().build());
  }

  @Test void executorThatIsLargerIsTaken() {
    ExecutorSpec.Builder larger = ExecutorSpec.builder().blockSize(4).maxNumDraftTokens(9)
        .maxInFlight(4);

    assertThat(build(limits(), larger, 20).isIdle()).isTrue();
  }

  @Test void byDefaultTheMoreUrgentGoFirstAndNobodyIsTold() {
    Scheduler scheduler = build(limits(), spec(), 20);
    scheduler.add(Request.builder(1, 5, 6, 7).priority(3).build(), 0);
    scheduler.add(Request.builder(2, 5, 6, 8).priority(1).build(), 0);

    assertThat(PlanText.rows(scheduler.plan(0))).isEqualTo("2/0@0+3 1/0@0+3");
  }

  @Test void nullsAreRefusedByName() {
    SchedulerLimits limits = limits().build();
    ExecutorSpec spec = spec().build();
    TestKvCache cache = TestKvCache.withPrefixes(20, 4);
    SchedulerBuilder builder = Scheduler.builder(limits, spec, cache);

    assertThatNullPointerException().isThrownBy(() -> Scheduler.builder(null, spec, cache))
        .withMessage("limits");
    assertThatNullPointerException().isThrownBy(() -> Scheduler.builder(limits, null, cache))
        .withMessage("spec");
    assertThatNullPointerException().isThrownBy(() -> Scheduler.builder(limits, spec, null))
        .withMessage("kvCache");
    assertThatNullPointerException().isThrownBy(() -> builder.policy(null)).withMessage("policy");
    assertThatNullPointerException().isThrownBy(() -> builder.listener(null))
        .withMessage("listener");
  }

  @Test void policyWithoutAnOrderIsRefused() {
    TestPolicy policy = new TestPolicy();
    policy.order = null;

    assertThatNullPointerException().isThrownBy(() -> Scheduler.builder(limits().build(),
            spec().build(), TestKvCache.withPrefixes(20, 4)).policy(policy).build())
        .withMessage("waitingOrder");
  }
}
