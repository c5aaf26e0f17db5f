package dev.weft.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.engine.timeline.Timeline;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a journal tells without being repeated. */
final class JournalTellTest {
  @TempDir Path folder;

  /** Hears what a timeline is interested in, as text. */
  private static final class Hearing implements SchedulerListener {
    final List<String> lines = new ArrayList<>();

    @Override public void onAdd(Request request, long seed, long nowNanos) {
      lines.add("add " + request.id() + " " + request.numPromptTokens() + " "
          + request.sampling().maxNewTokens() + " " + request.tenant() + " " + nowNanos);
    }

    @Override public void onAdmit(
        long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
      lines.add("admit " + requestId + " " + nowNanos);
    }

    @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
        long nowNanos) {
      lines.add("token " + requestId + " " + outputIndex + " " + nowNanos);
    }

    @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
        int numOutputTokens, long nowNanos) {
      lines.add("finish " + requestId + " " + reason + " " + numOutputTokens);
    }

    @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
      StringBuilder line = new StringBuilder("plan " + plan.stepId() + " " + stats.numWaiting()
          + " " + stats.numRunning() + " " + nowNanos);
      for (int row = 0; row < plan.numRows(); row++) {
        line.append(" | ").append(plan.requestId(row)).append(' ').append(plan.startPosition(row))
            .append(' ').append(plan.numTokens(row));
      }
      lines.add(line.toString());
    }
  }

  private Journal run(long maxSize, int numRequests) throws IOException {
    RecordedScheduler run = new RecordedScheduler(TokenForm.HASHED, maxSize);
    run.add(300, 9, 9, 9); // Runs from before the beginning to behind the end.
    for (int i = 0; i < numRequests; i++) {
      run.add(5, 1, 2, 3, i % 100);
      for (int step = 0; step < 4; step++) {
        run.step();
      }
    }
    return JournalFile.read(run.bytes(folder));
  }

  @Test void aWholeJournalTellsWhatAReplayDoes() throws IOException {
    Journal journal = run(1 << 18, 20);
    Hearing told = new Hearing();
    Hearing replayed = new Hearing();

    assertThat(journal.tell(told)).isEqualTo(80);
    assertThat(Replay.of(journal).listener(replayed).build().run()).isTrue();

    assertThat(told.lines).isEqualTo(replayed.lines).hasSizeGreaterThan(200);
  }

  @Test void anEndTellsTheSameAsTheWholeFromThere() throws IOException {
    Hearing whole = new Hearing();
    run(1 << 18, 60).tell(whole);
    Journal end = run(1 << 12, 60);
    assertThat(end.isWhole()).isFalse();
    Hearing told = new Hearing();

    long numSteps = end.tell(told);

    assertThat(numSteps).isBetween(10L, 200L);
    List<String> plans = told.lines.stream().filter(line -> line.startsWith("plan")).toList();
    assertThat(whole.lines).containsSequence(plans.subList(0, 1));
    assertThat(whole.lines.stream().filter(line -> line.startsWith("plan")).toList())
        .endsWith(plans.toArray(new String[0]));
    assertThat(told.lines).contains("add 1 3 300 someone 1000").contains("admit 1 2000");
    String firstToken =
        told.lines.stream().filter(line -> line.startsWith("token 1 ")).findFirst().orElseThrow();
    assertThat(whole.lines).contains(firstToken);
  }

  @Test void aTimelineCanBeMadeOfAnEnd() throws IOException {
    Timeline timeline = Timeline.builder().build();
    run(1 << 12, 60).tell(timeline);
    StringBuilder page = new StringBuilder();

    timeline.writeHtml(page);

    assertThat(page).contains("\"requestId\":[1,");
  }
}
