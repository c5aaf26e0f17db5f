package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a cached prefix is worth to executors that keep KV entries in different ways. */
class KvKindTest {
  @Test
  void blockTablesReadWhatAnotherSequenceComputed() {
    assertThat(startOfSecondTwin(KvKind.BLOCK_TABLE)).isEqualTo(8);
  }

  @ParameterizedTest
  @EnumSource(names = {"FIXED_SLOT", "OPAQUE_PER_SEQUENCE"})
  void otherKindsComputeEveryTokenThemselves(KvKind kind) {
    assertThat(startOfSecondTwin(kind)).isZero();
  }

  /** Two requests with the same prompt of 10 tokens, one after the other. */
  private static int startOfSecondTwin(KvKind kind) {
    ExecutorSpec spec = ExecutorSpec.builder().blockSize(4).numBlocks(20).kvKind(kind)
        .supportsBlockCopies(kind == KvKind.BLOCK_TABLE).build();
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(2).maxNumBatchedTokens(32)
        .maxModelLen(64).vocabularySize(spec.vocabularySize()).build();
    Scheduler scheduler =
        Scheduler.builder(limits, spec, TestKvCache.withPrefixes(19, 4)).build();
    StepResult result = StepResult.of(limits);
    int start = -1;
    for (int id = 1; id <= 2; id++) {
      int[] prompt = SchedulerHarness.prompt(1, 10);
      scheduler.add(Request.builder(id, prompt).sampling(
          SamplingParameters.greedy(1)).build(), 0);
      StepPlan plan = scheduler.plan(0);
      start = plan.startPosition(0);
      result.reset(plan.stepId(), 1);
      result.addToken(0, 7);
      scheduler.update(result, 0);
    }
    return start;
  }
}
