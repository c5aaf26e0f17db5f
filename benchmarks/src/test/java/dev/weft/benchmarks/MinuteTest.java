package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A minute repeats its workload exactly and sees what it is there to see; nothing is timed. */
final class MinuteTest {
  private static final MinuteResult.Times TIMES = new MinuteResult.Times(9, 10, 20, 30, 40);

  @ParameterizedTest @EnumSource
  void everyTimedStepOfTheDecodeMinuteDecodesAll(EngineKind kind) {
    MinuteLoad load = MinuteLoad.decode(kind, 16);

    for (int i = 0; i < 2500; i++) {
      load.prepareStep();
      load.engine.plan();
      assertThat(load.engine.numRows()).isEqualTo(16);
      assertThat(load.engine.numTokens()).isEqualTo(16);
      load.engine.complete();
      load.engine.update();
    }
  }

  @ParameterizedTest
  @CsvSource({"WEFT,PREEMPT_CACHE", "VLLM,PREEMPT_CACHE", "NAIVE,PREEMPT_CACHE",
      "WEFT,CHURN", "VLLM,CHURN", "NAIVE,CHURN"})
  void theServingMinuteRepeatsItsWorkload(EngineKind engine, ServingKind kind) {
    MinuteLoad load = MinuteLoad.serving(engine, kind);
    int numStepsOfRound = kind.counts().numSteps() - 1;
    long numTokens = 0;

    for (int i = 0; i < 2 * numStepsOfRound; i++) {
      load.prepareStep();
      load.engine.plan();
      numTokens += load.engine.numTokens();
      load.engine.complete();
      load.engine.update();
    }

    assertThat(numTokens).isEqualTo(2L * kind.counts().numScheduledTokens());
    assertThat(load.engine.numPreemptions()).isEqualTo(2L * kind.counts().numPreemptions());
    assertThat(load.engine.isIdle()).isTrue();
  }

  @Test void collectionsWithinTheMinuteAreCounted(@TempDir Path folder) throws IOException {
    assertThat(recordCollections(folder.resolve("calm.jfr"), 2, 0).numCollections()).isZero();
    assertThat(recordCollections(folder.resolve("two.jfr"), 1, 2).numCollections()).isEqualTo(2);
  }

  private static MinuteEvents recordCollections(Path file, int numBefore, int numWithin)
      throws IOException {
    try (Recording recording = MinuteEvents.record()) {
      collect(numBefore);
      MinuteEvent minute = new MinuteEvent();
      minute.begin();
      collect(numWithin);
      minute.end();
      minute.commit();
      collect(1);
      recording.dump(file);
    }
    return MinuteEvents.read(file, Thread.currentThread().getName());
  }

  private static void collect(int count) {
    for (int i = 0; i < count; i++) {
      System.gc();
    }
  }

  @Test void aCollectionOrADeoptimisationIsNotCalm() {
    assertThat(new MinuteEvents(0, Map.of(), 9, 9).isCalm()).isTrue();
    assertThat(new MinuteEvents(1, Map.of(), 0, 0).isCalm()).isFalse();
    assertThat(new MinuteEvents(0, Map.of("Step.plan:7 null_check", 1L), 0, 0).isCalm()).isFalse();
  }

  @Test void theTailIsComparedWithThatOfTheLoop() {
    MinuteResult.Times loops = new MinuteResult.Times(9, 10, 10, 15, 40);
    MinuteEvents events = new MinuteEvents(0, Map.of("Step.plan:7 null_check", 2L), 1, 1);
    MinuteResult result = new MinuteResult(TIMES, loops, 0, events);

    assertThat(result.ratioToLoop()).isEqualTo(2.0);
    assertThat(result.remarks("decode")).contains("2.00 of the loop's", "2 deoptimisations",
        "deoptimised 2 times: Step.plan:7 null_check");
  }

  @Test void theLoopBecomesAsLongAsTheStep() {
    EmptyLoop loop = new EmptyLoop();
    int numRounds = loop.numRounds();

    loop.adjust(200, 100);

    assertThat(loop.numRounds()).isEqualTo(numRounds / 2);
  }
}
