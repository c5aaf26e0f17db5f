package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Answers that are sent whole. */
final class Responses {
  private Responses() {}

  static void send(HttpExchange exchange, int status, JsonNode json) throws IOException {
    send(exchange, status, "application/json", ApiJson.bytes(json));
  }

  /** @param text in the text format of Prometheus */
  static void sendMetrics(HttpExchange exchange, String text) throws IOException {
    send(exchange, 200, "text/plain; version=0.0.4; charset=utf-8",
        text.getBytes(StandardCharsets.UTF_8));
  }

  /** Tells a client what is wrong. Without effect when an answer has begun. */
  static void sendError(HttpExchange exchange, ApiError error) throws IOException {
    if (exchange.getResponseCode() >= 0) {
      return;
    }
    if (error.retryAfterSeconds() > 0) {
      exchange.getResponseHeaders().set("Retry-After", Long.toString(error.retryAfterSeconds()));
    }
    send(exchange, error.status(), ApiJson.error(error));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1); // -1 means: no body.
    } else {
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
