package dev.weft.examples.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.engine.TokenLogprobs;
import dev.weft.engine.WeftEngine;
import dev.weft.examples.openai.Choice.PlacedLogprobs;
import dev.weft.schedulerapi.FinishReason;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The JSON objects of the API. */
final class ApiJson {
  private static final JsonMapper MAPPER = new JsonMapper();
  /** For probabilities of zero, which JSON cannot say otherwise. */
  private static final float MIN_LOGPROB = -9999;

  private ApiJson() {}

  /** UTF-8, with a question mark for half a surrogate pair, which only a client can bring in. */
  static byte[] bytes(JsonNode json) {
    try {
      return MAPPER.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree can be written", e);
    }
  }

  static ObjectNode error(ApiError error) {
    ObjectNode json = MAPPER.createObjectNode();
    json.putObject("error")
        .put("message", error.message())
        .put("type", error.type())
        .put("param", error.param())
        .put("code", error.code());
    return json;
  }

  static ObjectNode model(String name, long createdSeconds) {
    return MAPPER.createObjectNode()
        .put("id", name)
        .put("object", "model")
        .put("created", createdSeconds)
        .put("owned_by", "weft");
  }

  static ObjectNode models(List<ObjectNode> models) {
    ObjectNode json = MAPPER.createObjectNode().put("object", "list");
    json.putArray("data").addAll(models);
    return json;
  }

  static ObjectNode health(WeftEngine engine) {
    return MAPPER.createObjectNode()
        .put("status", engine.health().state().name())
        .put("message", engine.health().message())
        .put("live_requests", engine.numLiveRequests());
  }

  /**
   * Answers, or parts of them.
   *
   * @param id             the same for all parts
   * @param createdSeconds Unix time, the same for all parts
   */
  static ObjectNode completion(
      String id, long createdSeconds, ServedModel model, Collection<Choice.Piece> pieces) {
    ObjectNode json = MAPPER.createObjectNode()
        .put("id", id)
        .put("object", "text_completion")
        .put("created", createdSeconds)
        .put("model", model.name());
    ArrayNode choices = json.putArray("choices");
    pieces.forEach(piece -> choices.add(choice(piece, model.names())));
    return json;
  }

  private static ObjectNode choice(Choice.Piece piece, TokenNames names) {
    ObjectNode json = MAPPER.createObjectNode()
        .put("index", piece.index())
        .put("text", piece.text());
    json.set("logprobs", piece.logprobs() == null ? null : logprobs(piece.logprobs(), names));
    return json.put("finish_reason", finishReason(piece.reason()));
  }

  private static @Nullable String finishReason(@Nullable FinishReason reason) {
    if (reason == null) {
      return null;
    }
    return switch (reason) {
      case STOP -> "stop";
      case LENGTH -> "length";
      default -> throw new IllegalArgumentException(reason + " is not the end of an answer");
    };
  }

  private static ObjectNode logprobs(List<PlacedLogprobs> all, TokenNames names) {
    ObjectNode json = MAPPER.createObjectNode();
    ArrayNode tokens = json.putArray("tokens");
    ArrayNode logprobs = json.putArray("token_logprobs");
    ArrayNode tops = json.putArray("top_logprobs");
    ArrayNode offsets = json.putArray("text_offset");
    for (PlacedLogprobs placed : all) {
      TokenLogprobs at = placed.logprobs();
      tokens.add(names.of(at.token()));
      logprobs.add(writable(at.logprob()));
      ObjectNode top = tops.addObject();
      for (int rank = 0; rank < at.numTop(); rank++) {
        top.put(names.of(at.topToken(rank)), writable(at.topLogprob(rank)));
      }
      top.put(names.of(at.token()), writable(at.logprob()));
      offsets.add(placed.offset());
    }
    return json;
  }

  private static float writable(float logprob) {
    return Math.max(MIN_LOGPROB, logprob);
  }

  static ObjectNode usage(Completion.Usage usage) {
    ObjectNode json = MAPPER.createObjectNode()
        .put("prompt_tokens", usage.numPromptTokens())
        .put("completion_tokens", usage.numOutputTokens())
        .put("total_tokens", usage.numPromptTokens() + usage.numOutputTokens());
    json.putObject("prompt_tokens_details").put("cached_tokens", usage.numCachedTokens());
    return json;
  }
}
