package dev.weft.engine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.Scheduler;
import dev.weft.pagedkv.PagedKvCache;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.KvLayout;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.HashModelExecutor;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A timeline of the real scheduler agrees with the scheduler's own statistics. */
class TimelineAgreementTest {
  private static final int VOCABULARY_SIZE = 97;
  private static final int NUM_REQUESTS = 60;
  private static final int BLOCK_SIZE = 4;

  /** A run with samples, aborts, few blocks and one failing step. */
  private static SchedulerStats run(Timeline timeline, int maxInFlight) {
    ExecutorSpec spec = ExecutorSpec.builder().vocabularySize(VOCABULARY_SIZE).maxModelLen(64)
        .blockSize(BLOCK_SIZE).numBlocks(60).numSlots(16).maxNumRows(8).maxNumBatchedTokens(24)
        .maxInFlight(maxInFlight).build();
    SchedulerLimits limits = SchedulerLimits.builder().vocabularySize(VOCABULARY_SIZE)
        .maxModelLen(64).maxNumSeqs(8).maxNumBatchedTokens(24).maxInFlight(maxInFlight).build();
    PagedKvCache cache = PagedKvCache.builder().layout(KvLayout.fullAttention(BLOCK_SIZE))
        .numBlocks(60).maxNumSequences(limits.maxNumHandles()).maxNumHolders(8)
        .maxNumBlocksPerSequence(16).build();
    Scheduler scheduler = Scheduler.builder(limits, spec, cache)
        .policy(ContinuousBatchingPolicy.withPriorities()).listener(timeline).build();
    HashModelExecutor executor = HashModelExecutor.completingOnDemand(spec);
    executor.failStep(40);
    StepResult result = StepResult.of(limits);
    Random random = new Random(11);
    long nowNanos = 1_000_000;
    int numAdded = 0;
    while (numAdded < NUM_REQUESTS || !scheduler.isIdle()) {
      nowNanos += 1_000;
      if (numAdded < NUM_REQUESTS && random.nextInt(3) > 0) {
        assertThat(scheduler.add(request(random, numAdded++), nowNanos).message()).isEmpty();
      }
      if (random.nextInt(40) == 0) {
        scheduler.abort(random.nextInt(numAdded + 1), nowNanos);
      }
      while (scheduler.canPlan()) {
        StepPlan plan = scheduler.plan(nowNanos);
        if (plan.isEmpty() || !executor.submit(plan)) {
          break;
        }
      }
      if (executor.completeNext() && executor.poll(result)) {
        nowNanos += result.deviceNanos();
        scheduler.update(result, nowNanos);
      }
    }
    return scheduler.stats();
  }

  private static Request request(Random random, int id) {
    int[] prompt = random.ints(3 + random.nextInt(24), 0, random.nextBoolean() ? 2 : 97).toArray();
    return Request.builder(id, prompt).priority(random.nextInt(2))
        .sampling(SamplingParameters.builder().maxNewTokens(1 + random.nextInt(20))
            .numSamples(random.nextInt(5) == 0 ? 3 : 1).build())
        .build();
  }

