package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.engine.DrainReport;
import dev.weft.schedulerapi.FinishReason;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Clients that go, a full house, and the end of the server. */
class ApiLifeTest {
  private static final String LONG = "{'model':'target','prompt':'It is','max_tokens':900,"
      + "'logit_bias':{'2':-100}";

  @Test void aClientThatGoesCancelsItsStream() throws IOException {
    try (ApiHarness harness = ApiHarness.open()) {
      harness.connect(LONG + ",'stream':true}", "data: {").close();

      harness.awaitLive(0);
      awaitFinished(harness, FinishReason.ABORT, 1);
    }
  }

  @Test void aClientThatGoesBeforeTheFirstTokenIsNoticed() throws IOException {
    try (ApiHarness harness = ApiHarness.open()) {
      harness.executor.shut();
      try (Socket socket = harness.connect(LONG + ",'stream':true}", ": waiting")) {
        assertThat(harness.engine.numLiveRequests()).isEqualTo(1);
        assertThat(socket.isConnected()).isTrue();
      }

      harness.awaitLive(0);
      awaitFinished(harness, FinishReason.ABORT, 1);
    }
  }

  @Test void allSamplesOfAllPromptsAreCancelledTogether() throws IOException {
    try (ApiHarness harness = ApiHarness.open()) {
      harness.connect(LONG.replace("'It is'", "['It is','She was']")
          + ",'n':3,'stream':true}", "data: {").close();

      harness.awaitLive(0);
      awaitFinished(harness, FinishReason.ABORT, 6);
    }
  }

  @Test void aStopStringFreesTheEngine() {
    try (ApiHarness harness = ApiHarness.open()) {
      HttpResponse<String> response = harness.post(LONG + ",'stop':'e'}");

      assertThat(response.statusCode()).isEqualTo(200);
      harness.awaitLive(0);
      awaitFinished(harness, FinishReason.STOP, 1);
      assertThat(harness.engine.stats().numOutputTokens()).isLessThan(100);
    }
  }

  @Test void aFullHouseIsToldWithATimeToComeBack() {
    try (ApiHarness harness = ApiHarness.withRoomFor(2, 3)) {
      harness.executor.shut();
      List<CompletableFuture<HttpResponse<String>>> accepted = new ArrayList<>();
      int numAccepted = 0;
      while (numAccepted == harness.engine.numLiveRequests()) {
        accepted.add(harness.postAsync(shortRequest(numAccepted++)));
        CompletableFuture<?> last = accepted.get(accepted.size() - 1);
        int numSent = numAccepted;
        ApiHarness.await("an answer or a place",
            () -> last.isDone() || harness.engine.numLiveRequests() == numSent);
        assertThat(numAccepted).as("rows, places to wait, and what is on its way").isLessThan(9);
      }
      accepted.remove(accepted.size() - 1);
      assertThat(accepted).hasSizeGreaterThan(3);

      HttpResponse<String> refused = harness.post(shortRequest(5));
      HttpResponse<String> alsoRefused = harness.post(shortRequest(6).replace("}",
          ",'stream':true}"));

      for (HttpResponse<String> response : List.of(refused, alsoRefused)) {
        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(Long.parseLong(response.headers().firstValue("Retry-After").orElseThrow()))
            .isBetween(1L, 60L);
        assertThat(ApiHarness.json(response.body()).at("/error/code").textValue())
            .isEqualTo("rate_limit_exceeded");
      }
      harness.executor.open();
      accepted.forEach(answer ->
          assertThat(ApiHarness.join(answer).statusCode()).isEqualTo(200));
    }
  }

  private static String shortRequest(int seed) {
    return "{'model':'target','prompt':'It is','max_tokens':4,'seed':" + seed + "}";
  }

  @Test void promptsThatFindNoRoomTakeTheOthersBack() {
    try (ApiHarness harness = ApiHarness.withRoomFor(2, 3)) {
      harness.executor.shut();
      HttpResponse<String> refused = harness.post("{'model':'target','prompt':['a','b','c','d',"
          + "'e','f','g','h','i','j','k'],'max_tokens':4}");

      assertThat(refused.statusCode()).isEqualTo(429);
      harness.awaitLive(0);
    }
  }

