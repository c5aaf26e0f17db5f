package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.ColumnTable.NEVER;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import java.io.IOException;

/**
 * Writes a recording in the Chrome trace-event format (JSON object form), which Perfetto opens: one
 * process with the steps and what was counted in them, one with a thread for each sequence.
 */
final class Trace {
  private static final int SCHEDULER = 1;
  private static final int REQUESTS = 2;
  private static final int STEPS_THREAD = 0;

  private final Tables tables;
  private final String title;
  private final long originNanos;
  private final JsonText json;

  Trace(Recording recording, Appendable out) {
    tables = recording.tables();
    title = recording.title();
    originNanos = recording.originNanos();
    json = new JsonText(out);
  }

  void write() throws IOException {
    json.beginObject().name("displayTimeUnit").value("ms").name("traceEvents").beginArray();
    name("process_name", SCHEDULER, STEPS_THREAD, title + ": scheduler");
    name("process_name", REQUESTS, 0, title + ": requests");
    name("thread_name", SCHEDULER, STEPS_THREAD, "steps");
    for (int row = 0; row < tables.steps.numRows(); row++) {
      writeStep(row);
      writeCounters(row);
    }
    for (int row = 0; row < tables.sequences.numRows(); row++) {
      writeSequence(row);
    }
    for (int row = 0; row < tables.waits.numRows(); row++) {
      writeWait(row);
    }
    for (int row = 0; row < tables.runs.numRows(); row++) {
      writeRun(row);
    }
    for (int row = 0; row < tables.preemptions.numRows(); row++) {
      writePreemption(row);
    }
    json.endArray().endObject();
  }

  // ---- steps

  private void writeStep(int row) throws IOException {
    begin("step " + step(StepColumn.STEP_ID, row), SCHEDULER, STEPS_THREAD);
    during(step(StepColumn.BEGAN_AT, row), step(StepColumn.ENDED_AT, row));
    json.name("args").beginObject();
    argument("numRows", step(StepColumn.NUM_ROWS, row));
    argument("numPrefillTokens", step(StepColumn.NUM_PREFILL_TOKENS, row));
    argument("numRecomputedTokens", step(StepColumn.NUM_RECOMPUTED_TOKENS, row));
    argument("numDecodeTokens", step(StepColumn.NUM_DECODE_TOKENS, row));
    argument("numDraftTokens", step(StepColumn.NUM_DRAFT_TOKENS, row));
    argument("numCachedTokens", step(StepColumn.NUM_CACHED_TOKENS, row));
    argument("deviceNanos", step(StepColumn.DEVICE_NANOS, row));
    json.name("outcome").value(StepOutcome.values()[(int) step(StepColumn.OUTCOME, row)].name());
    json.name("waitCause").value(WaitCause.values()[(int) step(StepColumn.WAIT_CAUSE, row)].name());
    json.endObject().endObject();
  }

  private void writeCounters(int row) throws IOException {
    beginCounter("tokens", row);
    argument("prefill", step(StepColumn.NUM_PREFILL_TOKENS, row));
    argument("recomputed", step(StepColumn.NUM_RECOMPUTED_TOKENS, row));
    argument("decode", step(StepColumn.NUM_DECODE_TOKENS, row));
    json.endObject().endObject();
    beginCounter("sequences", row);
    argument("running", step(StepColumn.NUM_RUNNING, row));
    argument("waiting", step(StepColumn.NUM_WAITING, row));
    json.endObject().endObject();
    beginCounter("KV blocks held, millionths", row);
    argument("held", step(StepColumn.KV_MILLIONTHS, row));
    json.endObject().endObject();
  }

  private long step(StepColumn column, int row) {
    return tables.steps.get(column, row);
  }

  private void beginCounter(String name, int row) throws IOException {
    json.beginObject().name("ph").value("C").name("name").value(name)
        .name("pid").value(SCHEDULER).name("tid").value(STEPS_THREAD)
        .name("ts").micros(step(StepColumn.PLANNED_AT, row) - originNanos)
        .name("args").beginObject();
  }

  // ---- sequences