  private static <C extends Enum<C>> long sum(ColumnTable<C> table, C column) {
    long total = 0;
    for (int row = 0; row < table.numRows(); row++) {
      total += table.get(column, row);
    }
    return total;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void sumsAreThoseOfTheScheduler(int maxInFlight) {
    Timeline timeline = Timeline.builder().build();
    SchedulerStats stats = run(timeline, maxInFlight);

    Tables tables = timeline.recording().tables();
    long numTokens = sum(tables.steps, StepColumn.NUM_PREFILL_TOKENS)
        + sum(tables.steps, StepColumn.NUM_RECOMPUTED_TOKENS)
        + sum(tables.steps, StepColumn.NUM_DECODE_TOKENS);
    assertThat(stats.numPreemptions()).isGreaterThan(5);
    assertThat(numTokens).isEqualTo(stats.numScheduledTokens())
        .isEqualTo(sum(tables.runs, RunColumn.NUM_TOKENS));
    assertThat(sum(tables.steps, StepColumn.NUM_RECOMPUTED_TOKENS))
        .isEqualTo(stats.numRecomputedTokens())
        .isEqualTo(sum(tables.runs, RunColumn.NUM_RECOMPUTED_TOKENS));
    assertThat(sum(tables.steps, StepColumn.NUM_OUTPUT_TOKENS)).isEqualTo(stats.numOutputTokens())
        .isEqualTo(sum(tables.sequences, SequenceColumn.NUM_OUTPUT_TOKENS));
    assertThat((long) tables.preemptions.numRows()).isEqualTo(stats.numPreemptions());
    assertThat(tables.failures).hasSize(1);
    assertThat(TableText.of(tables.steps, StepColumn.NUM_ROWS).stream()
        .filter(numRows -> !numRows.equals("0")).count())
        .isEqualTo(stats.numSteps() - stats.numEmptySteps());
  }

  /** Every step is, for a sequence that is there, a part of exactly one bar. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void barsOfASequenceLeaveNoStepOutAndCountNoneTwice(int maxInFlight) {
    Timeline timeline = Timeline.builder().build();
    run(timeline, maxInFlight);

    Tables tables = timeline.recording().tables();
    Map<Long, boolean[]> isCovered = new HashMap<>();
    for (int row = 0; row < tables.waits.numRows(); row++) {
      cover(isCovered, tables, tables.waits.get(WaitColumn.SEQUENCE, row),
          tables.waits.get(WaitColumn.FIRST_STEP, row), tables.waits.get(WaitColumn.END_STEP, row));
    }
    for (int row = 0; row < tables.runs.numRows(); row++) {
      cover(isCovered, tables, tables.runs.get(RunColumn.SEQUENCE, row),
          tables.runs.get(RunColumn.FIRST_STEP, row),
          tables.runs.get(RunColumn.LAST_STEP, row) + 1);
    }
    assertThat(isCovered).hasSize(tables.sequences.numRows());
    isCovered.forEach((sequence, steps) -> assertThat(trimmed(steps))
        .as("steps of sequence %d", sequence).doesNotContain('.'));
  }

  private static void cover(Map<Long, boolean[]> isCovered, Tables tables, long sequence,
      long first, long end) {
    boolean[] steps =
        isCovered.computeIfAbsent(sequence, key -> new boolean[tables.steps.numRows()]);
    for (int step = (int) first; step < end; step++) {
      assertThat(steps[step]).as("sequence %d step %d is in two bars", sequence, step).isFalse();
      steps[step] = true;
    }
  }

  private static List<Character> trimmed(boolean[] steps) {
    StringBuilder text = new StringBuilder();
    for (boolean isCovered : steps) {
      text.append(isCovered ? 'x' : '.');
    }
    return text.toString().replaceAll("^\\.+|\\.+$", "").chars().mapToObj(c -> (char) c).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void durationsOfATraceDoNotOverlapOnTheirThread(int maxInFlight) throws IOException {
    Timeline timeline = Timeline.builder().build();
    run(timeline, maxInFlight);
    StringBuilder out = new StringBuilder();
    timeline.writeTrace(out);

    Map<String, Map<Double, Double>> ends = new HashMap<>();
    for (JsonNode event : new ObjectMapper().readTree(out.toString()).get("traceEvents")) {
      double length = event.path("dur").asDouble();
      if (event.get("ph").textValue().equals("X") && length > 0) {
        double begin = event.get("ts").doubleValue();
        ends.computeIfAbsent(event.get("pid") + "/" + event.get("tid"),
            key -> new TreeMap<>()).put(begin, begin + length);
      }
    }
    assertThat(ends).hasSizeGreaterThan(NUM_REQUESTS);
    ends.forEach((thread, spans) -> {
      double end = -1;
      for (Map.Entry<Double, Double> span : spans.entrySet()) {
        assertThat(span.getKey()).as("thread %s", thread).isGreaterThan(end - 1e-6);
        end = span.getValue();
      }
    });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void anotherThreadMayWriteWhileTheSchedulerRuns(int maxInFlight) throws Exception {
    Timeline timeline = Timeline.builder().maxNumSteps(64).build();
    CompletableFuture<SchedulerStats> running =
        CompletableFuture.supplyAsync(() -> run(timeline, maxInFlight));
    boolean isOver = false;
    while (!isOver) {
      isOver = running.isDone(); // Read first: the last page is that of the whole run.
      StringBuilder page = new StringBuilder();
      timeline.writeHtml(page);
      JsonNode steps = TimelineFilesTest.data(page.toString()).get("steps");
      assertThat(steps.get("numRows")).hasSameSizeAs(steps.get("stepId"))
          .hasSameSizeAs(steps.get("waitCause"));
    }
    running.get(60, TimeUnit.SECONDS);
    Tables tables = timeline.recording().tables();
    assertThat(tables.firstStep).isPositive();
    assertThat(tables.firstStep + tables.steps.numRows())
        .isEqualTo(tables.steps.get(StepColumn.STEP_ID, tables.steps.numRows() - 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void theSameRunGivesTheSamePage(int maxInFlight) throws IOException {
    StringBuilder first = new StringBuilder();
    StringBuilder second = new StringBuilder();
    for (StringBuilder page : List.of(first, second)) {
      Timeline timeline = Timeline.builder().build();
      run(timeline, maxInFlight);
      timeline.writeHtml(page);
    }

    assertThat(first.toString()).isEqualTo(second.toString());
  }
}
