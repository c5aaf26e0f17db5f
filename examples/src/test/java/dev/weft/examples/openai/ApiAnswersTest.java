package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.gpuexecutor.SoloDecoder;
import dev.weft.gpuexecutor.SoloOutput;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceSeed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Answers are those that the model gives alone, in the forms that were asked for. */
class ApiAnswersTest {
  private static final String PROMPT = "It is a truth universally acknowledged";
  private static final String ASKED = "'prompt':'" + PROMPT + "',";
  private static ApiHarness harness;
  private static SoloDecoder alone;

  @BeforeAll static void open() {
    harness = ApiHarness.open();
    alone = SoloDecoder.singleThreaded(TestModel.WEIGHTS);
  }

  @AfterAll static void close() {
    harness.close();
    alone.close();
  }

  @Test void anAnswerHasTheFormOfTheApi() {
    JsonNode answer = harness.complete(ASKED + "'temperature':0,'max_tokens':12");
    JsonNode choice = answer.at("/choices/0");

    assertThat(answer.get("id").textValue()).startsWith("cmpl-");
    assertThat(answer.get("object").textValue()).isEqualTo("text_completion");
    assertThat(answer.get("model").textValue()).isEqualTo("target");
    assertThat(answer.get("created").isIntegralNumber()).isTrue();
    assertThat(answer.get("choices")).hasSize(1);
    assertThat(choice.get("index").intValue()).isZero();
    assertThat(choice.get("text").textValue()).isEqualTo(text(greedy(12)));
    assertThat(choice.get("logprobs").isNull()).isTrue();
    assertThat(choice.get("finish_reason").textValue()).isEqualTo("length");
  }

  @Test void aStreamHasTheSameTextInPieces() {
    List<JsonNode> events = harness.stream(ASKED + "'temperature':0,'max_tokens':12");

    assertThat(ApiHarness.text(events, 0)).isEqualTo(text(greedy(12)));
    assertThat(events).hasSizeBetween(2, 12);
    JsonNode last = events.remove(events.size() - 1);
    assertThat(last.at("/choices/0/finish_reason").textValue()).isEqualTo("length");
    assertThat(last.has("usage")).isFalse();
    assertThat(events).allSatisfy(event -> {
      assertThat(event.get("id")).isEqualTo(last.get("id"));
      assertThat(event.has("usage")).isFalse();
      assertThat(event.at("/choices/0/finish_reason").isNull()).isTrue();
    });
  }

  @Test void aStreamEndsWithUsageWhenItIsAskedFor() {
    List<JsonNode> events = harness.stream(
        ASKED + "'max_tokens':5,'stream_options':{'include_usage':true}");
    JsonNode last = events.remove(events.size() - 1);

    assertThat(last.get("choices")).isEmpty();
    assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(5);
    assertThat(last.at("/usage/prompt_tokens").intValue()).isEqualTo(prompt().length);
    assertThat(events).allMatch(event -> event.get("usage").isNull());
  }

  @Test void aSeedGivesTheSameSamplesAgain() {
    String fields = ASKED + "'seed':77,'n':3,'max_tokens':10";
    JsonNode first = harness.complete(fields);
    List<JsonNode> streamed = harness.stream(fields);

    for (int i = 0; i < 3; i++) {
      SoloOutput expected = alone.decode(
          prompt(), sampling().temperature(1).maxNewTokens(10).build(),
          SequenceSeed.ofSample(77, i));
      JsonNode choice = first.at("/choices/" + i);
      assertThat(choice.get("index").intValue()).isEqualTo(i);
      assertThat(choice.get("text").textValue()).isEqualTo(text(expected));
      assertThat(ApiHarness.text(streamed, i)).isEqualTo(text(expected));
    }
    assertThat(first.at("/choices/0/text")).isNotEqualTo(first.at("/choices/1/text"));
  }

