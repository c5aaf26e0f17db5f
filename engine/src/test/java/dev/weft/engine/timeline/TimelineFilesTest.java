package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.HandRun.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulerLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page and the trace of a run made by hand hold its numbers, and are well formed. */
class TimelineFilesTest {
  private static final String DATA_BEGIN = "<script type=\"application/json\" id=\"recording\">";
  private static final String HOSTILE =
      "</script><script>alert('1')</script><!--\u2028\ud800\"\\\u0000&\u00e9";

  @TempDir Path folder;

  static Timeline handMade(String title) {
    SchedulerLimits limits = SchedulerLimits.builder().maxNumSeqs(4).maxNumBatchedTokens(8).build();
    Timeline timeline = Timeline.builder().title(title).limits(limits).build();
    HandRun run = new HandRun(timeline);
    run.stats.kvUsage = 0.5;
    run.stats.numRunning = 1;
    run.at(1_000).add(request(1, 10, 3).priority(-2).tenant("acme").arrivalNanos(900).build())
        .add(request(1L << 60, 1, 1).tenant(title).deadlineNanos(5_000).build());
    run.at(1_500).admit(1, 2).row(1, 2, 8).plan().at(3_500).token(1, 0, 0).result(1, 1_250);
    run.at(4_000).decode(1, 10).plan().at(4_500).token(1, 0, 1).result(2, 400);
    run.at(4_600).preempt(1, 1L << 60, 11, 3).at(4_700).emptyPlan();
    run.at(5_000).finish(1L << 60, 0, FinishReason.DEADLINE, 0);
    return timeline;
  }

  static JsonNode data(String page) throws IOException {
    int begin = page.indexOf(DATA_BEGIN) + DATA_BEGIN.length();
    return new ObjectMapper().readTree(page.substring(begin, page.indexOf("</script>", begin)));
  }

  private static String page(Timeline timeline) throws IOException {
    StringBuilder out = new StringBuilder();
    timeline.writeHtml(out);
    return out.toString();
  }

  private static JsonNode trace(Timeline timeline) throws IOException {
    StringBuilder out = new StringBuilder();
    timeline.writeTrace(out);
    return new ObjectMapper().readTree(out.toString());
  }

  // ---- the page

  @Test
  void thePageHoldsTheNumbersOfTheRun() throws IOException {
    JsonNode data = data(page(handMade("a run")));

    assertThat(data.get("title").textValue()).isEqualTo("a run");
    assertThat(data.get("limits").get("maxNumBatchedTokens").intValue()).isEqualTo(8);
    assertColumn(data, "steps", "stepId", "[1,2]");
    assertColumn(data, "steps", "plannedAt", "[500,3000]");
    assertColumn(data, "steps", "appliedAt", "[2500,3500]");
    assertColumn(data, "steps", "deviceNanos", "[1250,400]");
    assertColumn(data, "steps", "numPrefillTokens", "[8,0]");
    assertColumn(data, "steps", "numDecodeTokens", "[0,1]");
    assertColumn(data, "steps", "kvMillionths", "[500000,500000]");
    assertColumn(data, "steps", "numCachedTokens", "[2,0]");
    assertColumn(data, "sequences", "requestId", "[1,\"1152921504606846976\"]");
    assertColumn(data, "sequences", "priority", "[-2,0]");
    assertColumn(data, "sequences", "beforeAddedNanos", "[100,0]");
    assertColumn(data, "sequences", "deadlineNanos", "[-1,4000]");
    assertColumn(data, "sequences", "firstTokenAt", "[2500,null]");
    assertColumn(data, "sequences", "finishedAt", "[null,4000]");
    assertColumn(data, "sequences", "tenant", "[0,1]");
    assertColumn(data, "waits", "beganAt", "[0,0,3600]");
    assertColumn(data, "waits", "endedAt", "[500,4000,4000]");
    assertColumn(data, "runs", "numTokens", "[8,1]");
    assertColumn(data, "preemptions", "forRequestId", "[\"1152921504606846976\"]");
    assertColumn(data, "preemptions", "numTokensToRecompute", "[11]");
    assertThat(data.get("names").get("runKind").toString())
        .isEqualTo("[\"PREFILL\",\"RECOMPUTE\",\"DECODE\"]");
  }

  private static void assertColumn(JsonNode data, String table, String column, String values) {
    assertThat(data.get(table).get(column)).as("%s.%s", table, column).hasToString(values);
  }

  @Test
  void textsCannotLeaveTheirPlaces() throws IOException {
    String page = page(handMade(HOSTILE));
    JsonNode data = data(page);

    assertThat(data.get("title").textValue()).isEqualTo(HOSTILE);
    assertThat(data.get("tenants").get(1).textValue()).isEqualTo(HOSTILE);
    assertThat(page).doesNotContain("alert('1')").doesNotContain("\u2028");
    assertThat(page.split("</script", -1)).as("as many as in a page without them")
        .hasSameSizeAs(page(handMade("a run")).split("</script", -1));
    assertThat(page.split("<!--", -1)).hasSize(1);
  }

