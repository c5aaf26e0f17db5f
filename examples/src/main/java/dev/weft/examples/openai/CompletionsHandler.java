package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.weft.engine.WeftEngine;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * {@code POST /v1/completions}: reads the request, lets the engine work on it, and sends the
 * answers whole or as they are made.
 *
 * <p>A client that goes away is noticed by the write that fails; then its request is cancelled. A
 * stream is written to at least once per heartbeat, so it never computes for nobody much longer
 * than that. The HTTP server of the JDK gives no way to look at a connection without writing to it,
 * and an answer that is sent whole must not begin before it is known to be one. So a request
 * without a stream is computed to its end even when nobody waits for it any more; the bounds are
 * {@code max_tokens} and the timeout.
 */
final class CompletionsHandler {
  static final int MAX_BODY_BYTES = 1 << 20;
  private static final int MAX_DISCARDED_BYTES = 16 << 20;

  private final WeftEngine engine;
  private final ServedModel model;
  private final CompletionParser parser;
  private final Duration timeout;
  private final Duration heartbeat;

  /**
   * @param timeout   after which a request is ended
   * @param heartbeat longest silence of a stream
   */
  CompletionsHandler(
      WeftEngine engine, ServedModel model, Duration timeout, Duration heartbeat) {
    this.engine = engine;
    this.model = model;
    this.timeout = timeout;
    this.heartbeat = heartbeat;
    parser = new CompletionParser(model);
  }

  /** Serves one client to the end. */
  void handle(HttpExchange exchange) throws IOException, ApiException, InterruptedException {
    checkIsJson(exchange);
    CompletionRequest request = parser.parse(body(exchange));
    try (Completion completion = Completion.submit(request, engine, model, timeout)) {
      String id = "cmpl-" + UUID.randomUUID().toString().replace("-", "");
      if (request.streams()) {
        stream(exchange, id, request, completion);
      } else {
        answer(exchange, id, completion);
      }
    }
  }

  /** A page in a browser cannot send this type elsewhere without being allowed to. */
  private static void checkIsJson(HttpExchange exchange) throws ApiException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
      throw new ApiException(ApiError.notJson(type));
    }
  }

  private static byte[] body(HttpExchange exchange) throws IOException, ApiException {
    InputStream in = exchange.getRequestBody();
    byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
    if (body.length <= MAX_BODY_BYTES) {
      return body;
    }
    // Who still sends would not see the answer: what it sends is read, to a bound.
    byte[] discarded = new byte[1 << 16];
    long numDiscarded = 0;
    for (int n = in.read(discarded); n >= 0 && numDiscarded < MAX_DISCARDED_BYTES;
        n = in.read(discarded)) {
      numDiscarded += n;
    }
    throw new ApiException(ApiError.bodyTooLarge(MAX_BODY_BYTES));
  }

  private void answer(HttpExchange exchange, String id, Completion completion)
      throws IOException, ApiException, InterruptedException {
    long createdSeconds = Instant.now().getEpochSecond();
    boolean isDone = false;
    while (!isDone) {
      isDone = completion.await(heartbeat);
      ApiError failure = completion.failure();
      if (failure != null) {
        throw new ApiException(failure);
      }
    }
    List<Choice.Piece> pieces = completion.choices().stream().map(Choice::take).toList();
    ObjectNode json = ApiJson.completion(id, createdSeconds, model, pieces);
    json.set("usage", ApiJson.usage(completion.usage()));
    Responses.send(exchange, 200, json);
  }

  private void stream(HttpExchange exchange, String id, CompletionRequest request,
      Completion completion) throws IOException, InterruptedException {
    long createdSeconds = Instant.now().getEpochSecond();
    EventStream events = new EventStream(exchange, heartbeat);
    boolean isDone = false;
    while (!isDone) {
      isDone = completion.await(heartbeat);
      ApiError failure = completion.failure();
      if (failure != null) {
        events.event(ApiJson.error(failure)); // And no mark of a whole answer behind it.
        return;
      }
      for (Choice choice : completion.choices()) {
        if (choice.hasNews()) {
          ObjectNode json = ApiJson.completion(id, createdSeconds, model, List.of(choice.take()));
          if (request.includesUsage()) {
            json.putNull("usage");
          }
          events.event(json);
        }
      }
      events.breakSilence();
    }
    if (request.includesUsage()) {
      ObjectNode json = ApiJson.completion(id, createdSeconds, model, List.of());
      json.set("usage", ApiJson.usage(completion.usage()));
      events.event(json);
    }
    events.done();
  }
}
