package dev.weft.examples.openai;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads and checks the body of {@code POST /v1/completions}. Nothing in it is passed over in
 * silence: what this server does not do is refused.
 */
final class CompletionParser {
  static final int MAX_NUM_CHOICES = 128;
  private static final int DEFAULT_MAX_TOKENS = 16;
  private static final int MAX_NUM_LOGPROBS = 5;
  private static final int MAX_NUM_STOPS = 4;
  private static final int MAX_STOP_LENGTH = 256;
  private static final int MAX_USER_LENGTH = 256;
  private static final Set<String> FIELDS = Set.of("model", "prompt", "best_of", "echo",
      "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "n", "presence_penalty", "seed",
      "stop", "stream", "stream_options", "suffix", "temperature", "top_p", "user");
  private static final ObjectMapper MAPPER = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();

  private final ServedModel model;

  CompletionParser(ServedModel model) {
    this.model = model;
  }

  /** @param body UTF-8 */
  CompletionRequest parse(byte[] body) throws ApiException {
    JsonFields fields = new JsonFields(object(body), "", FIELDS);
    checkModel(fields);
    List<int[]> prompts = new PromptParser(model, fields).prompts();
    int n = fields.integer("n", 1, 1, MAX_NUM_CHOICES);
    if (prompts.size() * n > MAX_NUM_CHOICES) {
      throw fields.bad("n", "n is " + n + " for each of " + prompts.size()
          + " prompts, at most " + MAX_NUM_CHOICES + " answers are given at once");
    }
    refuseWhatIsNotDone(fields, n);
    boolean streams = fields.flag("stream", false);
    String user = fields.text("user", MAX_USER_LENGTH);
    return new CompletionRequest(prompts, sampling(fields, prompts, n), stops(fields), streams,
        includesUsage(fields, streams), user == null ? "" : user);
  }

  private static ObjectNode object(byte[] body) throws ApiException {
    try {
      JsonNode root = MAPPER.readTree(body);
      if (root instanceof ObjectNode object) {
        return object;
      }
      throw new ApiException(ApiError.badRequest(null, "the body is not a JSON object"));
    } catch (JacksonException e) {
      throw new ApiException(ApiError.badRequest(
          null, "the body is not valid JSON: " + e.getOriginalMessage()));
    } catch (IOException e) {
      throw new AssertionError("an array cannot fail", e);
    }
  }

  private void checkModel(JsonFields fields) throws ApiException {
    String name = fields.text("model", Integer.MAX_VALUE);
    if (name == null) {
      throw fields.bad("model", "model is missing");
    }
    if (!name.equals(model.name())) {
      throw new ApiException(ApiError.unknownModel(name));
    }
  }

  private static void refuseWhatIsNotDone(JsonFields fields, int n) throws ApiException {
    if (fields.flag("echo", false)) {
      throw fields.bad("echo", "echo is true, but this server does not repeat prompts");
    }
    JsonNode suffix = fields.get("suffix");
    if (suffix != null) {
      throw fields.wrong("suffix", suffix, "left out: this server only continues");
    }
    JsonNode bestOf = fields.get("best_of");
    if (bestOf != null && fields.integer("best_of", n, 1, MAX_NUM_CHOICES) != n) {
      throw fields.wrong("best_of", bestOf, n + ", as n is: this server makes no choice");
    }
  }

  private SamplingParameters sampling(JsonFields fields, List<int[]> prompts, int n)
      throws ApiException {
    int maxTokens = fields.integer("max_tokens", DEFAULT_MAX_TOKENS, 1, Integer.MAX_VALUE);
    for (int[] prompt : prompts) {
      if ((long) prompt.length + maxTokens > model.maxModelLen()) {
        throw new ApiException(ApiError.contextTooLong("this model takes " + model.maxModelLen()
            + " tokens at most, but the prompt has " + prompt.length + " and max_tokens is "
            + maxTokens));
      }
    }
    SamplingParameters.Builder sampling = model.sampling()
        .maxNewTokens(maxTokens)
        .temperature(fields.number("temperature", 1, 0, 2))
        .topP(fields.number("top_p", 1, Float.MIN_VALUE, 1))
        .presencePenalty(fields.number("presence_penalty", 0, -2, 2))
        .frequencyPenalty(fields.number("frequency_penalty", 0, -2, 2))
        .logitBias(logitBias(fields))
        .numLogprobs(fields.integer(
            "logprobs", SamplingParameters.NO_LOGPROBS, 0, MAX_NUM_LOGPROBS))
        .numSamples(n);
    Long seed = fields.longInteger("seed");
    return (seed == null ? sampling : sampling.seed(seed)).build();
  }

  private Map<Integer, Float> logitBias(JsonFields fields) throws ApiException {
    JsonNode value = fields.get("logit_bias");
    if (value == null) {
      return Map.of();
    }
    if (!value.isObject() || value.size() > SamplingParameters.MAX_NUM_BIASED_TOKENS) {
      throw fields.wrong("logit_bias", value, "an object of at most "
          + SamplingParameters.MAX_NUM_BIASED_TOKENS + " token ids with biases");
    }
    Map<Integer, Float> biases = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : value.properties()) {
      int token = tokenId(entry.getKey());
      if (token < 0) {
        throw fields.bad("logit_bias", "logit_bias has the token id " + entry.getKey()
            + ", ids are 0 to " + (model.vocabularySize() - 1));
      }
      biases.put(token, fields.number("logit_bias", entry.getValue(), -100, 100));
    }
    return biases;
  }

  /** -1 when it is none. */
  private int tokenId(String text) {
    boolean isNumber = text.length() <= 9 && text.matches("[0-9]+");
    int token = isNumber ? Integer.parseInt(text) : -1;
    return token < model.vocabularySize() ? token : -1;
  }

  private static List<String> stops(JsonFields fields) throws ApiException {
    JsonNode value = fields.get("stop");
    List<String> stops = new ArrayList<>();
    if (value == null) {
      return stops;
    }
    for (JsonNode stop : value.isArray() ? value : List.of(value)) {
      if (!isStop(stop)) {
        throw fields.wrong("stop", stop, "a string of 1 to " + MAX_STOP_LENGTH
            + " characters, or an array of such");
      }
      stops.add(stop.textValue());
    }
    if (stops.size() > MAX_NUM_STOPS) {
      throw fields.bad("stop", "stop has " + stops.size() + " strings, at most " + MAX_NUM_STOPS
          + " are possible");
    }
    return stops;
  }

  private static boolean isStop(JsonNode value) {
    return value.isTextual() && !value.textValue().isEmpty()
        && value.textValue().length() <= MAX_STOP_LENGTH
        && PromptParser.isWellFormed(value.textValue());
  }

  private static boolean includesUsage(JsonFields fields, boolean streams) throws ApiException {
    @Nullable JsonNode value = fields.get("stream_options");
    if (value == null) {
      return false;
    }
    if (!streams || !(value instanceof ObjectNode object)) {
      throw fields.wrong("stream_options", value, "an object, and only with stream");
    }
    JsonFields options = new JsonFields(
        object, "stream_options.", Set.of("include_usage", "include_obfuscation"));
    options.flag("include_obfuscation", false); // Padding against eavesdroppers: not needed here.
    return options.flag("include_usage", false);
  }
}
