package dev.weft.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.engine.Generation;
import dev.weft.engine.WeftEngine;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.PauseMode;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.testkit.HashModelExecutor;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recorder in an engine, and what it refuses. */
final class FlightRecorderTest {
  @TempDir Path folder;

  @Test void anEngineIsRecordedByOneLineAndRepeated() throws Exception {
    ExecutorSpec spec = ExecutorSpec.builder().maxInFlight(2).build();
    FlightRecorder recorder = FlightRecorder.builder().build();
    try (WeftEngine engine = WeftEngine.builder(HashModelExecutor.completingAtOnce(spec))
        .seed(7).withoutPrefixCache().journal(recorder).build()) {
      for (int i = 1; i <= 20; i++) {
        SamplingParameters sampling = SamplingParameters.builder().maxNewTokens(1 + i)
            .temperature(0.5f).numSamples(1 + i % 3).build();
        Generation generation =
            engine.submit(Request.builder(i, 1, 2, 3, i).sampling(sampling).build()).generation();
        if (i % 5 == 0) {
          generation.cancel();
        }
        engine.runOnce();
      }
      engine.control(scheduler -> {
        scheduler.pause(PauseMode.NEW);
        return scheduler.resetPrefixCache(true, engine.nowNanos());
      });
      engine.runOnce();
      engine.control(scheduler -> {
        scheduler.resume();
        return true;
      });
      engine.runUntilIdle();
    }
    Path file = folder.resolve("engine.weftlog");
    recorder.writeTo(file);

    Journal journal = Journal.read(file);
    Replay replay = Replay.of(journal).build();

    assertThat(journal.setup().labels()).containsEntry("cachesPrefixes", "false");
    assertThat(replay.run()).as("%s", replay.difference()).isTrue();
    assertThat(replay.scheduler().stats().numOutputTokens()).isGreaterThan(100);
  }

  @Test void aRecorderServesOneScheduler() {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, 1 << 14);
    JournalSetup setup = new JournalSetup(
        run.limits, ExecutorSpec.builder().build(), 0, Map.of());

    assertThatThrownBy(() -> run.recorder.begin(setup)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> FlightRecorder.builder().build().inputs())
        .isInstanceOf(IllegalStateException.class).hasMessageContaining("no scheduler yet");
  }

  @Test void aSizeThatCannotHoldTwoStepsIsRefusedWithTheLeast() {
    assertThatThrownBy(() -> FlightRecorder.builder().maxSize(100))
        .hasMessage("maxSize is 100, must be 4096 to 1073741824");
    assertThatThrownBy(() -> new RecordedScheduler(TokenForm.HASHED, 1 << 12, 64, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("maxSize is 4096, must be at least [0-9]+ with maxNumSeqs 64");
  }

  /** A prompt that no segment can hold: the beginning is lost, the rest goes on. */
  @Test void aRequestThatFindsNoRoomCostsTheBeginningOnly() throws Exception {
    RecordedScheduler run = new RecordedScheduler(TokenForm.CLEAR, 1 << 13);
    run.add(3, 1, 2, 3);
    run.add(3, new int[3_000]);
    run.finish();
    run.add(3, 1, 2, 3);
    run.finish();
    Path file = folder.resolve("gap.weftlog");
    run.recorder.writeTo(file);

    assertThat(run.recorder.isWhole()).isFalse();
    Journal journal = Journal.read(file);
    assertThat(journal.isWhole()).isFalse();
    assertThat(journal.tell(SchedulerListener.NONE)).isGreaterThan(3);
  }
}