  private void writeSequence(int row) throws IOException {
    long sample = tables.sequences.get(SequenceColumn.SAMPLE_INDEX, row);
    boolean isOne = tables.sequences.get(SequenceColumn.NUM_SAMPLES, row) == 1;
    name("thread_name", REQUESTS, row, "request "
        + tables.sequences.get(SequenceColumn.REQUEST_ID, row) + (isOne ? "" : "/" + sample));
    json.beginObject().name("ph").value("M").name("name").value("thread_sort_index")
        .name("pid").value(REQUESTS).name("tid").value(row)
        .name("args").beginObject().name("sort_index").value(row).endObject().endObject();
    long firstToken = tables.sequences.get(SequenceColumn.FIRST_TOKEN_AT, row);
    if (firstToken != NEVER) {
      instant("first token", row, firstToken).endObject();
    }
    long finished = tables.sequences.get(SequenceColumn.FINISHED_AT, row);
    if (finished != NEVER) {
      int reason = (int) tables.sequences.get(SequenceColumn.FINISH_REASON, row);
      instant("finish: " + FinishReason.values()[reason], row, finished).name("args").beginObject();
      argument("numOutputTokens", tables.sequences.get(SequenceColumn.NUM_OUTPUT_TOKENS, row));
      json.endObject().endObject();
    }
  }

  private void writeWait(int row) throws IOException {
    WaitKind kind = WaitKind.values()[(int) tables.waits.get(WaitColumn.KIND, row)];
    long endedAt = tables.waits.get(WaitColumn.ENDED_AT, row);
    long beganAt = Math.max(tables.waits.get(WaitColumn.BEGAN_AT, row), endOfLastRow(row, kind));
    begin(kind.name(), REQUESTS, tables.waits.get(WaitColumn.SEQUENCE, row));
    during(Math.min(beganAt, endedAt), endedAt);
    json.endObject();
  }

  /** With steps in flight a wait begins before the last row has ended; events must not overlap. */
  private long endOfLastRow(int row, WaitKind kind) {
    long lastStep = tables.waits.get(WaitColumn.FIRST_STEP, row) - 1 - tables.firstStep;
    boolean isFirstWait = kind == WaitKind.QUEUED || kind == WaitKind.SHARED_PROMPT;
    return isFirstWait || lastStep < 0 ? NEVER : step(StepColumn.ENDED_AT, (int) lastStep);
  }

  private void writeRun(int row) throws IOException {
    RunKind kind = RunKind.values()[(int) tables.runs.get(RunColumn.KIND, row)];
    int first = (int) Math.max(0, tables.runs.get(RunColumn.FIRST_STEP, row) - tables.firstStep);
    int last = (int) (tables.runs.get(RunColumn.LAST_STEP, row) - tables.firstStep);
    begin(kind.name(), REQUESTS, tables.runs.get(RunColumn.SEQUENCE, row));
    during(step(StepColumn.BEGAN_AT, first), step(StepColumn.ENDED_AT, last));
    json.name("args").beginObject();
    argument("firstStepId", step(StepColumn.STEP_ID, first));
    argument("lastStepId", step(StepColumn.STEP_ID, last));
    argument("startPosition", tables.runs.get(RunColumn.START_POSITION, row));
    argument("numTokens", tables.runs.get(RunColumn.NUM_TOKENS, row));
    json.endObject().endObject();
  }

  private void writePreemption(int row) throws IOException {
    ColumnTable<PreemptionColumn> preemptions = tables.preemptions;
    int reason = (int) preemptions.get(PreemptionColumn.REASON, row);
    instant("preempted: " + PreemptReason.values()[reason],
        preemptions.get(PreemptionColumn.SEQUENCE, row),
        preemptions.get(PreemptionColumn.PREEMPTED_AT, row)).name("args").beginObject();
    argument("forRequestId", preemptions.get(PreemptionColumn.FOR_REQUEST_ID, row));
    argument("numTokensToRecompute",
        preemptions.get(PreemptionColumn.NUM_TOKENS_TO_RECOMPUTE, row));
    argument("numBlocksReleased", preemptions.get(PreemptionColumn.NUM_BLOCKS_RELEASED, row));
    json.endObject().endObject();
  }

  // ---- events

  private void name(String what, int process, long thread, String name) throws IOException {
    json.beginObject().name("ph").value("M").name("name").value(what)
        .name("pid").value(process).name("tid").value(thread)
        .name("args").beginObject().name("name").value(name).endObject().endObject();
  }

  private void begin(String name, int process, long thread) throws IOException {
    json.beginObject().name("ph").value("X").name("name").value(name)
        .name("pid").value(process).name("tid").value(thread);
  }

  private void during(long beganAt, long endedAt) throws IOException {
    json.name("ts").micros(beganAt - originNanos).name("dur").micros(endedAt - beganAt);
  }

  private JsonText instant(String name, long thread, long at) throws IOException {
    return json.beginObject().name("ph").value("i").name("s").value("t").name("name").value(name)
        .name("pid").value(REQUESTS).name("tid").value(thread)
        .name("ts").micros(at - originNanos);
  }

  private void argument(String name, long value) throws IOException {
    json.name(name).value(value);
  }
}
