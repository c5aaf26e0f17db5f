package dev.weft.examples.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Writes server-sent events. Every method sends at once, and throws {@link IOException} when the
 * client has gone: mostly at the second write behind that, since the first still finds room in the
 * buffers of the network.
 */
final class EventStream {
  private final OutputStream out;
  private final long maxSilenceNanos;
  private long lastWriteNanos;

  /**
   * Sends the status and the headers.
   *
   * @param maxSilence see {@link #breakSilence}
   */
  EventStream(HttpExchange exchange, Duration maxSilence) throws IOException {
    maxSilenceNanos = maxSilence.toNanos();
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
    exchange.getResponseHeaders().set("Cache-Control", "no-cache");
    exchange.sendResponseHeaders(200, 0); // 0 means: in chunks, as many as there will be.
    out = exchange.getResponseBody();
    send("");
  }

  void event(JsonNode data) throws IOException {
    out.write("data: ".getBytes(StandardCharsets.US_ASCII));
    out.write(ApiJson.bytes(data)); // One line: line breaks inside strings are escaped.
    send("\n\n");
  }

  /** Sends a comment, which clients skip, when nothing was sent for the longest silence. */
  void breakSilence() throws IOException {
    if (System.nanoTime() - lastWriteNanos >= maxSilenceNanos) {
      send(": waiting\n\n");
    }
  }

  /** The mark behind the last event of a whole answer. */
  void done() throws IOException {
    send("data: [DONE]\n\n");
  }

  private void send(String ascii) throws IOException {
    out.write(ascii.getBytes(StandardCharsets.US_ASCII));
    out.flush();
    lastWriteNanos = System.nanoTime();
  }
}
