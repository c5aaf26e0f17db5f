package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingFile;

/**
 * What Java Flight Recorder saw during the measured minute.
 *
 * @param numCollections     collections of garbage, of any kind
 * @param deoptimisations    of the measured thread: method and reason, and how often
 * @param numCompilations    methods that were compiled, by any of the compilers
 * @param numSafepoints      times that all threads were stopped, for whatever
 */
record MinuteEvents(int numCollections, Map<String, Long> deoptimisations, int numCompilations,
    int numSafepoints) {
  private static final String COLLECTION = "jdk.GarbageCollection";
  private static final String DEOPTIMISATION = "jdk.Deoptimization";
  private static final String COMPILATION = "jdk.Compilation";
  private static final String SAFEPOINT = "jdk.SafepointBegin";

  /** Starts a recording of just these events; the caller closes it. */
  static Recording record() {
    Recording recording = new Recording();
    recording.enable(MinuteEvent.NAME);
    recording.enable(COLLECTION).withoutThreshold();
    recording.enable(DEOPTIMISATION).withoutStackTrace();
    recording.enable(COMPILATION).withoutThreshold();
    recording.enable(SAFEPOINT).withoutThreshold();
    recording.start();
    return recording;
  }

  /**
   * Reads the events that began within the {@link MinuteEvent} of a recording.
   *
   * @throws IllegalStateException when there is not exactly one
   */
  static MinuteEvents read(Path file, String thread) throws IOException {
    List<RecordedEvent> all = RecordingFile.readAllEvents(file);
    List<RecordedEvent> minutes = ofType(all, MinuteEvent.NAME);
    if (minutes.size() != 1) {
      throw new IllegalStateException(
          file + ": " + minutes.size() + " measured minutes, must be 1");
    }
    Instant start = minutes.get(0).getStartTime();
    Instant end = minutes.get(0).getEndTime();
    List<RecordedEvent> events = all.stream()
        .filter(event -> !event.getStartTime().isBefore(start))
        .filter(event -> event.getStartTime().isBefore(end)).toList();
    Map<String, Long> deoptimisations = ofType(events, DEOPTIMISATION).stream()
        .filter(event -> event.getThread() != null)
        .filter(event -> thread.equals(event.getThread().getJavaName()))
        .collect(Collectors.groupingBy(
            MinuteEvents::nameOf, TreeMap::new, Collectors.counting()));
    return new MinuteEvents(ofType(events, COLLECTION).size(), deoptimisations,
        ofType(events, COMPILATION).size(), ofType(events, SAFEPOINT).size());
  }

  private static List<RecordedEvent> ofType(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }

  private static String nameOf(RecordedEvent deoptimisation) {
    RecordedMethod method = deoptimisation.getValue("method");
    return method.getType().getName() + "." + method.getName() + ":"
        + deoptimisation.getInt("lineNumber") + " " + deoptimisation.getString("reason");
  }

  long numDeoptimisations() {
    return deoptimisations.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Whether nothing of ours stopped the thread or threw compiled code away. */
  boolean isCalm() {
    return numCollections == 0 && deoptimisations.isEmpty();
  }
}
