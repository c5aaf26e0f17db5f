package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Paths, methods, headers, and the form of errors. */
class ApiProtocolTest {
  private static ApiHarness harness;

  @BeforeAll static void open() {
    harness = ApiHarness.open();
  }

  @AfterAll static void close() {
    harness.close();
  }

  @Test void theModelIsListedUnderTheNameOfItsFolder() {
    JsonNode models = ApiHarness.json(harness.get("/v1/models").body());
    JsonNode model = ApiHarness.json(harness.get("/v1/models/target").body());

    assertThat(models.get("object").textValue()).isEqualTo("list");
    assertThat(models.get("data")).containsExactly(model);
    assertThat(model.get("id").textValue()).isEqualTo("target");
    assertThat(model.get("object").textValue()).isEqualTo("model");
    assertThat(model.get("created").isIntegralNumber()).isTrue();
    assertThat(model.get("owned_by").textValue()).isEqualTo("weft");
  }

  @Test void healthIsTold() {
    HttpResponse<String> response = harness.get("/health");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(ApiHarness.json(response.body()).get("status").textValue()).isEqualTo("SERVING");
  }

  @Test void metricsAreText() {
    HttpResponse<String> response = harness.get("/metrics");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(response.body()).isEqualTo("weft 1\n");
  }

  @Test void headIsAnsweredAsGetWithoutABody() {
    HttpResponse<String> response = harness.send("HEAD", "/health", "");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEmpty();
  }

  @Test void aWrongRequestIsTold() {
    assertError(harness.post("{'model':'target','prompt':'a','n':0}"), 400,
        "invalid_request_error", null, "n");
    assertError(harness.post("{'model':'target'"), 400, "invalid_request_error", null, null);
    assertError(harness.post("{'model':'gpt-4','prompt':'a'}"), 404, "invalid_request_error",
        "model_not_found", "model");
    assertError(harness.get("/v1/models/gpt-4"), 404, "invalid_request_error",
        "model_not_found", "model");
    assertError(harness.get("/v1/chat/completions"), 404, "invalid_request_error",
        "unknown_url", null);
    assertError(harness.get("/"), 404, "invalid_request_error", "unknown_url", null);
  }

  @Test void aWrongMethodIsToldWithTheRightOne() {
    HttpResponse<String> get = harness.get("/v1/completions");
    HttpResponse<String> post = harness.send("POST", "/v1/models", "{}");

    assertError(get, 405, "invalid_request_error", "method_not_supported", null);
    assertThat(get.headers().firstValue("Allow")).hasValue("POST");
    assertError(post, 405, "invalid_request_error", "method_not_supported", null);
    assertThat(post.headers().firstValue("Allow")).hasValue("GET");
  }

  @Test void aBodyThatIsTooLargeIsRefusedAndTheNextRequestIsServed() {
    String prompt = "x".repeat(CompletionsHandler.MAX_BODY_BYTES);

    assertError(harness.post("{'model':'target','prompt':'" + prompt + "'}"), 413,
        "invalid_request_error", "request_too_large", null);
    assertThat(harness.get("/health").statusCode()).isEqualTo(200);
  }

  @Test void theBodyMustCallItselfJson() throws IOException {
    String body = "{}";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), harness.port())) {
      socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\n"
          + "Content-Type: text/plain\r\nConnection: close\r\nContent-Length: " + body.length()
          + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      String response = new String(in.readAllBytes(), StandardCharsets.UTF_8);

      assertThat(response).startsWith("HTTP/1.1 415 ").contains("unsupported_media_type");
    }
  }

  @Test void errorsSurviveTextThatHasNoUtf8Form() {
    HttpResponse<String> response = harness.post("{'model':'\\ud800','prompt':'a'}");

    assertError(response, 404, "invalid_request_error", "model_not_found", "model");
    assertThat(response.body()).contains("\\\"?\\\"");
  }

  private static void assertError(HttpResponse<String> response, int status, String type,
      String code, String param) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    JsonNode error = ApiHarness.json(response.body()).get("error");
    assertThat(error.get("type").textValue()).isEqualTo(type);
    assertThat(error.get("code").textValue()).isEqualTo(code);
    assertThat(error.get("param").textValue()).isEqualTo(param);
    assertThat(error.get("message").textValue()).isNotEmpty();
  }
}
