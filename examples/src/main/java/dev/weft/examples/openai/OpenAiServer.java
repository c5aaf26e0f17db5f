package dev.weft.examples.openai;

import dev.weft.engine.DrainReport;
import dev.weft.engine.WeftEngine;
import dev.weft.engine.WeftEngineBuilder;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.SchedulerLimits;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A model behind the OpenAI API: engine, host executor and HTTP server in one process. Stops when
 * the process is told to, and lets clients have their answers first. Options: {@link
 * OpenAiOptions#HELP}.
 */
public final class OpenAiServer implements AutoCloseable {
  private static final int NUM_BLOCKS = 1025;
  private static final int MAX_NUM_ROWS = 64;

  private final ServedModel model;
  private final ExecutorService callbacks;
  private final RunObservers observers;
  private final WeftEngine engine;
  private final HttpApi api;

  /**
   * Starts the engine and opens the port.
   *
   * @throws IOException when the port cannot be opened; everything is closed then
   */
  private OpenAiServer(OpenAiOptions options, HostModel weights, ServedModel model)
      throws IOException {
    this.model = model;
    HostExecutor executor = HostExecutor.builder(weights)
        .numBlocks(NUM_BLOCKS)
        .maxNumRows(MAX_NUM_ROWS)
        .build();
    SchedulerLimits limits = WeftEngineBuilder.limitsFor(executor.spec())
        .maxNumWaiting(options.maxNumWaiting())
        .build();
    observers = new RunObservers(model.name(), executor.spec(), limits, options.timeline());
    // Callbacks only wake the threads of clients, so one thread makes all of them.
    callbacks = Executors.newSingleThreadExecutor(work -> {
      Thread thread = new Thread(work, "weft-callbacks");
      thread.setDaemon(true);
      return thread;
    });
    engine = observers.addTo(WeftEngine.builder(executor).limits(limits))
        .callbackExecutor(callbacks)
        .build()
        .start();
    try {
      api = new HttpApi(engine, model, new InetSocketAddress(options.host(), options.port()),
          HttpApi.TIMEOUT, HttpApi.HEARTBEAT, observers::scrape).start();
    } catch (IOException | RuntimeException e) {
      closeAllBehindTheApi();
      throw e;
    }
  }

  /**
   * Serves until the process is told to stop.
   *
   * @throws IllegalArgumentException when an option is wrong
   */
  public static void main(String... arguments) throws IOException {
    OpenAiOptions options = OpenAiOptions.parse(arguments);
    if (options.isHelp()) {
      System.out.print(OpenAiOptions.HELP);
      return;
    }
    OpenAiServer server = open(options);
    Duration drainTime = Duration.ofSeconds(options.drainSeconds());
    Runtime.getRuntime().addShutdownHook(
        new Thread(() -> server.stop(drainTime, System.out), "weft-shutdown"));
    System.out.println("serving model " + server.model.name() + " at " + server.url());
  }

  /** Loads the model, starts the engine and opens the port. */
  static OpenAiServer open(OpenAiOptions options) throws IOException {
    Path asked = options.model();
    Path folder = asked == null ? ModelFolder.nearest().target() : asked;
    HostModel weights = HostModel.load(folder);
    return new OpenAiServer(options, weights, ServedModel.of(folder, weights));
  }

  /** Where it can be reached. */
  String url() {
    InetSocketAddress address = api.address();
    String host = address.getHostString();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** Finishes what was begun, says what was not, and closes. */
  void stop(Duration drainTime, PrintStream out) {
    try {
      DrainReport report = api.drain(drainTime);
      out.println("stopped: " + report.numFinished() + " requests finished, "
          + report.cutOffRequestIds().size() + " cut off " + report.cutOffRequestIds());
      observers.writeTimeline(out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  /** Cuts everything off. */
  @Override public void close() {
    api.close();
    closeAllBehindTheApi();
  }

  private void closeAllBehindTheApi() {
    engine.close();
    callbacks.shutdown();
    model.close();
  }
}
