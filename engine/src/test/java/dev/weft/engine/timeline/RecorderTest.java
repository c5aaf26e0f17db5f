package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.HandRun.request;
import static dev.weft.engine.timeline.HandRun.samples;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import org.junit.jupiter.api.Test;

/** What becomes of every turn in the life of a sequence, and of every kind of step. */
class RecorderTest {
  private final Recorder recorder = new Recorder(1_000, null);
  private final HandRun run = new HandRun(recorder);

  @Test
  void aRequestIsQueuedThenPrefillsInChunksThenDecodes() {
    run.at(100).add(request(1, 10, 3).build());
    run.at(150).admit(1, 2).row(1, 2, 5).plan().at(190).result(1, 30);
    run.at(200).row(1, 7, 3).plan().at(240).token(1, 0, 0).result(2, 30);
    run.at(250).decode(1, 10).plan().at(290).token(1, 0, 1).result(3, 30);
    run.at(300).decode(1, 11).plan().at(340).token(1, 0, 2).finish(1, 0, FinishReason.LENGTH, 3)
        .result(4, 30);

    Tables tables = recorder.snapshot();
    assertThat(TableText.waits(tables)).containsExactly("1/0 QUEUED 100-150 steps 0-0");
    assertThat(TableText.runs(tables)).containsExactly("1/0 PREFILL steps 0-0 from 2: 5",
        "1/0 PREFILL steps 1-1 from 7: 3", "1/0 DECODE steps 2-3 from 10: 2");
    assertThat(TableText.of(tables.sequences, SequenceColumn.ADDED_AT, SequenceColumn.ADMITTED_AT,
        SequenceColumn.NUM_CACHED_TOKENS, SequenceColumn.FIRST_TOKEN_AT,
        SequenceColumn.LAST_TOKEN_AT, SequenceColumn.FINISHED_AT, SequenceColumn.NUM_OUTPUT_TOKENS,
        SequenceColumn.LONGEST_GAP_NANOS)).containsExactly("100 150 2 240 340 340 3 50");
    assertThat(TableText.of(tables.steps, StepColumn.STEP_ID, StepColumn.PLANNED_AT,
        StepColumn.APPLIED_AT, StepColumn.DEVICE_NANOS, StepColumn.NUM_PREFILL_TOKENS,
        StepColumn.NUM_DECODE_TOKENS, StepColumn.NUM_CACHED_TOKENS, StepColumn.NUM_OUTPUT_TOKENS))
        .containsExactly("1 150 190 30 5 0 2 0", "2 200 240 30 3 0 0 1", "3 250 290 30 0 1 0 1",
            "4 300 340 30 0 1 0 1");
  }

  @Test
  void whatItWaitsThroughIsNumberedInSteps() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan();
    run.at(110).add(request(2, 2, 9).build()).at(120).result(1, 9);
    run.at(130).decode(1, 2).plan().at(140).result(2, 9);
    run.at(150).decode(1, 3).plan().at(160).result(3, 9);
    run.at(170).admit(2, 0).row(2, 0, 2).plan();

