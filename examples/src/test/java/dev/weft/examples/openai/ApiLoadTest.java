package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.examples.ModelFolder;
import dev.weft.gpuexecutor.SoloDecoder;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * 256 connections at once, streaming and not. Every answer is compared with the same request
 * computed alone, so a lost, cut off or mixed-up stream is seen.
 */
class ApiLoadTest {
  private static final int NUM_CONNECTIONS = 256;
  private static final int NUM_ROUNDS = 3;
  private static final int NUM_REQUESTS = 64;

  @Test void everyStreamIsTheOneThatWasAskedFor() throws IOException {
    long startNanos = System.nanoTime();
    List<LoadRequest> requests = requests();
    say(startNanos, NUM_REQUESTS + " requests computed alone");
    Set<String> ids = new HashSet<>();
    try (ApiHarness harness = ApiHarness.open()) {
      for (int round = 0; round < NUM_ROUNDS; round++) {
        harness.executor.shut(); // Until all of them are connected and accepted.
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < NUM_CONNECTIONS; i++) {
          answers.add(harness.postAsItIs(request(requests, round, i).body(streams(round, i))));
        }
        ApiHarness.await("all requests to live", () ->
            harness.engine.numLiveRequests() == NUM_CONNECTIONS
                || answers.stream().anyMatch(CompletableFuture::isDone));
        answers.stream().filter(CompletableFuture::isDone).forEach(early ->
            assertThat(early.join().body()).as("an answer though the gate is shut").isNull());
        harness.executor.open();
        for (int i = 0; i < NUM_CONNECTIONS; i++) {
          String id = check(ApiHarness.join(answers.get(i)), request(requests, round, i),
              streams(round, i));
          assertThat(ids.add(id)).as("%s is a new id", id).isTrue();
        }
        say(startNanos, "round " + (round + 1) + " of " + NUM_ROUNDS + ": " + NUM_CONNECTIONS
            + " answers are as computed alone");
      }
      harness.awaitLive(0);
      ApiHarness.await("the blocks", () -> harness.engine.stats().kvUsage() == 0);
    }
  }

  private static List<LoadRequest> requests() throws IOException {
    List<LoadRequest> requests = new ArrayList<>();
    JsonNode prompts = ApiHarness.JSON.readTree(ModelFolder.nearest().root()
        .resolve("reference/heldout_prompts.json").toFile()).get("prompts");
    try (SoloDecoder alone = SoloDecoder.singleThreaded(TestModel.WEIGHTS)) {
      for (int i = 0; i < NUM_REQUESTS; i++) {
        requests.add(new LoadRequest(i, prompts.get(i).get("text").textValue(), alone));
      }
    }
    return requests;
  }

  /** Each request comes four times in a round, beside others in every round. */
  private static LoadRequest request(List<LoadRequest> requests, int round, int connection) {
    return requests.get((connection * (2 * round + 1) + round) % NUM_REQUESTS);
  }

  private static boolean streams(int round, int connection) {
    return (connection / NUM_REQUESTS + round) % 4 != 0;
  }

  /** Compares an answer with what it must be, and gives back its id. */
  private static String check(
      HttpResponse<String> response, LoadRequest request, boolean isStream) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    List<JsonNode> events = isStream ? ApiHarness.events(response.body())
        : List.of(ApiHarness.json(response.body()));
    assertThat(response.body().endsWith("data: [DONE]\n\n")).isEqualTo(isStream);
    assertThat(response.body().split("data: .DONE.", -1)).hasSize(isStream ? 2 : 1);
    JsonNode last = events.get(events.size() - 1);
    int numTokens = 0;
    for (int i = 0; i < request.expected().size(); i++) {
      LoadRequest.Expected expected = request.expected().get(i);
      assertThat(ApiHarness.text(events, i)).isEqualTo(expected.text());
      assertThat(finishReasons(events, i)).containsExactly(expected.finishReason());
      numTokens += expected.numTokens();
    }
    assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(numTokens);
    assertThat(last.at("/usage/prompt_tokens").intValue()).isEqualTo(request.numPromptTokens());
    assertThat(events).allMatch(event -> event.get("id").equals(last.get("id")));
    return last.get("id").textValue();
  }

  private static List<String> finishReasons(List<JsonNode> events, int index) {
    List<String> reasons = new ArrayList<>();
    for (JsonNode event : events) {
      for (JsonNode choice : event.get("choices")) {
        if (choice.get("index").intValue() == index && !choice.get("finish_reason").isNull()) {
          reasons.add(choice.get("finish_reason").textValue());
        }
      }
    }
    return reasons;
  }

  private static void say(long startNanos, String what) {
    System.out.printf("[%5.1f s] %s%n", (System.nanoTime() - startNanos) / 1e9, what);
  }
}
