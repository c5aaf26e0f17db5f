package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.HandRun.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import org.junit.jupiter.api.Test;

/** What is kept, and what is said of the rest, when a bound is reached. */
class RecorderBoundTest {
  private static final int MAX_NUM_STEPS = 16;
  private final Recorder recorder = new Recorder(MAX_NUM_STEPS, null);
  private final HandRun run = new HandRun(recorder);

  @Test
  void theNewestStepsAreKept() {
    for (int i = 1; i <= 40; i++) {
      run.shortRequest(i, i);
    }

    Tables tables = recorder.snapshot();
    assertThat(tables.firstStep).isEqualTo(24); // Before step 17 and each fourth from then on.
    assertThat(tables.steps.numRows()).isEqualTo(16);
    assertThat(TableText.of(tables.steps, StepColumn.STEP_ID)).first().isEqualTo("25");
    assertThat(TableText.of(tables.steps, StepColumn.STEP_ID)).last().isEqualTo("40");
    assertThat(tables.numMissingRows).isZero();
  }

  @Test
  void whatWasOverBeforeTheFirstKeptStepIsDroppedAndCounted() {
    for (int i = 1; i <= 17; i++) {
      run.shortRequest(i, i).at(run.nowNanos + 10);
    }

    Tables tables = recorder.snapshot();
    assertThat(tables.firstStep).isEqualTo(4);
    assertThat(tables.numDroppedSequences).isEqualTo(4);
    assertThat(TableText.of(tables.sequences, SequenceColumn.REQUEST_ID))
        .hasSize(13).startsWith("5").endsWith("17");
    assertThat(TableText.runs(tables)).hasSize(13).startsWith("5/0 PREFILL steps 4-4 from 0: 1")
        .endsWith("17/0 PREFILL steps 16-16 from 0: 1");
    assertThat(TableText.waits(tables)).hasSize(13)
        .startsWith("5/0 QUEUED 1440-1440 steps 4-4");
  }

  @Test
  void oneThatLivesIsKeptAndItsBarGoesOn() {
    run.at(10).add(request(1, 2, 99).build()).admit(1, 0).row(1, 0, 2).plan().at(20)
        .token(1, 0, 0).result(1, 5);
    for (int i = 2; i <= 17; i++) {
      run.at(10 * i + 5).decode(1, i).plan().at(10 * i + 9).token(1, 0, i - 1).result(i, 4);
    }

    Tables tables = recorder.snapshot();
    assertThat(tables.firstStep).isEqualTo(4);
    assertThat(TableText.of(tables.sequences, SequenceColumn.ADDED_AT, SequenceColumn.ADMITTED_AT,
        SequenceColumn.NUM_OUTPUT_TOKENS)).containsExactly("10 10 17");
    assertThat(TableText.runs(tables)).containsExactly("1/0 DECODE steps 1-15 from 2: 15",
        "1/0 DECODE steps 16-16 from 17: 1");
  }

  @Test
  void samplesOfARequestStayTogether() {
    run.at(10).add(HandRun.samples(1, 2, 99, 2)).admit(1, 0).row(1, 0, 2).plan().at(20)
        .finish(1, 0, FinishReason.STOP, 1).result(1, 5);
    for (int i = 2; i <= 17; i++) {
      run.shortRequest(100 + i, i);
    }
    run.row(2, 1, 1).plan().at(9_000).token(1, 1, 0).finish(1, 1, FinishReason.LENGTH, 1);

    assertThat(TableText.of(recorder.snapshot().sequences, SequenceColumn.REQUEST_ID,
        SequenceColumn.SAMPLE_INDEX, SequenceColumn.NUM_OUTPUT_TOKENS))
        .startsWith("1 0 1", "1 1 1").contains("117 0 1");
  }

  @Test
  void aCrowdOfWaitingRequestsTakesNoStepAway() {
    for (int i = 1; i <= 8; i++) {
      run.shortRequest(i, i);
    }
    for (int i = 100; i < 100 + 5 * MAX_NUM_STEPS; i++) {
      run.add(request(i, 1, 1).build());
    }
    run.at(run.nowNanos + 10).finish(100, 0, FinishReason.ABORT, 0)
        .finish(179, 0, FinishReason.ABORT, 0);

    Tables tables = recorder.snapshot();
    assertThat(tables.steps.numRows()).isBetween(5, 8);
    assertThat(tables.sequences.numRows()).isEqualTo(4 * MAX_NUM_STEPS);
    assertThat(tables.numMissingRows + tables.numDroppedSequences)
        .isEqualTo(8 + 5 * MAX_NUM_STEPS - 4 * MAX_NUM_STEPS);
    assertThat(TableText.of(tables.sequences, SequenceColumn.REQUEST_ID,
        SequenceColumn.FINISHED_AT)).contains("100 " + run.nowNanos);
  }

  @Test
  void aRequestThatFoundNoRoomIsNotTakenForAnEarlierOneOfItsId() {
    run.shortRequest(1, 1);
    for (int i = 2; i <= 4 * MAX_NUM_STEPS; i++) {
      run.add(request(i, 1, 1).build());
    }
    long endOfTheFirst = run.nowNanos;
    run.at(9_000).add(request(1, 1, 1).build()).finish(1, 0, FinishReason.ABORT, 0);

    assertThat(TableText.of(recorder.snapshot().sequences, SequenceColumn.FINISHED_AT))
        .first().isEqualTo(String.valueOf(endOfTheFirst));
  }

  @Test
  void failuresAndTenantsAreBounded() {
    String longText = "x".repeat(5_000);
    for (int i = 1; i <= 300; i++) {
      run.add(request(i, 1, 1).tenant("tenant " + i).build());
      run.finish(i, 0, FinishReason.ABORT, 0);
    }
    run.add(request(900, 1, 1).build()).admit(900, 0);
    for (int i = 1; i <= MAX_NUM_STEPS; i++) {
      run.row(900, 0, 1).plan().failedResult(i, longText);
    }

    Tables tables = recorder.snapshot();
    assertThat(tables.tenants).hasSizeLessThanOrEqualTo(256);
    assertThat(tables.failures).hasSizeLessThanOrEqualTo(64)
        .allMatch(failure -> failure.message().length() == 1_000);
  }
}
