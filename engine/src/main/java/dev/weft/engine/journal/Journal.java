package dev.weft.engine.journal;

import dev.weft.schedulerapi.SchedulerListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a {@link FlightRecorder} wrote. A file that ends too early, because whoever wrote it died,
 * is read as far as it goes; one with wrong bytes is refused. Immutable.
 */
public final class Journal {
  private final JournalSetup setup;
  private final TokenForm form;
  private final List<Segment> segments;

  Journal(JournalSetup setup, TokenForm form, List<Segment> segments) {
    this.setup = setup;
    this.form = form;
    this.segments = List.copyOf(segments);
  }

  /**
   * Reads a file into memory.
   *
   * @throws JournalFormatException where the file is no journal or is damaged, with the place
   */
  public static Journal read(Path file) throws IOException {
    return JournalFile.read(file);
  }

  /** What was recorded. */
  public JournalSetup setup() {
    return setup;
  }

  /** What is kept of the tokens. */
  public TokenForm tokens() {
    return form;
  }

  /** Bytes of records. */
  public long size() {
    return segments.stream().mapToLong(segment -> segment.records().length).sum();
  }

  /** True when the beginning is there, so that the run can be repeated. */
  public boolean isWhole() {
    return !segments.isEmpty() && segments.get(0).number() == 0;
  }

  /** True when the file ended too early. */
  public boolean isCutOff() {
    return segments.isEmpty() || !segments.get(segments.size() - 1).isComplete();
  }

  /**
   * Tells a listener the recorded decisions, without repeating them: the way to a timeline of a
   * journal that has lost its beginning, or whose policy is not at hand. Requests that were there
   * before are told when they first matter, with the times at which they came and were admitted;
   * prompts are zeros, tokens are -1, plans say rows and nothing of slots, blocks and tokens.
   *
   * @return steps told
   * @throws JournalFormatException when a record makes no sense
   */
  public long tell(SchedulerListener listener) throws JournalFormatException {
    return new Teller(this, listener).tell();
  }

  List<Segment> segments() {
    return segments;
  }
}
