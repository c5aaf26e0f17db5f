package dev.weft.engine.timeline;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.PreemptReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.SchedulerStats;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Records one scheduler from its start, and writes what happened: as a page that explains a run
 * step by step, or as a trace for Perfetto.
 *
 * <pre>{@code
 *   Timeline timeline = Timeline.builder().limits(limits).build();
 *   try (WeftEngine engine = WeftEngine.builder(executor).listener(timeline).build()) {
 *     ...
 *   }
 *   timeline.writeHtml(Path.of("weft-timeline.html"));
 * }</pre>
 *
 * <p>What is kept has a bound, {@link Builder#maxNumSteps}. When it is reached, the oldest quarter
 * of the steps goes, with the requests that had ended by then; the page says how many are missing.
 * So at least the last three quarters of the bound stay, or three eighths where requests, rows or
 * preemptions are so many that they need the room. At most 3,000 bytes of memory for each step of
 * the bound are taken, and no more than is used; as much again while a file is written.
 *
 * <p>The scheduler thread calls the listener's methods; any thread may write, at any time, also
 * while the scheduler runs. A write copies what is kept, during which the scheduler waits, and then
 * needs it no more. What has not ended then is written as it stands.
 */
public final class Timeline implements SchedulerListener {
  private final Object lock = new Object();
  private final String title;
  private final @Nullable SchedulerLimits limits;
  private final Recorder recorder;

  private Timeline(Builder b) {
    title = b.title;
    limits = b.limits;
    recorder = new Recorder(b.maxNumSteps, b.limits);
  }

  /** Starts to describe a timeline; everything has a default. */
  public static Builder builder() {
    return new Builder();
  }

  // ---- what the scheduler tells

  @Override public void onAdd(Request request, long seed, long nowNanos) {
    synchronized (lock) {
      recorder.onAdd(request, seed, nowNanos);
    }
  }

  @Override public void onAdmit(
      long requestId, int sampleIndex, int numCachedTokens, long nowNanos) {
    synchronized (lock) {
      recorder.onAdmit(requestId, sampleIndex, numCachedTokens, nowNanos);
    }
  }

  @Override public void onToken(long requestId, int sampleIndex, int outputIndex, int token,
      long nowNanos) {
    synchronized (lock) {
      recorder.onToken(requestId, sampleIndex, outputIndex, token, nowNanos);
    }
  }

  @Override public void onPreempt(long requestId, int sampleIndex, long forRequestId,
      PreemptReason reason, int numTokensToRecompute, int numBlocksReleased, long nowNanos) {
    synchronized (lock) {
      recorder.onPreempt(requestId, sampleIndex, forRequestId, reason, numTokensToRecompute,
          numBlocksReleased, nowNanos);
    }
  }

  @Override public void onFinish(long requestId, int sampleIndex, FinishReason reason,
      int numOutputTokens, long nowNanos) {
    synchronized (lock) {
      recorder.onFinish(requestId, sampleIndex, reason, numOutputTokens, nowNanos);
    }
  }

  @Override public void onPlan(StepPlan plan, SchedulerStats stats, long nowNanos) {
    synchronized (lock) {
      recorder.onPlan(plan, stats, nowNanos);
    }
  }

  @Override public void onResult(StepResult result, SchedulerStats stats, long nowNanos) {
    synchronized (lock) {
      recorder.onResult(result, stats, nowNanos);
    }
  }

  // ---- files

  /**
   * Writes the page, or replaces it: one file that refers to nothing outside itself.
   *
   * @throws IOException as writing does; a part of the page may be there then
   */
  public void writeHtml(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      writeHtml(out);
    }
  }

  /** Writes the page to where the caller likes, in many small pieces of ASCII and UTF-8 text. */
  public void writeHtml(Appendable out) throws IOException {
    Page.write(recording(), out);
  }

  /**
   * Writes a trace in Chrome's trace-event format, which {@code ui.perfetto.dev} opens.
   *
   * @throws IOException as writing does; a part of the trace may be there then
   */
  public void writeTrace(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      writeTrace(out);
    }
  }

  /** Writes the trace to where the caller likes, in many small pieces of ASCII. */
  public void writeTrace(Appendable out) throws IOException {
    new Trace(recording(), out).write();
  }

  Recording recording() {
    synchronized (lock) {
      return new Recording(title, limits, recorder.snapshot());
    }
  }

  /** Collects what a timeline is to be like. */
  public static final class Builder {
    private static final int MIN_NUM_STEPS = 16;
    private static final int MAX_NUM_STEPS = 1 << 20;
    private String title = "Weft timeline";
    private @Nullable SchedulerLimits limits;
    private int maxNumSteps = 16_384;

    private Builder() {}

    /** Headline of the page; default "Weft timeline". */
    public Builder title(String value) {
      title = Objects.requireNonNull(value, "title");
      return this;
    }

    /**
     * The limits of the scheduler: with them the page tells a full batch and a spent token budget
     * from other causes of waiting, and draws both.
     */
    public Builder limits(SchedulerLimits value) {
      limits = Objects.requireNonNull(value, "limits");
      return this;
    }

    /** Most steps kept at once, 16 to 1,048,576; default 16,384. */
    public Builder maxNumSteps(int value) {
      if (value < MIN_NUM_STEPS || value > MAX_NUM_STEPS) {
        throw new IllegalArgumentException("maxNumSteps is " + value + ", must be "
            + MIN_NUM_STEPS + " to " + MAX_NUM_STEPS);
      }
      maxNumSteps = value;
      return this;
    }

    public Timeline build() {
      return new Timeline(this);
    }
  }
}