  @Test void severalPromptsAreAnsweredInOrder() {
    JsonNode answer = harness.complete(
        "'prompt':['" + PROMPT + "','She was'],'n':2,'seed':5,'max_tokens':6");
    SamplingParameters sampling = sampling().temperature(1).maxNewTokens(6).build();
    int[] second = TestModel.MODEL.tokenizer().encode("She was");

    assertThat(answer.get("choices")).hasSize(4);
    for (int i = 0; i < 4; i++) {
      int[] prompt = i < 2 ? prompt() : second;
      assertThat(answer.at("/choices/" + i + "/text").textValue()).isEqualTo(
          text(alone.decode(prompt, sampling, SequenceSeed.ofSample(5, i % 2))));
    }
    assertThat(answer.at("/usage/prompt_tokens").intValue())
        .isEqualTo(prompt().length + second.length);
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(24);
    assertThat(answer.at("/usage/total_tokens").intValue())
        .isEqualTo(24 + prompt().length + second.length);
  }

  @Test void logprobsAreThoseOfTheSoloDecoder() {
    String fields = ASKED + "'temperature':0,'max_tokens':8,'logprobs':3";
    SoloOutput expected =
        alone.decode(prompt(), sampling().maxNewTokens(8).numLogprobs(3).build(), 0);

    assertLogprobs(harness.complete(fields).at("/choices/0/logprobs"), expected);
    List<JsonNode> events = harness.stream(fields);
    var joined = ApiHarness.JSON.createObjectNode();
    for (String name : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
      var all = joined.putArray(name);
      events.forEach(event -> event.at("/choices/0/logprobs/" + name).forEach(all::add));
    }
    assertLogprobs(joined, expected);
  }

  private static void assertLogprobs(JsonNode logprobs, SoloOutput expected) {
    TokenNames names = TestModel.MODEL.names();
    int offset = 0;
    assertThat(logprobs.get("tokens")).hasSize(8);
    for (int i = 0; i < 8; i++) {
      String name = names.of(expected.tokens()[i]);
      assertThat(logprobs.at("/tokens/" + i).textValue()).isEqualTo(name);
      assertThat(logprobs.at("/token_logprobs/" + i).floatValue()).isEqualTo(expected.logprob(i));
      assertThat(logprobs.at("/text_offset/" + i).intValue()).isEqualTo(offset);
      assertThat(logprobs.at("/top_logprobs/" + i)).hasSize(3);
      for (int rank = 0; rank < 3; rank++) {
        assertThat(logprobs.at("/top_logprobs/" + i)
            .get(names.of(expected.topToken(i, rank))).floatValue())
            .isEqualTo(expected.topLogprob(i, rank));
      }
      offset += name.codePointCount(0, name.length());
    }
  }

  @Test void zeroLogprobsAreThoseOfTheChosenTokens() {
    JsonNode logprobs = harness.complete(
        ASKED + "'seed':3,'max_tokens':4,'logprobs':0").at("/choices/0/logprobs");

    for (int i = 0; i < 4; i++) {
      assertThat(logprobs.at("/top_logprobs/" + i)).containsExactly(
          logprobs.at("/token_logprobs/" + i));
    }
  }

  @Test void aStopStringEndsTheTextBeforeIt() {
    SoloOutput whole = greedy(24);
    String text = text(whole);
    // From the second character of a token to the first of the one behind the next.
    int numBefore = 4;
    while (text.indexOf(stop(whole, numBefore)) != text(whole, numBefore).length() + 1) {
      numBefore++;
    }
    int begin = text(whole, numBefore).length() + 1;
    String stop = stop(whole, numBefore);
    String fields = ASKED + "'temperature':0,'max_tokens':24,'logprobs':0,'stop':['"
        + stop + "','no such text']";

    JsonNode answer = harness.complete(fields);
    List<JsonNode> events = harness.stream(fields);

    assertThat(answer.at("/choices/0/text").textValue()).isEqualTo(text.substring(0, begin));
    assertThat(answer.at("/choices/0/finish_reason").textValue()).isEqualTo("stop");
    assertThat(answer.at("/choices/0/logprobs/tokens")).as("tokens with text in it")
        .hasSize(numBefore + 1);
    assertThat(answer.at("/usage/completion_tokens").intValue()).as("tokens made")
        .isEqualTo(numBefore + 3);
    assertThat(ApiHarness.text(events, 0)).isEqualTo(text.substring(0, begin));
  }