  @Test
  void thePageRefersToNothingOutsideItself() throws IOException {
    String page = page(handMade("a run"));

    assertThat(page).doesNotContainPattern("(?i)https?:|\\b(src|href|import|fetch)\\s*[=(]|@import")
        .doesNotContain("/*style*/", "/*recording*/", "/*scripts*/", "innerHTML", "console.");
  }

  @Test
  void aTimelineOfNothingIsAPageToo() throws IOException {
    JsonNode data = data(page(Timeline.builder().build()));

    assertThat(data.get("steps").get("stepId")).isEmpty();
    assertThat(data.get("title").textValue()).isEqualTo("Weft timeline");
    assertThat(trace(Timeline.builder().build()).get("traceEvents")).hasSize(3);
  }

  @Test
  void thePageSaysHowMuchIsMissing() throws IOException {
    Timeline timeline = Timeline.builder().maxNumSteps(16).build();
    HandRun run = new HandRun(timeline);
    for (int i = 1; i <= 17; i++) {
      run.shortRequest(i, i).at(run.nowNanos + 10);
    }

    JsonNode data = data(page(timeline));
    assertThat(data.get("firstStep").intValue()).isEqualTo(4);
    assertThat(data.get("numDroppedSequences").intValue()).isEqualTo(4);
    assertThat(data.get("steps").get("plannedAt").get(0).longValue()).isZero();
  }

  @Test
  void equalRunsGiveEqualFiles() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    for (Path file : List.of(first, second)) {
      handMade(HOSTILE).writeHtml(file);
    }
    assertThat(first).hasSameBinaryContentAs(second);

    for (Path file : List.of(first, second)) {
      handMade(HOSTILE).writeTrace(file);
    }
    assertThat(first).hasSameBinaryContentAs(second);
    assertThat(Files.readString(first, StandardCharsets.US_ASCII)).doesNotContain("\ufffd");
  }

  @Test
  void aBoundOutOfRangeIsNamed() {
    assertThatThrownBy(() -> Timeline.builder().maxNumSteps(15))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxNumSteps is 15, must be 16 to 1048576");
  }

  // ---- the trace

  @Test
  void theTraceHoldsStepsRowsWaitsAndMoments() throws IOException {
    List<String> events = new ArrayList<>();
    for (JsonNode event : trace(handMade("a run")).get("traceEvents")) {
      String phase = event.get("ph").textValue();
      if (!phase.equals("M") && !phase.equals("C")) {
        events.add(phase + " " + event.get("name").textValue() + " of " + event.get("pid") + "/"
            + event.get("tid") + " at " + event.get("ts")
            + (phase.equals("X") ? " for " + event.get("dur") : ""));
      }
    }

    assertThat(events).containsExactlyInAnyOrder("X step 1 of 1/0 at 0.5 for 2.0",
        "X step 2 of 1/0 at 3.0 for 0.5", "X QUEUED of 2/0 at 0.0 for 0.5",
        "X PREFILL of 2/0 at 0.5 for 2.0", "X DECODE of 2/0 at 3.0 for 0.5",
        "i first token of 2/0 at 2.5", "i preempted: POLICY of 2/0 at 3.6",
        "X PREEMPTED of 2/0 at 3.6 for 0.4", "X QUEUED of 2/1 at 0.0 for 4.0",
        "i finish: DEADLINE of 2/1 at 4.0");
  }

  @Test
  void theTraceNamesProcessesAndThreadsAndCounts() throws IOException {
    JsonNode events = trace(handMade("a run")).get("traceEvents");

    assertThat(events.findValuesAsText("name")).contains("process_name", "thread_name",
        "a run: scheduler", "a run: requests", "request 1", "request 1152921504606846976");
    JsonNode tokens = null;
    for (JsonNode event : events) {
      tokens = tokens == null && event.get("name").textValue().equals("tokens") ? event : tokens;
    }
    assertThat(tokens).hasToString("{\"ph\":\"C\",\"name\":\"tokens\",\"pid\":1,\"tid\":0,"
        + "\"ts\":0.5,\"args\":{\"prefill\":8,\"recomputed\":0,\"decode\":0}}");
  }

  @Test
  void microsecondsKeepEveryNanosecond() throws IOException {
    StringBuilder out = new StringBuilder();
    new JsonText(out).beginArray().micros(0).micros(7).micros(1_050).micros(-1).micros(-2_345)
        .micros(123_456_789_012L).endArray();

    assertThat(out).hasToString("[0.000,0.007,1.050,-0.001,-2.345,123456789.012]");
  }
}
