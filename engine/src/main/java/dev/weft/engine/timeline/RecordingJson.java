package dev.weft.engine.timeline;

import static dev.weft.engine.timeline.ColumnTable.NEVER;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.SchedulerLimits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a recording as one JSON object: tables as an array for each column, ordinals beside the
 * names they stand for, times in nanoseconds from the origin, null for those that never came.
 */
final class RecordingJson {
  private final Recording recording;
  private final long originNanos;
  private final JsonText json;

  RecordingJson(Recording recording, Appendable out) {
    this.recording = recording;
    originNanos = recording.originNanos();
    json = new JsonText(out);
  }

  void write() throws IOException {
    Tables tables = recording.tables();
    json.beginObject();
    json.name("title").value(recording.title());
    json.name("firstStep").value(tables.firstStep);
    json.name("numDroppedSequences").value(tables.numDroppedSequences);
    json.name("numMissingRows").value(tables.numMissingRows);
    writeLimits();
    writeNames();
    json.name("tenants").values(tables.tenants);
    writeFailures(tables.failures);
    write("steps", tables.steps);
    write("sequences", tables.sequences);
    write("waits", tables.waits);
    write("runs", tables.runs);
    write("preemptions", tables.preemptions);
    json.endObject();
  }

  private void writeLimits() throws IOException {
    SchedulerLimits limits = recording.limits();
    json.name("limits").beginObject();
    if (limits != null) {
      json.name("maxNumSeqs").value(limits.maxNumSeqs());
      json.name("maxNumBatchedTokens").value(limits.maxNumBatchedTokens());
      json.name("maxNumWaiting").value(limits.maxNumWaiting());
      json.name("maxInFlight").value(limits.maxInFlight());
    }
    json.endObject();
  }

  private void writeNames() throws IOException {
    json.name("names").beginObject();
    writeNames("outcome", StepOutcome.values());
    writeNames("waitCause", WaitCause.values());
    writeNames("waitKind", WaitKind.values());
    writeNames("runKind", RunKind.values());
    writeNames("finishReason", FinishReason.values());
    writeNames("preemptReason", PreemptReason.values());
    writeNames("blockReason", BlockReason.values());
    json.endObject();
  }

  private void writeNames(String name, Enum<?>[] constants) throws IOException {
    json.name(name).values(Arrays.stream(constants).map(Enum::name).toList());
  }

  private void writeFailures(List<Tables.Failure> failures) throws IOException {
    json.name("failures").beginArray();
    for (Tables.Failure failure : failures) {
      json.beginObject().name("step").value(failure.step())
          .name("message").value(failure.message()).endObject();
    }
    json.endArray();
  }

  private <C extends Enum<C>> void write(String name, ColumnTable<C> table) throws IOException {
    json.name(name).beginObject();
    for (C column : table.columns()) {
      boolean isTime = column.name().endsWith("_AT");
      json.name(camelCase(column.name())).beginArray();
      for (int row = 0; row < table.numRows(); row++) {
        long value = table.get(column, row);
        if (isTime && value == NEVER) {
          json.nothing();
        } else {
          json.value(isTime ? value - originNanos : value);
        }
      }
      json.endArray();
    }
    json.endObject();
  }

  /** {@code NUM_ROWS} becomes {@code numRows}. */
  private static String camelCase(String constant) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < constant.length(); i++) {
      boolean isWordBegin = i > 0 && constant.charAt(i - 1) == '_';
      char c = constant.charAt(i);
      if (c != '_') {
        name.append(isWordBegin ? c : Character.toLowerCase(c));
      }
    }
    return name.toString();
  }
}