    assertThat(TableText.waits(recorder.snapshot()))
        .contains("2/0 QUEUED 110-170 steps 1-3");
  }

  @Test
  void aPreemptedRequestWaitsAndComputesAgain() {
    run.at(100).add(request(1, 4, 9).build()).admit(1, 0).row(1, 0, 4).plan().at(110).token(1, 0, 0)
        .result(1, 5);
    run.at(120).decode(1, 4).plan().at(130).token(1, 0, 1).result(2, 5);
    run.at(140).add(request(7, 8, 9).build()).preempt(1, 7, 5, 2).admit(7, 0).row(7, 0, 2).plan()
        .at(150).result(3, 5);
    run.at(160).admit(1, 2).row(1, 2, 4).plan().at(170).token(1, 0, 2).result(4, 5);
    run.at(180).decode(1, 6).plan().at(190).token(1, 0, 3).result(5, 5);

    Tables tables = recorder.snapshot();
    assertThat(TableText.waits(tables)).containsExactly("1/0 QUEUED 100-100 steps 0-0",
        "7/0 QUEUED 140-140 steps 2-2", "1/0 PREEMPTED 140-160 steps 2-3",
        "7/0 LEFT_OUT 160-190 steps 3-5");
    assertThat(TableText.runs(tables)).containsExactly("1/0 PREFILL steps 0-0 from 0: 4",
        "1/0 DECODE steps 1-1 from 4: 1", "7/0 PREFILL steps 2-2 from 0: 2",
        "1/0 RECOMPUTE steps 3-3 from 2: 4, again 3",
        "1/0 DECODE steps 4-4 from 6: 1");
    assertThat(TableText.of(tables.preemptions, PreemptionColumn.values()))
        .containsExactly("0 140 2 7 0 5 2");
    assertThat(TableText.of(tables.sequences, SequenceColumn.ADMITTED_AT,
        SequenceColumn.NUM_CACHED_TOKENS, SequenceColumn.NUM_PREEMPTIONS))
        .containsExactly("100 0 1", "140 0 0");
    assertThat(TableText.of(tables.steps, StepColumn.NUM_ADMITTED, StepColumn.NUM_PREEMPTED,
        StepColumn.NUM_RECOMPUTED_TOKENS, StepColumn.NUM_DECODE_TOKENS))
        .containsExactly("1 0 0 0", "0 0 0 1", "1 1 0 0", "1 0 3 1", "0 0 0 1");
  }

  @Test
  void aPromptThatIsPreemptedHalfwayPrefillsTheRest() {
    run.at(100).add(request(1, 20, 9).build()).admit(1, 0).row(1, 0, 4).plan().at(110).result(1, 5);
    run.at(120).preempt(1, -1, 4, 1);
    run.at(130).admit(1, 0).row(1, 0, 12).plan();

    assertThat(TableText.runs(recorder.snapshot())).containsExactly(
        "1/0 PREFILL steps 0-0 from 0: 4", "1/0 PREFILL steps 1-1 from 0: 12, again 4");
  }

  @Test
  void aSequenceThatAStepGoesWithoutIsLeftOut() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan().at(110).result(1, 5);
    run.at(120).add(request(2, 2, 9).build()).admit(2, 0).row(2, 0, 2).plan().at(130).result(2, 5);
    run.at(140).decode(2, 2).plan().at(150).result(3, 5);
    run.at(160).decode(1, 2).plan().at(170).result(4, 5);
    run.at(180).decode(2, 3).plan();

    Tables tables = recorder.snapshot();
    assertThat(TableText.waits(tables)).contains("1/0 LEFT_OUT 120-160 steps 1-3",
        "2/0 LEFT_OUT 160-180 steps 3-4", "1/0 LEFT_OUT 180-180 steps 4-5");
    assertThat(TableText.runs(tables)).contains("1/0 DECODE steps 3-3 from 2: 1",
        "2/0 DECODE steps 2-2 from 2: 1", "2/0 DECODE steps 4-4 from 3: 1");
  }

  @Test
  void samplesWaitForThePromptOfTheFirstOne() {
    run.at(100).add(samples(1, 4, 9, 3));
    run.at(120).admit(1, 0).row(1, 0, 4).plan().at(130).token(1, 0, 0).result(1, 5);
    run.at(140).decode(1, 4).row(2, 3, 1).plan().at(150).result(2, 5);

    Tables tables = recorder.snapshot();
    assertThat(TableText.waits(tables)).containsExactly("1/0 QUEUED 100-120 steps 0-0",
        "1/1 QUEUED 100-120 steps 0-0", "1/1 SHARED_PROMPT 120-140 steps 0-1",
        "1/2 QUEUED 100-120 steps 0-0", "1/2 SHARED_PROMPT 120-150 steps 0-2");
    assertThat(TableText.runs(tables)).containsExactly("1/0 PREFILL steps 0-0 from 0: 4",
        "1/0 DECODE steps 1-1 from 4: 1", "1/1 PREFILL steps 1-1 from 3: 1");
  }

  @Test
  void aSampleEndsAlone() {
    run.at(100).add(samples(1, 4, 9, 2)).admit(1, 0).row(1, 0, 4).plan();
    run.at(110).finish(1, 0, FinishReason.STOP, 1).result(1, 5);

    assertThat(TableText.of(recorder.snapshot().sequences, SequenceColumn.SAMPLE_INDEX,
        SequenceColumn.FINISHED_AT, SequenceColumn.FINISH_REASON))
        .containsExactly("0 110 " + FinishReason.STOP.ordinal(), "1 never -1");
  }

  @Test
  void whatHasNotEndedIsWrittenAsItStands() {
    run.at(100).add(request(1, 4, 9).build()).add(request(2, 4, 9).build());
    run.at(120).admit(1, 0).row(1, 0, 4).plan();
    run.at(170).emptyPlan();

    Tables tables = recorder.snapshot();
    assertThat(TableText.waits(tables)).containsExactly("1/0 QUEUED 100-120 steps 0-0",
        "2/0 QUEUED 100-170 steps 0-1");
    assertThat(TableText.of(tables.steps, StepColumn.APPLIED_AT, StepColumn.OUTCOME))
        .containsExactly("never 0");
    assertThat(recorder.snapshot().waits.numRows()).as("a snapshot changes nothing").isEqualTo(2);
  }

  @Test
  void aFailedStepSaysWhyAndItsSequencesEnd() {
    run.at(100).add(request(1, 2, 9).build()).add(request(2, 2, 9).build());
    run.at(110).admit(1, 0).row(1, 0, 2).plan();
    run.at(120).admit(2, 0).row(2, 0, 2).plan();
    run.at(130).finish(1, 0, FinishReason.ERROR, 0).preempt(2, PreemptReason.FAILED_STEP)
        .failedResult(1, "out of memory").at(140).result(2, 5);
    run.at(150).admit(2, 0).row(2, 0, 2).plan();

    Tables tables = recorder.snapshot();
    assertThat(tables.failures).containsExactly(new Tables.Failure(0, "out of memory"));
    assertThat(TableText.of(tables.steps, StepColumn.OUTCOME)).containsExactly("2", "1", "0");
    assertThat(TableText.waits(tables)).contains("2/0 PREEMPTED 130-150 steps 2-2");
    assertThat(TableText.runs(tables)).contains("2/0 RECOMPUTE steps 2-2 from 0: 2, again 2");
    assertThat(TableText.of(tables.preemptions, PreemptionColumn.FOR_REQUEST_ID,
        PreemptionColumn.REASON)).containsExactly("-1 " + PreemptReason.FAILED_STEP.ordinal());
  }

  @Test
  void stepsInFlightStandBehindOneAnother() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan();
    run.at(110).decode(1, 2).plan();
    run.at(150).token(1, 0, 0).result(1, 40);
    run.at(160).decode(1, 3).plan().at(190).token(1, 0, 1).result(2, 40);

    Tables tables = recorder.snapshot();
    assertThat(TableText.of(tables.steps, StepColumn.PLANNED_AT, StepColumn.APPLIED_AT,
        StepColumn.BEGAN_AT, StepColumn.ENDED_AT)).containsExactly("100 150 100 150",
        "110 190 150 190", "160 never 190 190");
    assertThat(TableText.runs(tables)).containsExactly("1/0 PREFILL steps 0-0 from 0: 2",
        "1/0 DECODE steps 1-2 from 2: 2");
    assertThat(TableText.waits(tables)).containsExactly("1/0 QUEUED 100-100 steps 0-0");
  }

  @Test
  void aStepWhoseResultNeverComesEndsWhereTheNextBegins() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan();
    run.at(200).preempt(1, PreemptReason.FAILED_STEP).admit(1, 0).row(1, 0, 2).plan();
    run.at(230).token(1, 0, 0).result(2, 20);

    assertThat(TableText.of(recorder.snapshot().steps, StepColumn.OUTCOME, StepColumn.BEGAN_AT,
        StepColumn.ENDED_AT)).containsExactly("0 100 200", "1 200 230");
  }

  @Test
  void oneThatEndsBeforeItIsAdmittedHasOnlyWaited() {
    run.at(100).add(request(1, 2, 9).build());
    run.at(130).finish(1, 0, FinishReason.DEADLINE, 0);

    Tables tables = recorder.snapshot();
    assertThat(TableText.waits(tables)).containsExactly("1/0 QUEUED 100-130 steps 0-0");
    assertThat(TableText.of(tables.sequences, SequenceColumn.ADMITTED_AT,
        SequenceColumn.FINISHED_AT)).containsExactly("never 130");
  }

  @Test
  void oneThatIsAbortedBetweenStepsWasLeftOutOfTheLast() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan().at(110).result(1, 5);
    run.at(120).add(request(2, 2, 9).build()).admit(2, 0).row(2, 0, 2).plan().at(130).result(2, 5);
    run.at(140).finish(1, 0, FinishReason.ABORT, 1);

    assertThat(TableText.waits(recorder.snapshot())).contains("1/0 LEFT_OUT 120-140 steps 1-2");
  }

  @Test
  void anAdmissionThatIsWithdrawnInTheSameStepIsAPreemption() {
    run.at(100).add(request(1, 2, 9).build());
    run.at(120).admit(1, 0).preempt(1, 3, 0, 1).plan();

    assertThat(TableText.waits(recorder.snapshot())).containsExactly(
        "1/0 QUEUED 100-120 steps 0-0", "1/0 PREEMPTED 120-120 steps 0-1");
  }

  @Test
  void draftsAreCountedApart() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan().at(110)
        .token(1, 0, 0).result(1, 5);
    run.at(120).decode(1, 2).drafts(7, 8, 9).plan().at(130).token(1, 0, 1).token(1, 0, 2)
        .result(2, 5);
    run.at(140).decode(1, 4).plan();

    Tables tables = recorder.snapshot();
    assertThat(TableText.of(tables.steps, StepColumn.NUM_DECODE_TOKENS,
        StepColumn.NUM_DRAFT_TOKENS, StepColumn.NUM_RECOMPUTED_TOKENS,
        StepColumn.NUM_OUTPUT_TOKENS)).containsExactly("0 0 0 1", "1 3 0 2", "1 0 0 0");
    assertThat(TableText.runs(tables)).contains("1/0 DECODE steps 1-2 from 2: 5, drafts 3");
  }

  @Test
  void anAcceptedDraftThatIsLostIsComputedAgain() {
    run.at(100).add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan().at(110)
        .token(1, 0, 0).result(1, 5);
    run.at(120).decode(1, 2).drafts(7, 8).plan().at(130).token(1, 0, 1).token(1, 0, 2).result(2, 5);
    run.at(140).preempt(1, -1, 4, 1).at(150).admit(1, 0).row(1, 0, 5).plan();

    assertThat(TableText.of(recorder.snapshot().steps, StepColumn.NUM_RECOMPUTED_TOKENS,
        StepColumn.NUM_DECODE_TOKENS)).last().isEqualTo("4 1");
  }

  @Test
  void emptyPlansAreNoStepsButCounted() {
    run.emptyPlan().emptyPlan().add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan()
        .emptyPlan();

    assertThat(TableText.of(recorder.snapshot().steps, StepColumn.NUM_EMPTY_PLANS))
        .containsExactly("2");
  }

  @Test
  void theLoadOfAStepIsThatAfterPlanning() {
    run.stats.numWaiting = 3;
    run.stats.numRunning = 2;
    run.stats.numBlocked = 1;
    run.stats.numInFlight = 4;
    run.stats.kvUsage = 0.25;
    run.add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan();

    assertThat(TableText.of(recorder.snapshot().steps, StepColumn.NUM_WAITING,
        StepColumn.NUM_RUNNING, StepColumn.NUM_BLOCKED, StepColumn.NUM_IN_FLIGHT,
        StepColumn.KV_MILLIONTHS, StepColumn.NUM_ROWS)).containsExactly("3 2 1 4 250000 1");
  }

  @Test
  void anIdThatIsUsedAgainIsAnotherSequence() {
    run.at(100).shortRequest(1, 1).at(300).shortRequest(1, 2);

    Tables tables = recorder.snapshot();
    assertThat(TableText.of(tables.sequences, SequenceColumn.REQUEST_ID,
        SequenceColumn.FINISHED_AT, SequenceColumn.NUM_OUTPUT_TOKENS))
        .containsExactly("1 200 1", "1 400 1");
    assertThat(TableText.of(tables.runs, RunColumn.SEQUENCE)).containsExactly("0", "1");
  }

  @Test
  void whatIsSaidOfARequestThatIsNotKnownIsCountedInTheStepAlone() {
    run.at(100).admit(9, 5).token(9, 0, 0).preempt(9, -1, 1, 1).finish(9, 0, FinishReason.STOP, 1);
    run.add(request(1, 2, 9).build()).admit(1, 0).row(1, 0, 2).plan();

    Tables tables = recorder.snapshot();
    assertThat(tables.sequences.numRows()).isEqualTo(1);
    assertThat(TableText.of(tables.steps, StepColumn.NUM_ADMITTED, StepColumn.NUM_PREEMPTED,
        StepColumn.NUM_FINISHED, StepColumn.NUM_CACHED_TOKENS)).containsExactly("2 1 1 5");
  }
}
