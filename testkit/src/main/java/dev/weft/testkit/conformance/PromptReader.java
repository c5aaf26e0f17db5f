package dev.weft.testkit.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Expands the prompts of a scenario, whose segments may be parts of other requests. */
final class PromptReader {
  static final int MAX_NUM_TOKENS = 1 << 24;
  private final int vocabularySize;
  private final Map<String, JsonField> byId = new HashMap<>();
  private final Map<String, int[]> expanded = new HashMap<>();
  /** Those being expanded, outermost first. */
  private final Set<String> open = new LinkedHashSet<>();

  /** @param requests of the scenario; every id must be another one */
  PromptReader(int vocabularySize, List<JsonField> requests) {
    this.vocabularySize = vocabularySize;
    for (JsonField request : requests) {
      String id = request.at("id").text();
      if (byId.put(id, request) != null) {
        throw request.at("id").wrong("an id that no other request has");
      }
    }
  }

  int[] prompt(String id) {
    int[] known = expanded.get(id);
    if (known != null) {
      return known;
    }
    JsonField segments = request(id).at("prompt");
    if (!open.add(id)) {
      throw segments.wrong("free of circles; this one leads through " + open);
    }
    Tokens tokens = new Tokens(segments);
    for (JsonField segment : segments.elements()) {
      expand(segment, tokens);
    }
    if (tokens.size == 0) {
      throw segments.wrong("one token or more");
    }
    open.remove(id);
    int[] prompt = tokens.toArray();
    expanded.put(id, prompt);
    return prompt;
  }

  private JsonField request(String id) {
    JsonField request = byId.get(id);
    if (request == null) {
      throw new ScenarioFormatException("no request has the id \"" + id + "\"");
    }
    return request;
  }

  private void expand(JsonField segment, Tokens tokens) {
    JsonField length = segment.at("len");
    if (segment.at("seed").isPresent()) {
      long seed = segment.at("seed").whole();
      int offset = segment.at("offset").wholeOr(0, 0, Integer.MAX_VALUE);
      int count = length.whole(0, MAX_NUM_TOKENS);
      for (int j = 0; j < count; j++) {
        tokens.add(ScenarioRequest.token(seed, (long) offset + j, vocabularySize));
      }
    } else if (segment.at("tokens").isPresent()) {
      for (JsonField token : segment.at("tokens").elements()) {
        tokens.add(token.whole(0, MAX_NUM_TOKENS - 1));
      }
    } else if (segment.at("prompt_of").isPresent()) {
      int[] other = prompt(known(segment.at("prompt_of")));
      int count = Math.min(other.length, length.wholeOr(other.length, 0, MAX_NUM_TOKENS));
      for (int j = 0; j < count; j++) {
        tokens.add(other[j]);
      }
    } else if (segment.at("output_of").isPresent()) {
      expandOutput(known(segment.at("output_of")), length, tokens);
    } else {
      throw segment.wrong("an object with seed, tokens, prompt_of or output_of");
    }
  }

  private String known(JsonField id) {
    if (!byId.containsKey(id.text())) {
      throw id.wrong("the id of a request");
    }
    return id.text();
  }

  private void expandOutput(String id, JsonField length, Tokens tokens) {
    JsonField request = request(id);
    int promptLength = prompt(id).length;
    long seed = request.at("seed").whole();
    int eosAt = request.at("eos_at").wholeOr(0, 0, Integer.MAX_VALUE);
    int count = length.isPresent()
        ? length.whole(0, MAX_NUM_TOKENS) : request.at("max_tokens").whole(0, MAX_NUM_TOKENS);
    for (int j = 0; j < count; j++) {
      tokens.add(ScenarioRequest.output(seed, promptLength, j, eosAt, vocabularySize));
    }
  }

  /** Ranks ids as texts, code point by code point. */
  Map<String, Long> ranks() {
    List<String> ids = new ArrayList<>(byId.keySet());
    ids.sort(PromptReader::compareCodePoints);
    Map<String, Long> ranks = new HashMap<>();
    ids.forEach(id -> ranks.put(id, (long) ranks.size()));
    return ranks;
  }

  /** Unlike {@link String#compareTo}, which compares the halves of surrogate pairs. */
  static int compareCodePoints(String a, String b) {
    return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
  }

  /** Tokens that grow, up to a bound. */
  private static final class Tokens {
    private final JsonField place;
    private int[] tokens = new int[64];
    private int size;

    private Tokens(JsonField place) {
      this.place = place;
    }

    private void add(int token) {
      if (size == MAX_NUM_TOKENS) {
        throw place.wrong("at most " + MAX_NUM_TOKENS + " tokens");
      }
      if (size == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * size);
      }
      tokens[size++] = token;
    }

    private int[] toArray() {
      return Arrays.copyOf(tokens, size);
    }
  }
}
