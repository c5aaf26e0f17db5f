package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.weft.batching.VllmPolicy;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.testkit.HashModelExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Defaults and mismatches of an engine's parts. */
final class WeftEngineBuilderTest {
  private static WeftEngineBuilder builder(int maxInFlight) {
    return WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(maxInFlight)));
  }

  @Test void defaultLimitsUseAllOfTheExecutor() {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(97).maxModelLen(64).numSlots(128)
        .maxNumRows(64).maxNumBatchedTokens(256).maxInFlight(2).maxNumDraftTokens(3).build();

    SchedulerLimits limits = WeftEngineBuilder.limitsFor(spec).build();

    assertThat(limits).isEqualTo(SchedulerLimits.builder().vocabularySize(97).maxModelLen(64)
        .maxNumSeqs(64).maxNumWaiting(4096).maxNumBatchedTokens(256).maxInFlight(2)
        .maxNumDraftTokens(3).build());
  }

  @Test void defaultLimitsLeaveHalfOfTheSlotsToRestWhenStepsOverlap() {
    ExecutorSpec.Builder spec = ExecutorSpec.builder().numSlots(64).maxNumRows(64);

    assertThat(WeftEngineBuilder.limitsFor(spec.maxInFlight(1).build()).build().maxNumSeqs())
        .isEqualTo(64);
    assertThat(WeftEngineBuilder.limitsFor(spec.maxInFlight(2).build()).build().maxNumSeqs())
        .isEqualTo(32);
    assertThat(WeftEngineBuilder.limitsFor(spec.numSlots(1).maxNumRows(1).build()).build()
        .maxNumSeqs()).isEqualTo(1);
  }

  @Test void engineRunsOnOneSlot() throws InterruptedException {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(97).maxModelLen(64).blockSize(4)
        .numSlots(1).maxNumRows(1).maxInFlight(4).build();
    EngineHarness harness = new EngineHarness(new StubbornExecutor(spec)).addMany(5);

    harness.engine.runUntilIdle();

    harness.assertAllEnded();
  }

  @Test void mismatchesAreNamed() {
    assertMismatch("maxNumSeqs is 5, must be at most maxNumRows", limits -> limits.maxNumSeqs(5));
    assertMismatch("maxNumBatchedTokens is 17,", limits -> limits.maxNumBatchedTokens(17));
    assertMismatch("maxModelLen is 65,", limits -> limits.maxModelLen(65));
    assertMismatch("maxInFlight is 2,", limits -> limits.maxInFlight(2));
    assertMismatch("vocabularySize is 98,", limits -> limits.vocabularySize(98));
    assertMismatch("maxNumDraftTokens is 1,", limits -> limits.maxNumDraftTokens(1));
  }

  private static void assertMismatch(
      String message, UnaryOperator<SchedulerLimits.Builder> change) {
    WeftEngineBuilder builder =
        builder(1).limits(change.apply(WeftEngineBuilder.limitsFor(spec(1))).build());
    assertThatIllegalArgumentException().isThrownBy(builder::build)
        .withMessageStartingWith(message);
  }

  @Test void nullPartsAreNamed() {
    assertThatNullPointerException().isThrownBy(() -> WeftEngine.builder(null))
        .withMessage("executor");
    assertThatNullPointerException().isThrownBy(() -> builder(1).policy(null))
        .withMessage("policy");
    assertThatNullPointerException().isThrownBy(() -> builder(1).clock(null)).withMessage("clock");
  }

  @Test void prefixesAreSharedUnlessToldOtherwise() throws InterruptedException {
    assertThat(numCachedOfSecond(builder(1))).isEqualTo(8);
    assertThat(numCachedOfSecond(builder(1).withoutPrefixCache())).isZero();
  }

  @Test void aProfileBringsPolicyAndCache() throws InterruptedException {
    EngineProfile vllm = EngineProfile.vllm(VllmPolicy.fcfs());
    Request never = Request.builder(1, new int[40]).sampling(SamplingParameters.greedy(20)).build();
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(97).maxModelLen(64).blockSize(4)
        .numBlocks(13).build();

    assertThat(numCachedOfSecond(builder(1).profile(vllm))).isEqualTo(8);
    assertThat(vllm.policy()).isSameAs(vllm.policy()).isInstanceOf(VllmPolicy.class);
    assertThat(isTaken(spec, EngineProfile.standard(), never)).isFalse();
    assertThat(isTaken(spec, vllm, never)).isTrue();
  }

  private static boolean isTaken(ExecutorSpec spec, EngineProfile profile, Request request) {
    try (WeftEngine engine = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec))
        .profile(profile).build()) {
      return engine.submit(request).status() == Submission.Status.ACCEPTED;
    }
  }

  private static int numCachedOfSecond(WeftEngineBuilder builder) throws InterruptedException {
    EngineHarness harness = new EngineHarness(builder);
    int[] prompt = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    for (int id = 1; id <= 2; id++) {
      harness.add(Request.builder(id, prompt).build());
      harness.engine.runUntilIdle();
    }
    harness.assertAllEnded();
    return harness.numCachedTokens.get(2L);
  }

  @Test void seedsFollowFromTheSeedOfTheEngine() {
    assertThat(seedsOf(builder(1).seed(7))).isEqualTo(seedsOf(builder(1).seed(7)))
        .isNotEqualTo(seedsOf(builder(1).seed(8)));
    assertThat(seedsOf(builder(1).seed(0))).isEqualTo(seedsOf(builder(1)));
  }

  private static List<Long> seedsOf(WeftEngineBuilder builder) {
    List<Long> seeds = new ArrayList<>();
    WeftEngine engine = builder.listener(new SchedulerListener() {
      @Override public void onAdd(Request request, long seed, long nowNanos) {
        seeds.add(seed);
      }
    }).build();
    for (int id = 1; id <= 3; id++) {
      engine.submit(request(id, 3, 3).sampling(SamplingParameters.builder().temperature(1).build())
          .build());
    }
    engine.runOnce();
    return seeds;
  }
}
