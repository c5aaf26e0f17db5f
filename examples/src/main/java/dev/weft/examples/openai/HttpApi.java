package dev.weft.examples.openai;

import com.sun.net.httpserver.HttpServer;
import dev.weft.engine.DrainReport;
import dev.weft.engine.WeftEngine;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The API over a started engine, on the HTTP server of the JDK. Every connection has a platform
 * thread while it is served, so there are at most as many of both.
 */
final class HttpApi implements AutoCloseable {
  /** Longest time that a request may take, waiting included. */
  static final Duration TIMEOUT = Duration.ofMinutes(10);
  /** Longest silence of a stream. */
  static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final int MAX_NUM_CONNECTIONS = 1024;
  private static final int KEEP_THREAD_SECONDS = 30;
  private static final int MAX_LAST_WRITES_SECONDS = 10;

  static {
    // Read once, when the classes of the server are loaded; what the command line says stays.
    Map.of(
        // Else a small event waits for the client's acknowledgement of the one before.
        "sun.net.httpserver.nodelay", "true",
        "jdk.httpserver.maxConnections", String.valueOf(MAX_NUM_CONNECTIONS),
        // Else the 201st connection that waits for its next request is closed.
        "sun.net.httpserver.maxIdleConnections", String.valueOf(MAX_NUM_CONNECTIONS),
        // Seconds for sending a request, and for reading an answer.
        "sun.net.httpserver.maxReqTime", "60",
        "sun.net.httpserver.maxRspTime", String.valueOf(TIMEOUT.toSeconds() + 60))
        .forEach((name, value) -> System.getProperties().putIfAbsent(name, value));
  }

  private final WeftEngine engine;
  private final HttpServer server;
  private final ThreadPoolExecutor threads;
  private final Routes routes;

  /**
   * Opens the port; nobody is served before {@link #start}.
   *
   * @param engine  started; stays the caller's
   * @param address port 0 for any free one
   * @param timeout and heartbeat: {@link #TIMEOUT} and {@link #HEARTBEAT}, but for tests
   * @param metrics gives the text for Prometheus
   */
  HttpApi(WeftEngine engine, ServedModel model, InetSocketAddress address, Duration timeout,
      Duration heartbeat, Supplier<String> metrics) throws IOException {
    this.engine = engine;
    routes = new Routes(
        engine, model, new CompletionsHandler(engine, model, timeout, heartbeat), metrics);
    // Its queue is bounded by the connections.
    threads = new ThreadPoolExecutor(MAX_NUM_CONNECTIONS, MAX_NUM_CONNECTIONS,
        KEEP_THREAD_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    threads.allowCoreThreadTimeOut(true);
    server = HttpServer.create(address, MAX_NUM_CONNECTIONS);
    server.createContext("/", routes);
    server.setExecutor(threads);
  }

  HttpApi start() {
    server.start();
    return this;
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  /**
   * Lets clients that are served have their answers, and refuses all others; what takes longer is
   * cut off, and its clients are told.
   *
   * @return what became of the requests that lived
   */
  DrainReport drain(Duration timeout) throws InterruptedException {
    DrainReport report = engine.drain(timeout).toCompletableFuture().join();
    routes.awaitIdle(MAX_LAST_WRITES_SECONDS);
    return report;
  }

  /** Closes the port and all connections. */
  @Override public void close() {
    server.stop(0);
    threads.shutdown();
  }
}
