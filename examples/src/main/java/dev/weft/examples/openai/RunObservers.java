package dev.weft.examples.openai;

import dev.weft.engine.WeftEngineBuilder;
import dev.weft.engine.timeline.Timeline;
import dev.weft.schedulerapi.SchedulerLimits;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What watches a run: a timeline where one is wanted. */
final class RunObservers {
  private final @Nullable Path file;
  private final Timeline timeline;

  /**
   * Begins a timeline.
   *
   * @param file for the timeline; null for none
   */
  RunObservers(String modelName, SchedulerLimits limits, @Nullable Path file) {
    this.file = file;
    timeline = Timeline.builder().title("OpenAiServer, model " + modelName).limits(limits).build();
  }

  /** Lets them hear what the engine does. */
  WeftEngineBuilder addTo(WeftEngineBuilder engine) {
    return file == null ? engine : engine.listener(timeline);
  }

  /** Writes the timeline where one is wanted, and says so. */
  void writeTimeline(PrintStream out) {
    if (file == null) {
      return;
    }
    try {
      timeline.writeHtml(file);
      out.println("the timeline is in " + file);
    } catch (IOException e) {
      out.println("the timeline could not be written: " + e);
    }
  }
}
