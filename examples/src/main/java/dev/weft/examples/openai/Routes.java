package dev.weft.examples.openai;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.weft.engine.WeftEngine;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Finds who serves a path, and turns whatever goes wrong into an error of the API. */
final class Routes implements HttpHandler {
  private static final Logger LOGGER = System.getLogger(Routes.class.getName());
  private static final String MODELS = "/v1/models";

  private final WeftEngine engine;
  private final ServedModel model;
  private final CompletionsHandler completions;
  private final Supplier<String> metrics;
  private final long startSeconds = Instant.now().getEpochSecond();
  /** As many permits as can be; whoever serves holds one. */
  private final Semaphore idle = new Semaphore(Integer.MAX_VALUE);

  /** @param metrics gives the text for Prometheus, empty for none */
  Routes(WeftEngine engine, ServedModel model, CompletionsHandler completions,
      Supplier<String> metrics) {
    this.engine = engine;
    this.model = model;
    this.completions = completions;
    this.metrics = metrics;
  }

  /** Waits until nobody is being served; false when the time is over before. */
  boolean awaitIdle(long maxSeconds) throws InterruptedException {
    if (!idle.tryAcquire(Integer.MAX_VALUE, maxSeconds, TimeUnit.SECONDS)) {
      return false;
    }
    idle.release(Integer.MAX_VALUE);
    return true;
  }

  @Override public void handle(HttpExchange exchange) {
    idle.acquireUninterruptibly();
    try {
      serve(exchange);
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "a client has gone", e);
    } finally {
      exchange.close();
      idle.release();
    }
  }

  private void serve(HttpExchange exchange) throws IOException {
    try {
      route(exchange);
    } catch (ApiException e) {
      Responses.sendError(exchange, e.error());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Responses.sendError(exchange, ApiError.unavailable("the server stops"));
    } catch (RuntimeException | Error e) {
      LOGGER.log(Level.ERROR, exchange.getRequestURI() + " failed", e);
      Responses.sendError(exchange, ApiError.internal());
    }
  }

  private void route(HttpExchange exchange)
      throws IOException, ApiException, InterruptedException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/v1/completions")) {
      require(exchange, "POST");
      completions.handle(exchange);
    } else if (path.equals(MODELS)) {
      require(exchange, "GET");
      Responses.send(exchange, 200,
          ApiJson.models(List.of(ApiJson.model(model.name(), startSeconds))));
    } else if (path.startsWith(MODELS + "/")) {
      require(exchange, "GET");
      sendModel(exchange, path.substring(MODELS.length() + 1));
    } else if (path.equals("/health")) {
      require(exchange, "GET");
      Responses.send(exchange, engine.health().isReady() ? 200 : 503, ApiJson.health(engine));
    } else if (path.equals("/metrics")) {
      require(exchange, "GET");
      Responses.sendMetrics(exchange, metrics.get());
    } else {
      throw new ApiException(ApiError.unknownPath(exchange.getRequestMethod(), path));
    }
  }

  private void sendModel(HttpExchange exchange, String name) throws IOException, ApiException {
    if (!name.equals(model.name())) {
      throw new ApiException(ApiError.unknownModel(name));
    }
    Responses.send(exchange, 200, ApiJson.model(name, startSeconds));
  }

  private static void require(HttpExchange exchange, String method) throws ApiException {
    String asked = exchange.getRequestMethod();
    boolean isHeadOfGet = asked.equals("HEAD") && method.equals("GET");
    if (!asked.equals(method) && !isHeadOfGet) {
      exchange.getResponseHeaders().set("Allow", method);
      throw new ApiException(
          ApiError.wrongMethod(asked, exchange.getRequestURI().getPath(), method));
    }
  }
}