  @Test void drainingLetsAnswersEndAndRefusesNewOnes() throws Exception {
    try (ApiHarness harness = ApiHarness.open()) {
      harness.executor.shut();
      CompletableFuture<HttpResponse<String>> whole = harness.postAsync(shortRequest(1));
      CompletableFuture<HttpResponse<String>> streamed =
          harness.postAsync(shortRequest(2).replace("}", ",'stream':true}"));
      harness.awaitLive(2);
      CompletableFuture<DrainReport> drained = CompletableFuture.supplyAsync(() -> {
        try {
          return harness.api.drain(ApiHarness.BOUND);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      });
      ApiHarness.await("draining", () -> !harness.engine.health().isReady());

      HttpResponse<String> health = harness.get("/health");
      assertThat(health.statusCode()).isEqualTo(503);
      assertThat(ApiHarness.json(health.body()).get("status").textValue()).isEqualTo("DRAINING");
      HttpResponse<String> late = harness.post(shortRequest(3));
      assertThat(late.statusCode()).isEqualTo(503);
      assertThat(late.headers().firstValue("Retry-After")).isEmpty();

      harness.executor.open();
      assertThat(ApiHarness.join(whole).statusCode()).isEqualTo(200);
      assertThat(ApiHarness.join(streamed).body()).endsWith("data: [DONE]\n\n");
      assertThat(ApiHarness.join(drained)).isEqualTo(new DrainReport(2, List.of()));
    }
  }

  @Test void whatIsCutOffByTheDrainIsNoAnswer() throws Exception {
    try (ApiHarness harness = ApiHarness.open()) {
      harness.executor.shut();
      CompletableFuture<HttpResponse<String>> whole = harness.postAsync(LONG + "}");
      CompletableFuture<HttpResponse<String>> streamed =
          harness.postAsync(LONG + ",'stream':true}");
      harness.awaitLive(2);

      assertThat(harness.api.drain(Duration.ZERO).cutOffRequestIds()).hasSize(2);
      assertCutOff(ApiHarness.join(whole), ApiHarness.join(streamed), 503,
          "service_unavailable");
    }
  }

  @Test void whatADyingDeviceCutsOffIsNoAnswer() {
    try (ApiHarness harness = ApiHarness.open()) {
      CompletableFuture<HttpResponse<String>> whole = harness.postAsync(LONG + "}");
      CompletableFuture<HttpResponse<String>> streamed =
          harness.postAsync(LONG + ",'stream':true}");
      ApiHarness.await("both rows", () -> harness.engine.stats().numRunning() == 2);
      harness.executor.die();

      assertCutOff(ApiHarness.join(whole), ApiHarness.join(streamed), 500, "generation_failed");
      assertThat(harness.get("/health").statusCode()).isEqualTo(503);
      assertThat(harness.post(shortRequest(1)).statusCode()).isEqualTo(503);
    }
  }

  @Test void whatTakesTooLongIsNoAnswer() {
    Duration timeout = Duration.ofMillis(100);
    try (ApiHarness harness = ApiHarness.withTimeout(timeout)) {
      harness.executor.shut();
      CompletableFuture<HttpResponse<String>> whole = harness.postAsync(LONG + "}");
      CompletableFuture<HttpResponse<String>> streamed =
          harness.postAsync(LONG + ",'stream':true}");
      harness.awaitLive(2);
      long lateNanos = harness.engine.nowNanos() + timeout.toNanos();
      ApiHarness.await("the deadlines", () -> harness.engine.nowNanos() >= lateNanos);
      harness.executor.open();

      assertCutOff(ApiHarness.join(whole), ApiHarness.join(streamed), 503, "deadline_exceeded");
    }
  }

  private static void assertCutOff(HttpResponse<String> whole, HttpResponse<String> streamed,
      int status, String code) {
    assertThat(whole.statusCode()).as(whole.body()).isEqualTo(status);
    assertThat(ApiHarness.json(whole.body()).at("/error/code").textValue()).isEqualTo(code);
    List<JsonNode> events = ApiHarness.events(streamed.body());
    assertThat(events.get(events.size() - 1).at("/error/code").textValue()).isEqualTo(code);
    assertThat(streamed.body()).doesNotContain("[DONE]");
    assertThat(ApiHarness.events(streamed.body()).stream()
        .filter(event -> event.has("choices"))
        .map(event -> event.at("/choices/0/finish_reason")))
        .allMatch(JsonNode::isNull);
  }

  /** Statistics follow the ends at the end of a round. */
  private static void awaitFinished(ApiHarness harness, FinishReason reason, int numSamples) {
    ApiHarness.await(numSamples + " times " + reason,
        () -> harness.engine.stats().numFinished(reason) == numSamples);
  }
}
