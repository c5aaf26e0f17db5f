package dev.weft.examples;

import dev.weft.engine.WeftEngine;
import dev.weft.engine.WeftEngineBuilder;
import dev.weft.engine.timeline.Timeline;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.StepExecutor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Serves a small language model to 64 requests that arrive over time, shows it, and compares every
 * output with the same request run alone. Options: {@link ServeOptions#HELP}.
 */
public final class ServeAusten {
  private static final int NUM_THREADS = Math.min(2, Runtime.getRuntime().availableProcessors());

  private final ServeOptions options;
  private final PrintStream out;
  private final UnaryOperator<StepExecutor> wrapping;

  /** @param wrapping puts something around the executor that serves; identity to serve with it */
  ServeAusten(ServeOptions options, PrintStream out, UnaryOperator<StepExecutor> wrapping) {
    this.options = options;
    this.out = out;
    this.wrapping = wrapping;
  }

  /**
   * Runs with the options of a command line.
   *
   * @throws IllegalArgumentException when an option is wrong
   * @throws IllegalStateException when an output differs, or the run did not put them to the test
   */
  public static void main(String... arguments) throws IOException, InterruptedException {
    ServeOptions options = ServeOptions.parse(arguments);
    if (options.isHelp()) {
      System.out.print(ServeOptions.HELP);
    } else {
      new ServeAusten(options, System.out, UnaryOperator.identity()).run().requireSuccess();
    }
  }

  /** Serves, compares and prints. */
  RunReport run() throws IOException, InterruptedException {
    Path asked = options.model();
    ModelFolder folder = asked == null ? ModelFolder.nearest() : new ModelFolder(asked);
    HostModel model = HostModel.load(folder.target());
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder.target())) {
      int[] stopTokenIds = model.eosTokenIds().stream().mapToInt(Integer::intValue).toArray();
      Prompts prompts = Prompts.read(folder, tokenizer);
      ServingExecutor serving = ServingExecutor.of(
          options.executor(), folder.target(), model, numBlocks(), NUM_THREADS);
      Workload.Pace pace =
          serving.isExact() ? Workload.Pace.OF_A_HOST : Workload.Pace.OF_A_GPU;
      List<TimedRequest> requests =
          Workload.of(prompts, options.numRequests(), pace, stopTokenIds);
      if (!serving.remark().isEmpty()) {
        out.println(serving.remark());
      }
      out.printf("serving %d requests with %s and %d KV blocks, fewer than they want%n",
          requests.size(), serving.place(), numBlocks() - 1); // The null block holds nothing.
      RunReport report = serveAndCompare(serving, model, tokenizer, requests);
      new ResultTable(out, report).print();
      Path outputs = options.outputs();
      if (outputs != null) {
        new OutputsFile(tokenizer).write(outputs, report);
        out.println("outputs are in " + outputs);
      }
      if (options.timeline() != null) {
        out.println("the timeline is in " + options.timeline());
      }
      out.println(report.verdict());
      return report;
    }
  }

  private RunReport serveAndCompare(ServingExecutor serving, HostModel model,
      AustenTokenizer tokenizer, List<TimedRequest> requests)
      throws IOException, InterruptedException {
    StepExecutor executor = wrapping.apply(serving.executor());
    long startNanos = System.nanoTime();
    ServedOutputs served = new ServedOutputs(requests, startNanos);
    LiveDisplay display = LiveDisplay.on(out, new LiveStreams(requests, served, tokenizer));
    SchedulerLimits limits = WeftEngineBuilder.limitsFor(executor.spec()).build();
    Timeline timeline = Timeline.builder().title("ServeAusten").limits(limits).build();
    boolean isTimed = options.timeline() != null || options.trace() != null;
    ServingFigures figures;
    try (WeftEngine engine = WeftEngine.builder(executor).limits(limits).listener(served)
        .listener(isTimed ? timeline : SchedulerListener.NONE).build()) {
      figures = new ServingLoop(engine, requests, served, display, startNanos).run();
    } finally {
      write(timeline); // Also of a run that broke off: it shows where.
    }
    try (SoloDecoder alone =
        new SoloDecoder(model, model.maxPositions(), NUM_THREADS, Thread::new)) {
      SoloComparison comparison =
          SoloComparison.of(requests, served, alone, display, serving.tolerance());
      display.end();
      return new RunReport(requests, served, figures, comparison, serving.isExact());
    }
  }

  private void write(Timeline timeline) throws IOException {
    Path page = options.timeline();
    if (page != null) {
      timeline.writeHtml(page);
    }
    Path trace = options.trace();
    if (trace != null) {
      timeline.writeTrace(trace);
    }
  }

  /** More than the longest request takes, and less than all of them want at once. */
  private int numBlocks() {
    return 65 + 5 * options.numRequests() / 2;
  }
}
