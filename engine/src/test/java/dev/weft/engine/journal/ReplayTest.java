package dev.weft.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.batching.ContinuousBatchingPolicy;
import dev.weft.batching.PrefillFirstPolicy;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a replay repeats, where it stops, and what it says when it differs. */
final class ReplayTest {
  private static final long SIZE = 1 << 16;
  @TempDir Path folder;

  private Journal journal(RecordedScheduler run) throws IOException {
    return JournalFile.read(run.bytes(folder));
  }

  @Test void stopsAtAStepWithTheSchedulerAsItWasThere() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE, 2, 0);
    for (int i = 0; i < 5; i++) {
      run.add(4, 1, 2, 3, i);
    }
    run.finish();

    Replay replay = Replay.of(journal(run)).build();
    assertThat(replay.runToStep(3)).isTrue();

    assertThat(replay.lastPlan()).isNotNull();
    assertThat(replay.lastPlan().stepId()).isEqualTo(3);
    assertThat(replay.scheduler().stats().numInFlight()).isEqualTo(1);
    assertThat(replay.scheduler().running().size()).isEqualTo(2);
    assertThat(replay.scheduler().waiting().size()).isEqualTo(3);
    assertThat(replay.scheduler().waiting().get(0).requestId()).isEqualTo(3);
    assertThat(replay.isAtEnd()).isFalse();
    assertThat(replay.run()).isTrue();
    assertThat(replay.isAtEnd()).isTrue();
    assertThat(replay.scheduler().isIdle()).isTrue();
  }

  @Test void anotherPolicyIsReportedAtTheFirstStepThatDiffers() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE);
    run.add(8, 1, 2, 3);
    run.step();
    run.step();
    run.add(8, 4, 5, 6); // Prefill-first lets the first request wait for this one.
    run.finish();

    Replay replay = Replay.of(journal(run)).policy(new PrefillFirstPolicy(1)).build();

    assertThat(replay.run()).isFalse();
    assertThat(replay.difference()).hasValueSatisfying(difference -> {
      assertThat(difference.numSteps()).isEqualTo(3);
      assertThat(difference.stepId()).isEqualTo(3);
      assertThat(difference.toString()).contains("row 0 request: recorded 1, replayed 2");
    });
  }

  @Test void aDecisionThatNobodyMadeIsReportedByName() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE);
    run.add(8, 1, 2, 3);
    run.finish();

    Replay replay = Replay.of(journal(run)).policy(step -> { }).build();

    assertThat(replay.run()).isFalse();
    assertThat(replay.difference().orElseThrow().expected())
        .isEqualTo("ADMITTED request 1 sample 0");
  }

  /** The second prompt is the first with its answer, of which a stop token ends a block. */
  @Test void aBlockThatAStopTokenFilledIsFoundByTheNextTurn() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE, 4, 3);
    SamplingParameters stopping =
        SamplingParameters.builder().maxNewTokens(20).stopTokenIds(99).build();
    run.add(stopping, 1, 2, 3, 4, 5);
    run.step(10);
    run.propose(11, 99, 12);
    completeWithDrafts(run, 11, 99, 12, 13);
    assertThat(run.scheduler.isIdle()).isTrue();
    run.add(stopping, 1, 2, 3, 4, 5, 10, 11, 99, 50, 51);
    run.finish();

    assertThat(run.scheduler.stats().numPrefixHitTokens()).isEqualTo(8);
    Replay replay = Replay.of(journal(run)).build();
    assertThat(replay.run()).as("%s", replay.difference()).isTrue();
    assertThat(replay.scheduler().stats().numPrefixHitTokens()).isEqualTo(8);
  }

  /** The second request's first token is lost with the step before, and is not part of it. */
  @Test void tokensBehindAFailedStepAreNobodys() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE);
    run.add(9, 1, 2, 3);
    StepPlan failed = run.scheduler.plan(run.nowNanos);
    run.add(9, 4, 5, 6);
    run.failBefore(failed, run.scheduler.plan(run.nowNanos));
    run.add(9, 4, 5, 6, 60, 61, 62, 63, 64, 65);
    run.finish();

    Replay replay = Replay.of(journal(run)).build();

    assertThat(replay.run()).as("%s", replay.difference()).isTrue();
    assertThat(replay.scheduler().stats().numDiscardedRows()).isEqualTo(2);
  }

  private static void completeWithDrafts(RecordedScheduler run, int... tokens) {
    var plan = run.scheduler.plan(run.nowNanos);
    var result = StepResult.of(run.limits);
    result.reset(plan.stepId(), 1);
    for (int token : tokens) {
      result.addToken(0, token);
    }
    run.scheduler.update(result, run.nowNanos);
  }

  @ParameterizedTest
  @EnumSource(TokenForm.class)
  void hashedFilesHoldNoToken(TokenForm form) throws IOException {
    int[] prompt = new int[64];
    Arrays.fill(prompt, 77);
    RecordedScheduler run = new RecordedScheduler(form, SIZE);
    run.add(SamplingParameters.builder().maxNewTokens(40).stopTokenIds(78).build(), prompt);
    for (int i = 0; i < 40; i++) {
      run.step(77);
    }
    String file = new String(run.bytes(folder), StandardCharsets.ISO_8859_1);

    assertThat(file.contains("MMMM")).isEqualTo(form == TokenForm.CLEAR);
    Replay replay = Replay.of(journal(run)).build();
    assertThat(replay.run()).isTrue();
    assertThat(replay.lastPlan().token(0, 0) == 77).isEqualTo(form == TokenForm.CLEAR);
  }

  @Test void twoRecordersOfTheSameRunHashDifferently() throws IOException {
    byte[] first = shortRun();
    byte[] second = shortRun();
    assertThat(first).hasSameSizeAs(second).isNotEqualTo(second);
  }

  private byte[] shortRun() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE);
    run.add(8, 1, 2, 3, 4, 5, 6, 7, 8);
    run.finish();
    return run.bytes(folder);
  }

  @Test void aJournalWithoutItsBeginningIsRefusedWithAdvice() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.CLEAR, 1 << 13);
    for (int i = 0; i < 400; i++) {
      run.add(8, 1, 2, 3, i % 100);
      run.step();
      run.step();
      run.step();
    }
    assertThat(run.recorder.isWhole()).isFalse();
    assertThat(run.recorder.size()).isBetween(1L << 10, 1L << 13);

    Journal journal = journal(run);

    assertThat(journal.isWhole()).isFalse();
    assertThatThrownBy(() -> Replay.of(journal)).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lost its beginning").hasMessageContaining("maxSize");
  }

  @Test void aSettingOfThePolicyThatDiffersIsFound() throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, SIZE);
    run.add(8, new int[40]);
    run.finish();

    Replay replay = Replay.of(journal(run)).policy(ContinuousBatchingPolicy.builder()
        .chunkRule((step, sequence) -> 16).build()).build();

    assertThat(replay.run()).isFalse();
    assertThat(replay.difference().orElseThrow().field()).isEqualTo("row 0 tokens");
  }
}
