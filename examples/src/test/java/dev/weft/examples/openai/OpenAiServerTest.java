package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server, as its command line starts it. */
class OpenAiServerTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @Test void metricsCountWhatWasServed() throws Exception {
    try (OpenAiServer server = OpenAiServer.open(OpenAiOptions.parse("--port", "0"))) {
      String empty = get(server, "/metrics");
      assertThat(empty).contains("vllm:cache_config_info{")
          .contains("block_size=\"16\"").contains("num_gpu_blocks=\"1025\"");
      assertThat(value(empty, "vllm:prompt_tokens_total")).isZero();

      String prompt = "[1,2,3,4,5]";
      post(server, "{'model':'target','prompt':" + prompt + ",'max_tokens':6,"
          + "'logit_bias':{'2':-100}}");

      ApiHarness.await("the metrics of the last step", () ->
          value(get(server, "/metrics"), "vllm:generation_tokens_total") == 6);
      String metrics = get(server, "/metrics");
      assertThat(value(metrics, "vllm:prompt_tokens_total")).isEqualTo(5);
      assertThat(value(metrics, "vllm:num_requests_running")).isZero();
      assertThat(metrics).contains("vllm:time_to_first_token_seconds_bucket{")
          .contains("model_name=\"target\"").contains("gen_ai_server_request_duration_seconds");
    }
  }

  @Test void whoStopsItIsToldWhatBecameOfTheRequests(@TempDir Path folder) throws Exception {
    Path timeline = folder.resolve("run.html");
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    OpenAiServer server = OpenAiServer.open(
        OpenAiOptions.parse("--port", "0", "--timeline", timeline.toString()));
    post(server, "{'model':'target','prompt':'It is','max_tokens':3}");

    server.stop(Duration.ZERO, new PrintStream(said, true, StandardCharsets.UTF_8));

    assertThat(said.toString(StandardCharsets.UTF_8)).isEqualTo(
        "stopped: 0 requests finished, 0 cut off []%nthe timeline is in %s%n".formatted(timeline));
    assertThat(Files.readString(timeline)).startsWith("<!DOCTYPE html>").contains("OpenAiServer");
    assertThatThrownBy(() -> get(server, "/health")).isInstanceOf(RuntimeException.class);
  }

  @Test void aPortThatIsTakenIsToldAtOnce() throws Exception {
    try (OpenAiServer server = OpenAiServer.open(OpenAiOptions.parse("--port", "0"))) {
      String port = String.valueOf(URI.create(server.url()).getPort());

      assertThatThrownBy(() -> OpenAiServer.open(OpenAiOptions.parse("--port", port)))
          .isInstanceOf(BindException.class);
    }
  }

  /** The value of the only line of a metric. */
  private static double value(String metrics, String name) {
    String line = metrics.lines().filter(each -> each.startsWith(name + "{")).findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " in\n" + metrics));
    return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
  }

  private static String get(OpenAiServer server, String path) {
    return send(HttpRequest.newBuilder(URI.create(server.url() + path)).build());
  }

  private static void post(OpenAiServer server, String body) {
    send(HttpRequest.newBuilder(URI.create(server.url() + "/v1/completions"))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(ApiHarness.quoted(body))).build());
  }

  private static String send(HttpRequest request) {
    try {
      var response = CLIENT.send(request, BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      return response.body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
