package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.engine.WeftEngine;
import dev.weft.engine.WeftEngineBuilder;
import dev.weft.gpuexecutor.HostExecutor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The API on a free port of this machine, and a client. Requests are written with {@code '}. */
final class ApiHarness implements AutoCloseable {
  static final Duration BOUND = Duration.ofSeconds(60);
  static final ObjectMapper JSON = new ObjectMapper();

  private static final InetSocketAddress LOOPBACK =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  final GatedExecutor executor;
  final WeftEngine engine;
  final HttpApi api;
  private final HttpClient client = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1).connectTimeout(BOUND).build();

  private ApiHarness(int maxNumRows, int maxNumWaiting, Duration timeout) {
    executor = new GatedExecutor(HostExecutor.builder(TestModel.WEIGHTS)
        .numThreads(2).maxNumRows(maxNumRows).numBlocks(1025).build());
    engine = WeftEngine.builder(executor)
        .limits(WeftEngineBuilder.limitsFor(executor.spec()).maxNumWaiting(maxNumWaiting).build())
        .build();
    try {
      api = new HttpApi(engine, TestModel.MODEL, LOOPBACK, timeout,
          Duration.ofMillis(20), () -> "weft 1\n");
    } catch (IOException e) {
      engine.close();
      throw new UncheckedIOException(e);
    }
    engine.start();
    api.start();
  }

  static ApiHarness open() {
    return new ApiHarness(64, 1024, HttpApi.TIMEOUT);
  }

  static ApiHarness withRoomFor(int maxNumRows, int maxNumWaiting) {
    return new ApiHarness(maxNumRows, maxNumWaiting, HttpApi.TIMEOUT);
  }

  static ApiHarness withTimeout(Duration timeout) {
    return new ApiHarness(64, 1024, timeout);
  }

  // ---- asking

  HttpResponse<String> get(String path) {
    return send("GET", path, "");
  }

  HttpResponse<String> send(String method, String path, String body) {
    return join(client.sendAsync(request(path).method(method, body.isEmpty()
        ? BodyPublishers.noBody() : BodyPublishers.ofString(quoted(body))).build(),
        BodyHandlers.ofString()));
  }

  HttpResponse<String> post(String body) {
    return join(postAsync(body));
  }

  CompletableFuture<HttpResponse<String>> postAsync(String body) {
    return postAsItIs(quoted(body));
  }

  /** With {@code '} as it stands. */
  CompletableFuture<HttpResponse<String>> postAsItIs(String body) {
    return client.sendAsync(request("/v1/completions")
        .POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
  }

  /** The whole answer to a request that succeeds. */
  JsonNode complete(String fields) {
    HttpResponse<String> response = post("{'model':'target'," + fields + "}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return json(response.body());
  }

  /** The events of a stream that succeeds. */
  List<JsonNode> stream(String fields) {
    HttpResponse<String> response = post("{'model':'target','stream':true," + fields + "}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("text/event-stream; charset=utf-8");
    assertThat(response.body()).endsWith("data: [DONE]\n\n");
    return events(response.body());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(BOUND).header("Content-Type", "application/json");
  }

  int port() {
    return api.address().getPort();
  }

  /** Opens a connection, sends a request on it, and waits for a text in the answer. */
  Socket connect(String body, String awaited) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout((int) BOUND.toMillis());
    byte[] bytes = quoted(body).getBytes(StandardCharsets.UTF_8);
    socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\n"
        + "Content-Type: application/json\r\nContent-Length: " + bytes.length + "\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(bytes);
    InputStream in = socket.getInputStream();
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(awaited) < 0) {
      int next = in.read();
      assertThat(next).as("the stream ended after %s", seen).isNotNegative();
      seen.append((char) next);
    }
    return socket;
  }

  // ---- looking

  static String quoted(String body) {
    return body.replace('\'', '"');
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The objects of a stream; comments and the mark of the end are left out. */
  static List<JsonNode> events(String stream) {
    List<JsonNode> events = new ArrayList<>();
    for (String event : stream.split("\n\n", -1)) {
      if (event.startsWith("data: {")) {
        events.add(json(event.substring("data: ".length())));
      }
    }
    return events;
  }

  /** The text of a choice, put together from a stream. */
  static String text(List<JsonNode> events, int index) {
    StringBuilder text = new StringBuilder();
    for (JsonNode event : events) {
      for (JsonNode choice : event.get("choices")) {
        if (choice.get("index").intValue() == index) {
          text.append(choice.get("text").textValue());
        }
      }
    }
    return text.toString();
  }

  static <T> T join(CompletableFuture<T> future) {
    return future.orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
  }

  void awaitLive(int numRequests) {
    await(() -> "live requests to become " + numRequests + ", they are "
        + engine.numLiveRequests(), () -> engine.numLiveRequests() == numRequests);
  }

  static void await(String what, BooleanSupplier condition) {
    await(() -> what, condition);
  }

  private static void await(Supplier<String> what, BooleanSupplier condition) {
    long endNanos = System.nanoTime() + BOUND.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(() -> "waiting for " + what.get()).isLessThan(endNanos);
      LockSupport.parkNanos(100_000);
    }
  }

  @Override public void close() {
    executor.open();
    api.close();
    engine.close();
  }
}
