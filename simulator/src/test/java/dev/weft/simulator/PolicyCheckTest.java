package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.engine.timeline.Timeline;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceList;
import dev.weft.schedulerapi.SequenceStatus;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepPlan;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link PolicyCheck} says of policies that are good or bad in a known way. */
final class PolicyCheckTest {
  private static final int NUM_SEEDS = 40;

  @Test void goodPolicyIsSafeAndLiveAndNeverIdle() {
    PolicyReport report = PolicyCheck.run(ContinuousBatchingPolicy::fcfs, NUM_SEEDS).orThrow();

    System.out.println(report);
    assertThat(report.numIdleSteps()).isZero();
    assertThat(report.firstToken().getTotalCount()).isGreaterThan(100);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE,
      names = {"RANDOM", "GUARDED_RANDOM", "VLLM_FCFS", "VLLM_PRIORITIES"})
  void everyPolicyThatPromisesProgressPasses(PolicyCase policy) {
    PolicyReport report = PolicyCheck.run(() -> policy.newPolicy(5), 10).orThrow();

    assertThat(report.isLive()).isTrue();
    assertThat(report.firstToken().getTotalCount()).isPositive();
  }

  @Test void policyThatNeverSchedulesIsSafeAndNotLive() {
    PolicyReport report = PolicyCheck.run(step -> {}, NUM_SEEDS);

    assertThat(report.isSafe()).isTrue();
    assertThat(report.isLive()).isFalse();
    assertThat(report.numIdleSteps()).isPositive();
    assertThatThrownBy(report::orThrow).hasMessageContaining("NOT live");
  }

  @Test void policyThatThrowsIsSafe() {
    SchedulingPolicy throwing = step -> {
      throw new UnsupportedOperationException("later");
    };

    PolicyReport report = PolicyCheck.run(throwing, NUM_SEEDS);

    assertThat(report.isSafe()).isTrue();
    assertThat(report.numPolicyFailures()).isPositive();
    assertThat(report.toString()).contains("UnsupportedOperationException: later");
  }

  @Test void policyThatPreemptsEverybodyIsSafeAndNotLive() {
    SchedulingPolicy fickle = step -> {
      scheduleAll(step, step.waiting());
      preemptAll(step, step.running());
    };

    PolicyReport report = PolicyCheck.run(fickle, 3);

    assertThat(report.isSafe()).isTrue();
    assertThat(report.isLive()).isFalse();
  }

  @Test void aReplayedRunIsTheSameAndToldToTheListener() {
    long[] numPlans = new long[1];
    SchedulerListener counting = new SchedulerListener() {
      @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
        numPlans[0]++;
      }
    };

    RunReport first =
        PolicyCheck.replay(ContinuousBatchingPolicy.fcfs(), 3, SchedulerListener.NONE);
    RunReport second = PolicyCheck.replay(ContinuousBatchingPolicy.fcfs(), 3, counting);

    assertThat(second.planHash()).isEqualTo(first.planHash());
    assertThat(numPlans[0]).isEqualTo(second.numSteps() + second.numEmptySteps());
  }

  @Test void aServingRunIsToldToTheListener() throws IOException {
    Timeline timeline = Timeline.builder().build();
    PolicyCheck.serve(ContinuousBatchingPolicy.fcfs(), 1, timeline);
    StringBuilder page = new StringBuilder();
    timeline.writeHtml(page);

    assertThat(page.indexOf("\"stepId\":[1,2,3,")).isPositive();
  }

  @Test void oneRunReportsWhatCallersFeel() {
    RunReport report = PolicyCheck.serve(ContinuousBatchingPolicy.fcfs(), 1);

    System.out.println(report);
    assertThat(report.meanBatch()).isGreaterThan(1);
    assertThat(report.hitRate()).isBetween(0.01, 1.0);
    assertThat(report.toString()).contains("TTFT  p50 ", "ITL   p50 ", "prefix hit rate");
  }

  private static void scheduleAll(StepBuilder step, SequenceList sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      SequenceView sequence = sequences.get(i);
      int numTokens = Math.min(step.numPendingTokens(sequence), step.tokenBudget());
      if (numTokens > 0) {
        step.schedule(sequence, numTokens);
      }
    }
  }

  private static void preemptAll(StepBuilder step, SequenceList sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      if (sequences.get(i).status() == SequenceStatus.RUNNING) {
        step.preempt(sequences.get(i));
      }
    }
  }
}
