package dev.weft.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/**
 * Steps and tokens allocate nothing, measured by the thread's allocation counter around a scheduler
 * that is listened to. The JVM charges a thread now and then for compiling what it runs, and pages
 * of token ids are added while sequences grow, so one window of many must be free, not all.
 */
final class AllocationTest {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int NUM_RUNNING = 64;
  private static final int NUM_STEPS = 100;
  private static final int MAX_NUM_WINDOWS = 100;
  private static final int MODEL_LEN = 1 << 14;

  private final Scheduler scheduler = scheduler();
  private final StepResult result = StepResult.of(scheduler.limits());
  private long now = 1;

  private static Scheduler scheduler() {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(NUM_RUNNING).maxNumWaiting(64)
        .maxNumBatchedTokens(512).maxModelLen(MODEL_LEN).vocabularySize(100).build();
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(100).maxModelLen(MODEL_LEN)
        .numBlocks(1 << 16).maxNumRows(NUM_RUNNING).numSlots(2 * NUM_RUNNING).build();
    PagedKvCache cache = PagedKvCache.builder().layout(KvLayout.fullAttention(spec.blockSize()))
        .numBlocks(spec.numBlocks()).maxNumSequences(limits.maxNumHandles())
        .maxNumHolders(NUM_RUNNING).maxNumBlocksPerSequence(MODEL_LEN / spec.blockSize()).build();
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    VllmNaming.install(registry);
    WeftMetrics metrics = WeftMetrics.builder(spec).build();
    metrics.bindTo(registry);
    return Scheduler.builder(limits, spec, cache)
        .policy(ContinuousBatchingPolicy.withPriorities()).listener(metrics).build();
  }

  private void step() {
    StepPlan plan = scheduler.plan(now);
    now += 20_000_000;
    result.reset(plan.stepId(), plan.numRows());
    for (int row = 0; row < plan.numRows(); row++) {
      if (plan.isSampled(row)) {
        result.addToken(row, 1);
      }
    }
    scheduler.update(result, now);
  }

  @Test
  void stepsAndTokensAllocateNothing() {
    for (int id = 1; id <= NUM_RUNNING; id++) {
      scheduler.add(Request.builder(id, 1, 2, 3)
          .sampling(SamplingParameters.greedy(MODEL_LEN - 3)).build(), now);
    }
    long fewest = Long.MAX_VALUE;
    for (int window = 0; window < MAX_NUM_WINDOWS && fewest > 0; window++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < NUM_STEPS; i++) {
        step();
      }
      fewest = Math.min(fewest, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(scheduler.stats().numRunning()).isEqualTo(NUM_RUNNING);
    assertThat(fewest).as("bytes in %d steps", NUM_STEPS).isZero();
  }
}