  private static String stop(SoloOutput whole, int numBefore) {
    return text(whole).substring(
        text(whole, numBefore).length() + 1, text(whole, numBefore + 2).length() + 1);
  }

  @Test void theTokenThatEndsATextEndsTheAnswer() {
    String fields = ASKED + "'logit_bias':{'2':100},'logprobs':1";
    JsonNode answer = harness.complete(fields);

    assertThat(answer.at("/choices/0/text").textValue()).isEmpty();
    assertThat(answer.at("/choices/0/finish_reason").textValue()).isEqualTo("stop");
    assertThat(answer.at("/choices/0/logprobs/tokens/0").textValue()).isEqualTo("</s>");
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(1);
    assertThat(harness.stream(fields)).hasSize(1);
  }

  @Test void charactersAreWholeInAStream() {
    // Only the bytes of a character of three bytes can be chosen: text of any order of them.
    int[] bytes = TestModel.MODEL.tokenizer().encode("€");
    String fields = ASKED + "'seed':8,'max_tokens':40,'logit_bias':{'" + bytes[1] + "':100,'"
        + bytes[2] + "':100,'" + bytes[3] + "':100}";
    JsonNode answer = harness.complete(fields);
    List<JsonNode> events = harness.stream(fields);

    assertThat(ApiHarness.text(events, 0)).isEqualTo(answer.at("/choices/0/text").textValue());
    assertThat(ApiHarness.text(events, 0)).contains("\uFFFD");
  }

  @Test void penaltiesAndFiltersReachTheModel() {
    SamplingParameters sampling = sampling().temperature(0.7f).topP(0.9f).presencePenalty(1)
        .frequencyPenalty(0.5f).maxNewTokens(20).build();
    JsonNode answer = harness.complete(ASKED + "'temperature':0.7,'top_p':0.9,"
        + "'presence_penalty':1,'frequency_penalty':0.5,'max_tokens':20,'seed':4");

    assertThat(answer.at("/choices/0/text").textValue())
        .isEqualTo(text(alone.decode(prompt(), sampling, 4)));
  }

  @Test void aPromptThatComesAgainIsFoundInTheCache() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      ids.add(String.valueOf(100 + i));
    }
    String fields = "'prompt':[" + String.join(",", ids) + "],'max_tokens':3,'temperature':0";
    JsonNode first = harness.complete(fields);
    JsonNode again = harness.complete(fields);

    assertThat(cachedTokens(first)).isZero();
    assertThat(cachedTokens(again)).as("two whole blocks of 16").isEqualTo(32);
    assertThat(again.at("/choices")).isEqualTo(first.at("/choices"));
  }

  private static int cachedTokens(JsonNode answer) {
    return answer.at("/usage/prompt_tokens_details/cached_tokens").intValue();
  }

  private static SoloOutput greedy(int maxTokens) {
    return alone.decode(prompt(), sampling().maxNewTokens(maxTokens).build(), 0);
  }

  private static SamplingParameters.Builder sampling() {
    return TestModel.MODEL.sampling();
  }

  private static int[] prompt() {
    return TestModel.MODEL.tokenizer().encode(PROMPT);
  }

  private static String text(SoloOutput output) {
    return text(output, output.numTokens());
  }

  private static String text(SoloOutput output, int numTokens) {
    return TestModel.MODEL.tokenizer().decode(
        Arrays.copyOf(output.tokens(), numTokens));
  }
}
